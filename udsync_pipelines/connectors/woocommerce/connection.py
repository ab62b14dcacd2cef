"""Is this a store that we can read, and if not, what is in the way, in one line.

Most faults look alike from outside: WooCommerce answers an unknown key, a header that the web
server dropped, and a request that PHP takes for plain http with the same 401. What can be told
apart is told apart here, by looking at the site's index and by asking with the key alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from udsync_pipelines.connectors.woocommerce.address import PLATFORM
from udsync_pipelines.connectors.woocommerce.client import ListRequest, WooCommerceClient
from udsync_pipelines.connectors.woocommerce.responses import is_json, parse_json, refusal
from udsync_pipelines.errors import AuthorizationError, ConfigurationError, UdsyncError
from udsync_pipelines.transport import Answer

_STATUS_FIELDS = (
    "environment.version,environment.wp_version,settings.currency,settings.HPOS_enabled,"
    "settings.order_datastore"
)
_SITE_FIELDS = "name,url,home,gmt_offset,timezone_string,namespaces"


@dataclass(frozen=True, slots=True)
class StoreFacts:
    """What a store says of itself.

    Attributes:
        url: the address that we reach it by.
        home: the address that it gives itself.
        version: WooCommerce's version.
        wordpress_version: WordPress's version.
        currency: the shop's currency; an order may have another.
        timezone: an IANA name, or empty when the site has only a fixed offset.
        gmt_offset: hours east of Greenwich today.
        uses_hpos: True when orders live in tables of their own.
        order_datastore: the class that stores orders; a switch without copying hides them all.
        clock: the store's clock at the moment of the check, None when it did not tell.
    """

    url: str
    name: str
    home: str
    version: str
    wordpress_version: str
    currency: str
    timezone: str
    gmt_offset: float
    uses_hpos: bool
    order_datastore: str
    clock: datetime | None

    @property
    def zone(self) -> tzinfo:
        """The site's time zone, with clock changes where the site names a place."""
        try:
            return ZoneInfo(self.timezone) if self.timezone else self._fixed()
        except ZoneInfoNotFoundError:
            return self._fixed()

    def _fixed(self) -> tzinfo:
        return timezone(timedelta(hours=self.gmt_offset))


def check_connection(client: WooCommerceClient) -> StoreFacts:
    """Ask the store who it is and whether our key may read orders.

    Every error is one line that says what to do. Reads only; a read-only key passes.

    Raises:
        PlatformUnavailableError: host not found, connection refused, no answer, maintenance.
        AuthorizationError: unknown key, wrong secret, no read permission, a blocked request.
        ConfigurationError: not WordPress, no WooCommerce, plain permalinks, an untrusted
            certificate, a redirect.
    """
    site = _site(client)
    namespaces = site.get("namespaces") or ()
    if "wc/v3" not in namespaces:
        raise _refused(
            "This WordPress site has no WooCommerce REST API.",
            "woocommerce_missing",
            "Install and activate WooCommerce, or connect the address of the shop.",
        )
    try:
        listing = client.page(ListRequest("orders", {"per_page": 1, "_fields": "id"}))
        status = client.get("system_status", {"_fields": _STATUS_FIELDS})
    except AuthorizationError as error:
        raise _explained(client, site, error) from error
    return _facts(client.url, site, status, listing.answered_at)


def _site(client: WooCommerceClient) -> Mapping[str, Any]:
    answer = client.open_page("/wp-json/", {"_fields": _SITE_FIELDS})
    site = parse_json(answer.body)
    if answer.status == 200 and isinstance(site, dict) and "namespaces" in site:  # noqa: PLR2004
        return site
    if answer.status >= 500 or answer.status == 429 or 300 <= answer.status < 400:  # noqa: PLR2004
        raise refusal(answer, site)
    if _is_wordpress(client.open_page("/", {"rest_route": "/"})):
        raise _refused(
            "This WordPress site has plain permalinks, so its REST API takes no keys.",
            "permalinks_plain",
            "In WordPress, Settings, Permalinks, choose any structure but Plain.",
        )
    if answer.status in {401, 403}:
        if is_json(site):
            raise _refused(
                "A plugin of this WordPress site closes its REST API.",
                "rest_api_closed",
                "Allow /wp-json/wc/v3 and /wp-json/ in the security plugin.",
            )
        raise refusal(answer, site)
    raise _refused(
        f"There is no WordPress site at {client.url}.",
        "wordpress_missing",
        "Check the address; a shop in a sub-directory needs it too (https://example.com/shop).",
    )


def _is_wordpress(answer: Answer) -> bool:
    found = parse_json(answer.body)
    # Where a plugin closes the index, WordPress still refuses in JSON.
    return isinstance(found, dict) and bool({"namespaces", "code"} & set(found))


def _explained(
    client: WooCommerceClient, site: Mapping[str, Any], error: AuthorizationError
) -> UdsyncError:
    """The cause behind a 401 that has several, as far as the store lets us see it."""
    if error.code != "key_unknown":
        return error
    if str(site.get("home", "")).startswith("http://"):
        # WordPress writes its own address with https whenever it was asked by https.
        return AuthorizationError(
            "The store takes our requests for plain http, so it ignores every key.",
            code="https_unnoticed",
            platform=PLATFORM,
            cure="Have the proxy in front of it send X-Forwarded-Proto and WordPress read it, "
            "and set the site's address to https.",
        )
    if client.knows_key():
        return AuthorizationError(
            "The store knows this consumer key, but the Authorization header is lost on the way.",
            code="header_stripped",
            platform=PLATFORM,
            cure="Have the host pass the Authorization header on to PHP, or allow credentials in "
            "the address for this store.",
        )
    return error


def _facts(
    url: str, site: Mapping[str, Any], status: Mapping[str, Any], clock: datetime
) -> StoreFacts:
    environment = _part(status, "environment")
    settings = _part(status, "settings")
    return StoreFacts(
        url=url,
        name=str(site.get("name", "")),
        home=str(site.get("home", "")),
        version=str(environment.get("version", "")),
        wordpress_version=str(environment.get("wp_version", "")),
        currency=str(settings.get("currency", "")),
        timezone=str(site.get("timezone_string") or ""),
        gmt_offset=float(site.get("gmt_offset") or 0),
        uses_hpos=bool(settings.get("HPOS_enabled")),
        order_datastore=str(settings.get("order_datastore", "")),
        clock=clock,
    )


def _part(status: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = status.get(name)
    return part if isinstance(part, dict) else {}


def _refused(message: str, code: str, cure: str) -> ConfigurationError:
    return ConfigurationError(message, code=code, platform=PLATFORM, cure=cure)
