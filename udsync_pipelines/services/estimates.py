"""What a load of many orders will cost: writes, metered calls, time; said before it begins."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any

import orjson

from udsync_pipelines.connectors.quickbooks.limits import RATES as ALL_RATES
from udsync_pipelines.connectors.quickbooks.limits import REQUESTS, lower_ceiling, scaled
from udsync_pipelines.connectors.woocommerce import order
from udsync_pipelines.connectors.woocommerce.client import Row
from udsync_pipelines.errors import RecordRejectedError
from udsync_pipelines.posting.compose import is_on_account, is_settled, reason_to_skip
from udsync_pipelines.posting.policy import PostingPolicy
from udsync_pipelines.services.backfilling import Sample
from udsync_pipelines.services.books import CEILING, addresses
from udsync_pipelines.services.installation import Installation
from udsync_pipelines.services.quota import Quota, quota_of
from udsync_pipelines.store.repositories import connections, policies
from udsync_pipelines.store.repositories.connections import Connection
from udsync_pipelines.store.repositories.tenants import Tenant
from udsync_pipelines.store.tables.states import Platform
from udsync_pipelines.sync.forecast import WRITES_PER_ORDER, pace_of
from udsync_pipelines.sync.plan import Plan

REFERENCE_READS = 6
"""Tax codes, rates, accounts, payment methods, settings, who the company is; once a day."""

NAME_LISTS = 4
"""Customers, vendors, employees, items; read when somebody new is needed."""

_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Estimate:
    """What so many orders, in so many syncs, will cost. None: no company is connected."""

    orders: int
    syncs: int
    writes: int = 0
    metered: int = 0
    per_second: float = 0.0
    quota: Quota | None = None
    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def writes_per_order(self) -> float:
        """Documents, customers and items for an order."""
        return self.writes / self.orders if self.orders else WRITES_PER_ORDER

    @property
    def seconds(self) -> float:
        """How long writing takes at the allowed rate."""
        return pace_of((), self.per_second or 1.0, self.writes_per_order).seconds_for(self.orders)

    @property
    def ends_at(self) -> datetime:
        """When it is done, if it begins now."""
        return self.at + timedelta(seconds=self.seconds)

    def lines(self) -> list[str]:
        """The estimate for a person."""
        lines = [f"{self.orders:,} orders in {self.syncs} syncs, month by month, oldest first."]
        if self.quota is None:
            return [*lines, "No QuickBooks company is connected: only the database is loaded."]
        left = f"{self.quota.left:,} are left of this month's {self.quota.allowance:,}"
        lines += [
            f"About {self.writes:,} writes to QuickBooks (free) and {self.metered:,} metered "
            f"calls ({left}).",
            f"About {_span(self.seconds)} at {self.per_second * 60:,.0f} requests a minute: done "
            f"at {self.ends_at:%Y-%m-%d %H:%M} UTC.",
        ]
        if self.metered > self.quota.left:
            lines.append("The month's metered calls do not suffice: it will stop, and can go on.")
        return lines

    def as_json(self) -> dict[str, Any]:
        """The estimate for a program."""
        return {
            "orders": self.orders,
            "syncs": self.syncs,
            "writes": self.writes,
            "metered": self.metered,
            "seconds": round(self.seconds),
            "ends_at": self.ends_at.isoformat(timespec="seconds"),
            "quota": None if self.quota is None else self.quota.facts(),
        }


def estimate(installation: Installation, tenant: Tenant, months: Sequence[Sample]) -> Estimate:
    """What the orders of these months will cost, judged by the first hundred of each.

    Asks nothing of QuickBooks.
    """
    total, now = sum(month.orders for month in months), datetime.now(UTC)
    with installation.state.tenant(tenant.id) as transaction:
        found = connections.list_all(transaction, tenant.id, Platform.QUICKBOOKS)
    company = next((one for one in found if one.is_enabled), None)
    syncs = len(months)
    if company is None:
        return Estimate(total, syncs)
    policy = _policy(installation, tenant, company)
    writes = round(sum(month.orders * _writes_per_order(month.rows, policy) for month in months))
    people = round(sum(month.orders * _people_per_order(month.rows) for month in months))
    return Estimate(
        total,
        syncs,
        writes + people,
        metered_for(syncs, people),
        rate_of(installation, company),
        quota_of(installation, tenant, company, now.date()),
        now,
    )


@dataclass(frozen=True, slots=True)
class LoadEstimate:
    """What carrying out a plan will cost in the books, once it may."""

    writes: int
    metered: int
    seconds: float
    ends_at: datetime

    def line(self) -> str:
        """The estimate for a person."""
        return (
            f"QuickBooks: {self.writes:,} writes (free) and {self.metered:,} metered calls, about "
            f"{_span(self.seconds)}; done at {self.ends_at:%Y-%m-%d %H:%M} UTC if it begins now."
        )

    def as_json(self) -> dict[str, Any]:
        """The estimate for a program."""
        return {
            "writes": self.writes,
            "metered": self.metered,
            "seconds": round(self.seconds),
            "ends_at": self.ends_at.isoformat(timespec="seconds"),
        }


def estimate_of_load(installation: Installation, tenant: Tenant, plan: Plan) -> LoadEstimate | None:
    """What the writes of a plan will cost; None when it has none in the books.

    Planning has read what it needs by then: only an object that is changed is read once more.
    """
    changed = _planned(plan, ".update")
    writes = _planned(plan, ".create") + changed
    with installation.state.tenant(tenant.id) as transaction:
        found = connections.list_all(transaction, tenant.id, Platform.QUICKBOOKS)
    company = next((one for one in found if one.is_enabled), None)
    if company is None or not writes:
        return None
    seconds = writes / rate_of(installation, company)
    return LoadEstimate(writes, changed, seconds, datetime.now(UTC) + timedelta(seconds=seconds))


def _planned(plan: Plan, action: str) -> int:
    return sum(
        number
        for name, number in plan.counts.items()
        if name.startswith("quickbooks.") and name.endswith(action) and isinstance(number, int)
    )


def metered_for(syncs: int, people: int) -> int:
    """Metered calls of so many syncs that find so many new customers.

    Name lists grow from page to page, and are read in each sync that has somebody new.
    """
    grown = sum(ceil(people * number / syncs / _PAGE) for number in range(syncs)) if syncs else 0
    return REFERENCE_READS + syncs * NAME_LISTS + grown


def rate_of(installation: Installation, company: Connection) -> float:
    """Requests that a company may be sent in a second."""
    factor, urls = installation.settings.limits_factor, addresses(company.settings)
    rates = lower_ceiling(scaled(ALL_RATES, factor, urls), company.settings.get(CEILING))
    return next(rate.calls / rate.period_seconds for rate in rates if rate.name == REQUESTS)


def _policy(
    installation: Installation, tenant: Tenant, company: Connection
) -> PostingPolicy | None:
    with installation.state.tenant(tenant.id) as transaction:
        store = connections.default(transaction, tenant.id, Platform.WOOCOMMERCE)
        stored = policies.active(transaction, tenant.id, store.id, company.id)
    return stored.policy if stored else None


def _writes_per_order(rows: Sequence[Row], policy: PostingPolicy | None) -> float:
    if not rows or policy is None:
        return WRITES_PER_ORDER
    return sum(_documents(row, policy) for row in rows) / len(rows)


def _documents(row: Row, policy: PostingPolicy) -> int:
    try:
        sold = order.canonical(orjson.dumps(row, default=str))
    except RecordRejectedError:
        return 0  # its sync will park it
    if reason_to_skip(sold, policy) is not None:
        return 0
    has_payment = is_on_account(sold, policy) and is_settled(sold, policy)
    return 1 + has_payment + len(row.get("refunds") or ())


def _people_per_order(rows: Sequence[Row]) -> float:
    """Different buyers among the orders; over a month fewer are new than in a sample."""
    buyers = {row.get("customer_id") or _email(row) for row in rows}
    return len(buyers) / len(rows) / 2 if rows else 0.0


def _email(row: Row) -> str:
    billing = row.get("billing")
    return str(billing.get("email", "")) if isinstance(billing, dict) else ""


def _span(seconds: float) -> str:
    minutes = ceil(seconds / 60)
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest:02d} min" if hours else f"{minutes} min"
