"""How long udsync keeps its own log and its inbox of webhooks.

What proves the books stays for ever: the archive, plans, writes with their receipts, bindings and
the record of approvals.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from udsync_pipelines.store.partitions import drop_month, months_before
from udsync_pipelines.store.repositories import inbox_retention, tenants
from udsync_pipelines.store.tenancy import StateDatabase


@dataclass(frozen=True, slots=True)
class Removed:
    """What was removed: months by the names of their tables, and rows.

    `unfinished` are months that stay because of deliveries that nobody has finished, `busy` those
    whose table was in use all the time: the next call removes them.
    """

    months: Sequence[str]
    unfinished: Sequence[str]
    busy: Sequence[str]
    keys: int
    quarantined: int


def remove_before(state: StateDatabase, first: date) -> Removed:
    """Remove what was logged and received before this day, the first of a month (UTC).

    Reading and writing go on beside it.

    Raises:
        PlatformUnavailableError: the database does not answer, or went away meanwhile.
    """
    before = datetime.combine(first, time(), UTC)
    with state.dispatch() as connection:
        in_use = inbox_retention.months_with_work(connection, before)
        quarantined = inbox_retention.forget_quarantined(connection, before)
    with state.upkeep() as connection:
        old = months_before(connection, first)
        unfinished = [one for one in old if one.table == "webhook_events" and one.first in in_use]
        dropped = {one.name: drop_month(connection, one) for one in old if one not in unfinished}
    return Removed(
        months=[name for name, is_gone in dropped.items() if is_gone],
        unfinished=[one.name for one in unfinished],
        busy=[name for name, is_gone in dropped.items() if not is_gone],
        keys=_forget_keys(state, before),
        quarantined=quarantined,
    )


def _forget_keys(state: StateDatabase, before: datetime) -> int:
    """In small steps, so that no transaction is long."""
    with state.dispatch() as connection:
        every = tenants.list_all(connection)
    return sum(_forget_keys_of(state, tenant, before) for tenant in every)


def _forget_keys_of(state: StateDatabase, tenant: tenants.Tenant, before: datetime) -> int:
    forgotten = 0
    while True:
        with state.tenant(tenant.id) as connection:
            some = inbox_retention.forget_some_keys(connection, tenant.id, before)
        if not some:
            return forgotten
        forgotten += some
