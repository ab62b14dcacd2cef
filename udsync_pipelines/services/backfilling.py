"""Bringing the orders of past months: month by month, with checkpoints that outlive a process."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import dropwhile
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from udsync_pipelines.connectors.woocommerce.client import (
    Credentials,
    ListRequest,
    Row,
    WooCommerceClient,
    new_http_client,
)
from udsync_pipelines.connectors.woocommerce.reading.changes import gmt_text
from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines.services.installation import Installation
from udsync_pipelines.store.repositories import connections, tenants
from udsync_pipelines.store.repositories.bookmarks import Bookmarks, remembered
from udsync_pipelines.store.repositories.tenants import Tenant
from udsync_pipelines.store.tables.states import Platform
from udsync_pipelines.sync.forecast import Stretch
from udsync_pipelines.transport import RetryPolicy

PURPOSE = "backfill"
_SECOND = timedelta(seconds=1)
_SAMPLE = 100


@dataclass(frozen=True, slots=True)
class Month:
    """A calendar month of the tenant's zone, or the part of it that is wanted; both ends belong."""

    name: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Sample:
    """What the store says of a month: how many orders, and some of them."""

    orders: int
    rows: Sequence[Row] = ()


def months_of(first: date, last: date, timezone: str) -> tuple[Month, ...]:
    """The months from one day to another, both included, oldest first.

    Raises:
        ConfigurationError: the first day comes after the last.
    """
    if first > last:
        raise ConfigurationError(
            f"the span ends on {last}, before it begins on {first}.",
            cure="Swap --from and --to.",
            code="bad_time",
        )
    zone = ZoneInfo(timezone)
    found = []
    begins = first
    while begins <= last:
        following = (begins.replace(day=1) + timedelta(days=32)).replace(day=1)
        ends = min(following, last + timedelta(days=1))
        found.append(
            Month(
                f"{begins:%Y-%m}",
                _midnight(begins, zone),
                _midnight(ends, zone) - _SECOND,
            )
        )
        begins = following
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Checkpoints:
    """What is stored of one backfill, by month. Who is killed goes on with the first unfinished."""

    bookmarks: Bookmarks

    def orders(self) -> Mapping[str, int]:
        """How many orders each month has, by its name; empty before they were counted."""
        found: Mapping[str, int] = self._stored().get("orders", {})
        return found

    def begin(self, orders: Mapping[str, int]) -> None:
        """Store how many orders each month has."""
        self._write(orders=dict(orders))

    def done(self) -> Mapping[str, Stretch]:
        """The months that are finished, in their order, with what they took."""
        return {name: Stretch(**one) for name, one in self._stored().get("done", {}).items()}

    def finish(self, month: str, stretch: Stretch) -> None:
        """A month has been synced to its end."""
        done = {**self._stored().get("done", {}), month: _as_json(stretch)}
        self._write(done=done)

    def under_way(self, month: str) -> Stretch:
        """What was done of a month that is not finished, by all who have been at it."""
        found = self._stored().get("under_way", {})
        return Stretch(**found["stretch"]) if found.get("month") == month else Stretch(0)

    def show(
        self, progress: Mapping[str, Any], month: str = "", stretch: Stretch | None = None
    ) -> None:
        """Store how far it is, for `udsync status`, and what was done of the month under way."""
        under_way = {"month": month, "stretch": _as_json(stretch)} if stretch else {}
        self._write(progress=dict(progress), under_way=under_way)

    def progress(self) -> Mapping[str, Any]:
        """How far it is, as last shown."""
        found: Mapping[str, Any] = self._stored().get("progress", {})
        return found

    def _stored(self) -> Mapping[str, Any]:
        return self.bookmarks.read("order") or {}

    def _write(self, **parts: object) -> None:
        self.bookmarks.write({**self._stored(), **parts}, "order")


def checkpoints(
    installation: Installation, tenant: Tenant, store: UUID, first: date, last: date
) -> Checkpoints:
    """The checkpoints of the backfill of these days."""
    purpose = f"{PURPOSE}:{first}..{last}"
    return Checkpoints(Bookmarks(installation.state, tenant.id, store, purpose))


@dataclass(frozen=True, slots=True)
class Begun:
    """A backfill that was begun, as far as it has come."""

    tenant: Tenant
    days: str
    progress: Mapping[str, Any]

    def sentence(self) -> str:
        """How far it is and when it will be done."""
        shown = self.progress
        return (
            f"{self.tenant.name}: backfill of {self.days.replace('..', ' to ')}: "
            f"{shown['percent']:.0f} % of {shown['orders']:,} orders, {shown['writes']:,} writes"
            + ("." if self.is_done else f"; expected to end at {shown['ends_at']}.")
        )

    @property
    def is_done(self) -> bool:
        """Whether every month is finished."""
        return bool(self.progress["months_done"] == self.progress["months"])

    def facts(self) -> dict[str, Any]:
        """The same for a program."""
        return {"tenant": self.tenant.name, "days": self.days, **self.progress}


def backfills(installation: Installation) -> Sequence[Begun]:
    """Every backfill that was begun, tenant by tenant."""
    with installation.state.dispatch() as transaction:
        known = tenants.list_all(transaction)
    return [
        Begun(tenant, purpose.removeprefix(f"{PURPOSE}:"), held["progress"])
        for tenant in known
        for purpose, held in remembered(installation.state, tenant.id, f"{PURPOSE}:")
        if held.get("progress")
    ]


def store_of(installation: Installation, tenant: Tenant) -> connections.Connection:
    """The tenant's store.

    Raises:
        ConfigurationError: none is connected.
    """
    with installation.state.tenant(tenant.id) as connection:
        return connections.default(connection, tenant.id, Platform.WOOCOMMERCE)


def counted(
    installation: Installation, tenant: Tenant, months: Sequence[Month]
) -> Iterator[tuple[Month, Sample]]:
    """What the store says of each month: one request for each.

    Raises:
        ConfigurationError, PlatformUnavailableError: why the store cannot be read.
    """
    store = store_of(installation, tenant)
    with installation.state.tenant(tenant.id) as connection:
        secrets = connections.open_credentials(connection, store, installation.keys)
    with new_http_client(installation.settings.http_timeout_seconds) as http:
        client = WooCommerceClient(
            http,
            store.settings["url"],
            Credentials(
                secrets["consumer_key"].get_secret_value(),
                secrets["consumer_secret"].get_secret_value(),
            ),
            policy=RetryPolicy(budget=installation.settings.retry_budget_seconds),
        )
        for month in months:
            listing = client.page(_orders_in(month))
            total = len(listing.rows) if listing.total is None else listing.total
            yield month, Sample(total, listing.rows)


def since_first_sale(months: Iterable[tuple[Month, Sample]]) -> dict[Month, Sample]:
    """The months from the first on that has orders: before it there is no refund either."""
    return dict(dropwhile(lambda one: not one[1].orders, months))


def _orders_in(month: Month) -> ListRequest:
    params: dict[str, str | int] = {
        "after": gmt_text(month.since - _SECOND),
        "before": gmt_text(month.until + _SECOND),
        "dates_are_gmt": "true",
        "status": "any",
        "orderby": "id",
        "order": "asc",
        "per_page": _SAMPLE,
    }
    return ListRequest("orders", params)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _as_json(stretch: Stretch) -> dict[str, float]:
    return asdict(stretch)
