"""Schedules that tenants made: kept in a transaction of the tenant, found due for all at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines.store.tables.decisions import SyncSchedules
from udsync_pipelines.store.tables.states import Lane, ScheduleMode
from udsync_pipelines.store.tables.tenants import Tenants


@dataclass(frozen=True, slots=True)
class Schedule:
    """A tenant's schedule. `next_due_at` is the tick that has not run yet, UTC."""

    id: UUID
    tenant_id: UUID
    tenant: str
    name: str
    lane: Lane
    mode: ScheduleMode
    cron: str
    timezone: str
    is_enabled: bool
    next_due_at: datetime
    last_due_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewSchedule:
    """What a schedule is to do, and when; cron and zone were checked."""

    name: str
    lane: Lane
    mode: ScheduleMode
    cron: str
    timezone: str
    created_by: str


_SELECT = sa.select(
    SyncSchedules.id,
    SyncSchedules.tenant_id,
    Tenants.name.label("tenant"),
    SyncSchedules.name,
    SyncSchedules.lane,
    SyncSchedules.mode,
    SyncSchedules.cron,
    SyncSchedules.timezone,
    SyncSchedules.is_enabled,
    SyncSchedules.next_due_at,
    SyncSchedules.last_due_at,
).join(Tenants, Tenants.id == SyncSchedules.tenant_id)


def add(connection: sa.Connection, tenant_id: UUID, new: NewSchedule, due_at: datetime) -> None:
    """Store a schedule whose first tick is at `due_at`.

    Raises:
        ConfigurationError: the tenant has one of this name.
    """
    values = {name: getattr(new, name) for name in NewSchedule.__dataclass_fields__}
    statement = (
        insert(SyncSchedules)
        .values(tenant_id=tenant_id, next_due_at=due_at, **values)
        .on_conflict_do_nothing(index_elements=["tenant_id", "name"])
        .returning(SyncSchedules.id)
    )
    if connection.execute(statement).one_or_none() is None:
        raise ConfigurationError(
            f"There is a schedule named {new.name!r} already.",
            code="schedule_exists",
            cure="Choose another name, or remove that one first.",
        )


def list_all(connection: sa.Connection, tenant_id: UUID) -> Sequence[Schedule]:
    """The tenant's schedules, by name."""
    mine = _SELECT.where(SyncSchedules.tenant_id == tenant_id).order_by(SyncSchedules.name)
    return [Schedule(**row) for row in connection.execute(mine).mappings()]


def get(connection: sa.Connection, tenant_id: UUID, name: str) -> Schedule:
    """The tenant's schedule of this name.

    Raises:
        ConfigurationError: there is none; the message names those there are.
    """
    found = {schedule.name: schedule for schedule in list_all(connection, tenant_id)}
    if name not in found:
        cure = f"Use one of: {', '.join(found)}." if found else "Make one: udsync schedule add."
        raise ConfigurationError(
            f"There is no schedule named {name!r}.", code="schedule_unknown", cure=cure
        )
    return found[name]


def remove(connection: sa.Connection, schedule: Schedule) -> None:
    """Forget a schedule; its runs stay in the history."""
    connection.execute(sa.delete(SyncSchedules).where(*_is(schedule)))


def switch(
    connection: sa.Connection, schedule: Schedule, due_at: datetime, *, is_enabled: bool
) -> None:
    """Switch a schedule on or off; its next tick is at `due_at`."""
    connection.execute(
        sa.update(SyncSchedules)
        .where(*_is(schedule))
        .values(is_enabled=is_enabled, next_due_at=due_at, updated_at=sa.func.now())
    )


def due(connection: sa.Connection, now: datetime) -> Sequence[Schedule]:
    """The enabled schedules with a tick at or before `now`, in a dispatch transaction.

    Of all tenants, those that are due longest first.
    """
    ready = (SyncSchedules.is_enabled, Tenants.is_enabled, SyncSchedules.next_due_at <= now)
    query = _SELECT.where(*ready).order_by(SyncSchedules.next_due_at, SyncSchedules.id)
    return [Schedule(**row) for row in connection.execute(query).mappings()]


def move_on(
    connection: sa.Connection, schedule: Schedule, ran: datetime, following: datetime
) -> None:
    """The tick `ran` has a run; the schedule waits for the tick after it. Dispatch transaction.

    Nothing happens when the schedule was changed meanwhile.
    """
    unchanged = SyncSchedules.next_due_at == schedule.next_due_at
    connection.execute(
        sa.update(SyncSchedules)
        .where(*_is(schedule), unchanged)
        .values(last_due_at=ran, next_due_at=following)
    )


def _is(schedule: Schedule) -> tuple[sa.ColumnElement[bool], ...]:
    return (SyncSchedules.tenant_id == schedule.tenant_id, SyncSchedules.id == schedule.id)
