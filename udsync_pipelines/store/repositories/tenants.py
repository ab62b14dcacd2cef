"""Tenants: made and found by name, in a dispatch transaction."""

import re
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import available_timezones

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines.store.tables.tenants import Tenants

DEFAULT_TIMEZONE = "America/Edmonton"
_NAME = re.compile(r"[a-z0-9-]{1,40}")
_COLUMNS = (Tenants.id, Tenants.name, Tenants.timezone, Tenants.is_enabled, Tenants.created_at)


@dataclass(frozen=True, slots=True)
class Tenant:
    """A customer of the installation. `timezone` is an IANA name: the zone of its days."""

    id: UUID
    name: str
    timezone: str
    is_enabled: bool
    created_at: datetime


def create(connection: sa.Connection, name: str, timezone: str = DEFAULT_TIMEZONE) -> Tenant:
    """Make a tenant.

    Raises:
        ConfigurationError: the name or the zone is not valid, or the name is taken.
    """
    _check_name(name)
    check_timezone(timezone)
    statement = (
        insert(Tenants)
        .values(name=name, timezone=timezone)
        .on_conflict_do_nothing(index_elements=["name"])
        .returning(*_COLUMNS)
    )
    row = connection.execute(statement).one_or_none()
    if row is None:
        message = f"A tenant named {name!r} exists already."
        raise ConfigurationError(message, code="tenant_exists", cure="Choose another name.")
    return Tenant(*row)


def find(connection: sa.Connection, name: str) -> Tenant | None:
    """The tenant of this name, or None."""
    row = connection.execute(sa.select(*_COLUMNS).where(Tenants.name == name)).one_or_none()
    return None if row is None else Tenant(*row)


def get(connection: sa.Connection, name: str) -> Tenant:
    """The tenant of this name.

    Raises:
        ConfigurationError: there is none; the message names those there are.
    """
    tenant = find(connection, name)
    if tenant is None:
        names = ", ".join(existing.name for existing in list_all(connection))
        message = f"There is no tenant named {name!r}."
        cure = f"Use one of: {names}." if names else f"Run `udsync tenant create {name}`."
        raise ConfigurationError(message, code="tenant_unknown", cure=cure)
    return tenant


def list_all(connection: sa.Connection) -> tuple[Tenant, ...]:
    """All tenants, by name."""
    return tuple(
        Tenant(*row) for row in connection.execute(sa.select(*_COLUMNS).order_by(Tenants.name))
    )


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        message = f"{name!r} cannot be the name of a tenant."
        cure = "Use 1 to 40 small letters, digits and hyphens."
        raise ConfigurationError(message, code="tenant_name_invalid", cure=cure)


def check_timezone(timezone: str) -> None:
    """Refuse what is no time zone.

    Raises:
        ConfigurationError: code `timezone_invalid`.
    """
    if timezone not in available_timezones():
        message = f"{timezone!r} is not a time zone."
        cure = "Use an IANA name such as America/Edmonton or Europe/Berlin."
        raise ConfigurationError(message, code="timezone_invalid", cure=cure)
