"""Schedules that tenants make for themselves: checked, stored, switched."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines.services.installation import Installation
from udsync_pipelines.services.ticks import check_cron, next_tick
from udsync_pipelines.store.repositories import schedules, tenants
from udsync_pipelines.store.repositories.schedules import NewSchedule, Schedule
from udsync_pipelines.store.repositories.tenants import Tenant
from udsync_pipelines.store.tables.states import Lane, ScheduleMode

_NAME = re.compile(r"[a-z0-9-]{1,60}")


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants synced and when; `timezone` None: the tenant's own."""

    name: str
    lane: Lane
    cron: str
    timezone: str | None = None
    is_full: bool = False


def add(installation: Installation, tenant: Tenant, wish: Wish, by: str) -> Schedule:
    """Make a schedule; its first tick is the next one from now.

    Raises:
        ConfigurationError: name, cron expression or zone cannot be used, or the name is taken.
    """
    zone = wish.timezone or tenant.timezone
    _check_name(wish.name)
    check_cron(wish.cron)
    tenants.check_timezone(zone)
    mode = ScheduleMode.FULL if wish.is_full else ScheduleMode.INCREMENTAL
    new = NewSchedule(wish.name, wish.lane, mode, wish.cron, zone, by)
    due_at = next_tick(wish.cron, zone, datetime.now(UTC))
    with installation.state.tenant(tenant.id) as connection:
        schedules.add(connection, tenant.id, new, due_at)
        return schedules.get(connection, tenant.id, wish.name)


def of_tenant(installation: Installation, tenant: Tenant) -> Sequence[Schedule]:
    """The tenant's schedules, by name."""
    with installation.state.tenant(tenant.id) as connection:
        return schedules.list_all(connection, tenant.id)


def find(installation: Installation, tenant: Tenant, name: str) -> Schedule:
    """The tenant's schedule of this name.

    Raises:
        ConfigurationError: there is none of this name.
    """
    with installation.state.tenant(tenant.id) as connection:
        return schedules.get(connection, tenant.id, name)


def remove(installation: Installation, tenant: Tenant, name: str) -> None:
    """Forget a schedule.

    Raises:
        ConfigurationError: there is none of this name.
    """
    with installation.state.tenant(tenant.id) as connection:
        schedules.remove(connection, schedules.get(connection, tenant.id, name))


def switch(installation: Installation, tenant: Tenant, name: str, *, is_enabled: bool) -> Schedule:
    """Switch a schedule on or off. What it missed while it was off is not made up for.

    Raises:
        ConfigurationError: there is none of this name.
    """
    with installation.state.tenant(tenant.id) as connection:
        found = schedules.get(connection, tenant.id, name)
        if found.is_enabled is not is_enabled:
            due_at = next_tick(found.cron, found.timezone, datetime.now(UTC))
            schedules.switch(connection, found, due_at, is_enabled=is_enabled)
        return schedules.get(connection, tenant.id, name)


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise ConfigurationError(
            f"{name!r} cannot be the name of a schedule.",
            code="schedule_name_invalid",
            cure="Use 1 to 60 small letters, digits and hyphens.",
        )
