"""The queue of failed records of a tenant: what is parked or in doubt, why, and what was tried."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines.services.installation import Installation
from udsync_pipelines.store.repositories import failed_records
from udsync_pipelines.store.repositories.failed_records import (
    Attempt,
    Choice,
    FailedRecord,
    Waiting,
)
from udsync_pipelines.store.repositories.tenants import Tenant
from udsync_pipelines.sync.entities import LANES, PARENTS

SHOWN_ATTEMPTS = 20
SHOWN_WAITING = 20
_MOST_PLATFORMS = 20
LONGEST_ID = 300
ENTITIES = tuple(entity.value for lane in LANES for entity in lane.entities)
"""What can fail."""

IN_DOUBT = "outcome_unknown"
NAMES = {"quickbooks": "QuickBooks", "supabase": "Supabase"}


@dataclass(frozen=True, slots=True)
class Failures:
    """Some failed records, oldest first, and how many there are in all."""

    records: Sequence[FailedRecord]
    total: int


@dataclass(frozen=True, slots=True)
class RecordHistory:
    """One record: how it fails now (per platform), what was tried, newest first, what waits."""

    name: str
    failures: Sequence[FailedRecord]
    attempts: Sequence[Attempt]
    waiting: Sequence[Waiting]


def parse_record(text: str) -> Choice:
    """The record that `ENTITY/ID` names.

    Raises:
        ConfigurationError: code `usage`; it is not written so, or nothing of that kind is synced.
    """
    entity, slash, source_id = text.partition("/")
    if not slash or not source_id or len(source_id) > LONGEST_ID or not text.isprintable():
        raise _misnamed(text, "is not written ENTITY/ID", "Write it as in order/77.")
    if entity not in ENTITIES:
        raise _misnamed(
            text, "names no entity that is synced", f"Use one of: {', '.join(ENTITIES)}."
        )
    return Choice(entity, source_id)


def failures_of(installation: Installation, tenant: Tenant, choice: Choice, limit: int) -> Failures:
    """The failed records that are chosen; at most so many, oldest first."""
    with installation.state.tenant(tenant.id) as connection:
        found = failed_records.failed(connection, tenant.id, choice, limit)
        total = failed_records.count(connection, tenant.id, choice)
    return Failures([_explained(one) for one in found], total)


def lanes_of(installation: Installation, tenant: Tenant, choice: Choice) -> Sequence[str]:
    """The lanes whose syncs try the chosen records again, in the order in which they run."""
    with installation.state.tenant(tenant.id) as connection:
        found = failed_records.lanes(connection, tenant.id, choice)
    return [lane.name for lane in LANES if lane.name in found]


def history_of(installation: Installation, tenant: Tenant, choice: Choice) -> RecordHistory:
    """What is known of one record.

    Raises:
        ConfigurationError: it neither fails nor was ever written to the books.
    """
    entity, source_id = choice.entity or "", choice.source_id or ""
    parents = sorted({parent.value for parent in PARENTS.values()})
    with installation.state.tenant(tenant.id) as connection:
        found = failed_records.failed(connection, tenant.id, choice, _MOST_PLATFORMS)
        tried = failed_records.attempts(connection, tenant.id, entity, source_id, SHOWN_ATTEMPTS)
        waiting = failed_records.waiting_for(
            connection, tenant.id, entity, source_id, parents, SHOWN_WAITING
        )
    if choice.platform is not None:
        tried = [one for one in tried if one.platform == choice.platform]
        waiting = [one for one in waiting if one.platform == choice.platform]
    if not found and not tried:
        raise not_failed(tenant, choice)
    return RecordHistory(
        f"{entity}/{source_id}", [_explained(one) for one in found], tried, waiting
    )


def not_failed(tenant: Tenant, choice: Choice) -> ConfigurationError:
    """The error of a record that is named, but does not fail."""
    where = f" for {NAMES[choice.platform]}" if choice.platform else ""
    name = f"{choice.entity}/{choice.source_id}"
    return ConfigurationError(
        f"The record {name} of {tenant.name} is neither parked nor in doubt{where}.",
        code="record_not_failed",
        cure=f"`udsync failures list --tenant {tenant.name}` names those that are.",
    )


def _explained(record: FailedRecord) -> FailedRecord:
    """A write that nobody has parked, for the process that sent it died, has no sentence yet."""
    if record.reason is not None:
        return record
    platform = NAMES[record.platform]
    return replace(
        record,
        code=IN_DOUBT,
        reason=f"Its {record.role} was sent to {platform}, and the answer was lost.",
        cure=f"Nothing: the next sync looks for it in {platform} before it sends it again.",
    )


def _misnamed(text: str, problem: str, cure: str) -> ConfigurationError:
    shown = text if len(text) <= LONGEST_ID else f"{text[:20]}…"
    return ConfigurationError(f"{shown!r} {problem}.", code="usage", cure=cure)
