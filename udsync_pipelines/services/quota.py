"""What a month of metered calls to QuickBooks has cost so far, and will have cost by its end."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from udsync_pipelines.connectors.quickbooks.limits import MONTHLY_READS
from udsync_pipelines.services.books import ALLOWANCE, CEILING
from udsync_pipelines.services.installation import Installation
from udsync_pipelines.store.repositories import api_usage, connections, sync_log, tenants
from udsync_pipelines.store.repositories.bookmarks import Bookmarks
from udsync_pipelines.store.repositories.connections import Connection
from udsync_pipelines.store.repositories.tenants import Tenant
from udsync_pipelines.store.tables.states import LogLevel, Platform
from udsync_pipelines.sync.forecast import RECENT_DAYS, month_forecast

NOTICE = "half of the month's metered calls are spent"
PURPOSE = "quota_notice"

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Quota:
    """A company's metered calls in one month, of which `allowance` are allowed."""

    tenant: Tenant
    connection: Connection
    allowance: int
    used: int
    forecast: int

    @property
    def is_urgent(self) -> bool:
        """Whether half of the allowance is spent."""
        return 2 * self.used >= self.allowance

    @property
    def left(self) -> int:
        """What is left of the month's allowance."""
        return max(0, self.allowance - self.used)

    def sentence(self) -> str:
        """How much is spent and will be."""
        return (
            f"{self.tenant.name}: {self.used:,} of {self.allowance:,} metered calls to QuickBooks "
            f"({self.connection.name}) this month; about {self.forecast:,} by its end."
        )

    def facts(self) -> dict[str, Any]:
        """The same for a program."""
        return {
            "tenant": self.tenant.name,
            "connection": str(self.connection.id),
            "company": self.connection.name,
            "metered": self.used,
            "forecast": self.forecast,
            "allowance": self.allowance,
            "is_urgent": self.is_urgent,
        }


def quota_of(
    installation: Installation, tenant: Tenant, connection: Connection, today: date
) -> Quota:
    """The metered calls of the month that this day (UTC) lies in."""
    since = min(today.replace(day=1), today - timedelta(days=RECENT_DAYS))
    with installation.state.tenant(tenant.id) as transaction:
        daily = api_usage.metered_by_day(transaction, tenant.id, connection.id, since)
    of_month = {day: n for day, n in daily.items() if day >= today.replace(day=1)}
    return Quota(
        tenant,
        connection,
        allowance=connection.settings.get(ALLOWANCE, MONTHLY_READS),
        used=sum(of_month.values()),
        forecast=month_forecast(daily, today),
    )


def quotas(installation: Installation, today: date) -> Sequence[Quota]:
    """The quota of every enabled company, tenant by tenant; asks nobody."""
    with installation.state.dispatch() as transaction:
        known = tenants.list_all(transaction)
    return [
        quota_of(installation, tenant, one, today)
        for tenant in known
        for one in _companies(installation, tenant)
    ]


def notice(installation: Installation, tenant: Tenant, connection: Connection, today: date) -> bool:
    """Say once a month, in the logs, that half of the allowance is spent; whether it was said."""
    quota = quota_of(installation, tenant, connection, today)
    if not quota.is_urgent:
        return False
    month = f"{today:%Y-%m}"
    said = Bookmarks(installation.state, tenant.id, connection.id, PURPOSE)
    if (said.read() or {}).get("month") == month:
        return False
    said.write({"month": month})
    fields = {
        "connection": str(connection.id),
        "metered": quota.used,
        "allowance": quota.allowance,
        "forecast": quota.forecast,
    }
    with installation.state.tenant(tenant.id) as transaction:
        sync_log.add(transaction, tenant.id, LogLevel.WARNING, NOTICE, fields)
    logger.warning(NOTICE, extra=fields)
    return True


def change(
    installation: Installation,
    tenant: Tenant,
    *,
    monthly_reads: int | None,
    requests_per_minute: int | None,
) -> Connection:
    """Set what the tenant's company may be asked; what is None stays.

    Raises:
        ConfigurationError: the tenant has no company, or several.
    """
    wanted = {ALLOWANCE: monthly_reads, CEILING: requests_per_minute}
    changes = {name: number for name, number in wanted.items() if number is not None}
    with installation.state.tenant(tenant.id) as transaction:
        company = connections.default(transaction, tenant.id, Platform.QUICKBOOKS)
        connections.change_settings(transaction, tenant.id, company.id, changes)
        return connections.default(transaction, tenant.id, Platform.QUICKBOOKS)


def _companies(installation: Installation, tenant: Tenant) -> Sequence[Connection]:
    with installation.state.tenant(tenant.id) as transaction:
        found = connections.list_all(transaction, tenant.id, Platform.QUICKBOOKS)
    return [one for one in found if one.is_enabled]
