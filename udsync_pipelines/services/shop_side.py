"""What a tenant's store brings to a posting policy: zone, rates, gateways, and what orders bear."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import orjson

from udsync_pipelines.connectors.woocommerce import order, tax_rate
from udsync_pipelines.connectors.woocommerce.client import (
    PER_PAGE,
    Credentials,
    ListRequest,
    WooCommerceClient,
    new_http_client,
)
from udsync_pipelines.connectors.woocommerce.connection import StoreFacts, check_connection
from udsync_pipelines.connectors.woocommerce.responses import (
    NotFoundError,
    RouteMissingError,
    read_body,
)
from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.domain.order import Order
from udsync_pipelines.errors import AuthorizationError, RecordRejectedError
from udsync_pipelines.posting.proposal import ShopGateway, ShopRate, ShopSide
from udsync_pipelines.posting.propose_taxes import observed_rate_sets
from udsync_pipelines.services.installation import Installation
from udsync_pipelines.store.repositories import connections
from udsync_pipelines.store.repositories.archive import PostgresArchive
from udsync_pipelines.store.repositories.connections import Connection
from udsync_pipelines.store.repositories.tenants import Tenant
from udsync_pipelines.sync.records import ArchivedRecord
from udsync_pipelines.transport import READS, RetryPolicy

_AT_ONCE = 500  # archived orders in memory


def read_shop_side(installation: Installation, tenant: Tenant, store: Connection) -> ShopSide:
    """Read the store's part of a proposal: from the store itself, and from its archived orders.

    Reads only. A key that may not read payment gateways leaves those that orders name.

    Raises:
        ConfigurationError, PlatformUnavailableError: why the store cannot be read.
    """
    seen = _Seen()
    archive = PostgresArchive(installation.state, tenant.id, store.id)
    rate_sets = observed_rate_sets(seen.watched(archived_orders(archive)))
    with new_http_client(installation.settings.http_timeout_seconds) as http:
        client = _ShopClient(
            http,
            store.settings["url"],
            _credentials(installation, tenant, store),
            policy=RetryPolicy(budget=installation.settings.retry_budget_seconds),
        )
        facts = check_connection(client)
        rates = [*rates_of(client)]
        offered = client.gateways()
    zone, doubt = zone_of(facts, tenant.timezone)
    return ShopSide(
        timezone=zone,
        timezone_doubt=doubt,
        rates=rates,
        gateways=[
            ShopGateway(name, title) for name, title in sorted((seen.gateways | offered).items())
        ],
        rate_sets=rate_sets,
        orders_seen=seen.orders,
    )


class _ShopClient(WooCommerceClient):
    """A store's client that reads the one list whose rows have names as their ids."""

    def gateways(self) -> dict[str, str]:
        """Titles of the enabled payment gateways by id; none when the key may not read them."""
        try:
            rows = self._transport.send(
                lambda: self._signed("/wp-json/wc/v3/payment_gateways", {}), READS, read_body
            )
        except (AuthorizationError, NotFoundError, RouteMissingError):
            return {}
        return {
            str(row["id"]): str(row.get("title") or "")
            for row in (rows if isinstance(rows, list) else ())
            if isinstance(row, dict) and row.get("id") and row.get("enabled")
        }


@dataclass
class _Seen:
    """What passes by while archived orders are read once."""

    orders: int = 0
    gateways: dict[str, str] = field(default_factory=dict)

    def watched(self, orders: Iterator[Order]) -> Iterator[Order]:
        for found in orders:
            self.orders += 1
            if found.payment_method:
                self.gateways[found.payment_method] = found.payment_method_title
            yield found


def archived_orders(archive: PostgresArchive) -> Iterator[Order]:
    """Every archived order that can be read and was not deleted."""
    after = 0
    while batch := archive.pending(Entity.ORDER, after, _AT_ONCE):
        after = batch[-1].changed_seq
        yield from (found for _, found in readable_orders(batch))


def readable_orders(
    records: Iterable[ArchivedRecord],
) -> Iterator[tuple[ArchivedRecord, Order]]:
    """Those of these archived orders that can be read and were not deleted."""
    for record in records:
        if record.deleted_at is None:
            try:
                yield record, order.canonical(record.raw)
            except RecordRejectedError:
                continue  # the sync has parked it, with its reason


def rates_of(client: WooCommerceClient) -> Iterator[ShopRate]:
    """Every tax rate of the store, by id, a page at a time.

    Raises:
        RecordRejectedError: a rate cannot be understood; the message names the field.
    """
    page = 1
    while True:
        request = ListRequest(
            "taxes", {"per_page": PER_PAGE, "page": page, "orderby": "id", "order": "asc"}
        )
        rows = client.page(request).rows
        for row in rows:
            rate = tax_rate.canonical(orjson.dumps(row, default=str))
            yield ShopRate(
                id=rate.id,
                name=rate.name,
                percent=rate.percent,
                tax_class=rate.tax_class,
                country=rate.country,
                state=rate.state,
                priority=rate.priority,
                is_compound=rate.is_compound,
                is_for_shipping=rate.is_for_shipping,
            )
        if len(rows) < PER_PAGE:
            return
        page += 1


def _credentials(installation: Installation, tenant: Tenant, store: Connection) -> Credentials:
    with installation.state.tenant(tenant.id) as connection:
        secrets = connections.open_credentials(connection, store, installation.keys)
    return Credentials(
        secrets["consumer_key"].get_secret_value(), secrets["consumer_secret"].get_secret_value()
    )


def zone_of(facts: StoreFacts, tenant_zone: str) -> tuple[str, str]:
    """The zone that dates the store's documents, and a sentence on what is doubtful about it.

    Many stores name no place but hours from Greenwich; where these are whole there is a zone for
    them, else the tenant's own is taken.
    """
    if _is_zone(facts.timezone):
        return facts.timezone, ""
    hours = facts.gmt_offset
    shown = f"UTC{hours:+g}"
    if hours == int(hours):
        # The names of these zones count westwards: Etc/GMT+7 is seven hours behind.
        name = f"Etc/GMT{-int(hours):+d}" if hours else "UTC"
        doubt = (
            f"The store names no place for its time zone, only {shown}, which knows no summer "
            f"time: documents are dated in {name} unless another zone is set."
        )
        return name, doubt
    doubt = (
        f"The store names no place for its time zone, only {shown}: documents are dated in the "
        f"tenant's zone, {tenant_zone}, unless another zone is set."
    )
    return tenant_zone, doubt


def _is_zone(name: str) -> bool:
    try:
        return bool(name and ZoneInfo(name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
