"""Webhook deliveries in the hands of runs: claimed when a run begins to read, done when it closes.

What a failed run had claimed is given back; the next run of the lane claims it again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.services.installation import Installation
from udsync_pipelines.store.repositories import books_events, connections, inbox_work
from udsync_pipelines.store.repositories.tenants import Tenant
from udsync_pipelines.store.tables.states import Platform

RUN_ENDED = "the run ended before it was finished"


def holder(run_id: str, lane: str) -> str:
    """The name under which a run claims the deliveries of one of its lanes."""
    return f"{run_id}/{lane}"


@dataclass(frozen=True, slots=True)
class Taken:
    """The deliveries that a run has of a lane, and the records of the store that they name."""

    deliveries: int = 0
    records: Mapping[Entity, Sequence[str]] = field(default_factory=lambda: MappingProxyType({}))


def work(installation: Installation) -> Sequence[inbox_work.LaneWork]:
    """The lanes of all tenants that a run should be started for, oldest first.

    What a company tells us of our own writes is put aside.
    """
    with installation.state.dispatch() as connection:
        found = inbox_work.lanes_with_work(connection)
    told = {one.tenant_id for one in found if one.platform is Platform.QUICKBOOKS}
    for tenant_id in told:
        with installation.state.tenant(tenant_id) as connection:
            books_events.put_aside(connection, tenant_id)
    if not told:
        return found
    with installation.state.dispatch() as connection:
        return inbox_work.lanes_with_work(connection)


def claim(installation: Installation, tenant: Tenant, run_id: str, lane: str) -> Taken:
    """Claim what waits for a lane; return all that this run has of it now."""
    with installation.state.tenant(tenant.id) as connection:
        found = inbox_work.claim(connection, tenant.id, lane, holder(run_id, lane))
        stores = connections.list_all(connection, tenant.id, Platform.WOOCOMMERCE)
    enabled = {store.id for store in stores if store.is_enabled}
    records: dict[Entity, list[str]] = {}
    for one in found:
        if one.connection_id in enabled:
            records.setdefault(Entity(one.entity), []).append(one.source_id)
    return Taken(sum(record.events for record in found), records)


def finish(installation: Installation, tenant: Tenant, run_id: str, lane: str) -> int:
    """What the run claimed of this lane is done; return how many deliveries."""
    with installation.state.tenant(tenant.id) as connection:
        return inbox_work.finish(connection, tenant.id, holder(run_id, lane))


def release_where(installation: Installation, is_over: Callable[[str], bool]) -> int:
    """Give back what runs claimed that are over, said by their id; return how many deliveries."""
    with installation.state.dispatch() as connection:
        held = inbox_work.claims(connection)
    released = 0
    for one in held:
        if is_over(one.run.partition("/")[0]):
            with installation.state.tenant(one.tenant_id) as connection:
                released += inbox_work.release(connection, one.tenant_id, one.run, RUN_ENDED)
    return released
