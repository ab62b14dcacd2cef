"""What is read of a store for a proposal, also where the store tells little."""

from dataclasses import replace

import httpx
import pytest

from udsync_pipelines.connectors.woocommerce.client import Credentials, WooCommerceClient
from udsync_pipelines.connectors.woocommerce.connection import StoreFacts
from udsync_pipelines.emulators.woocommerce import StoreEmulator
from udsync_pipelines.errors import UdsyncError
from udsync_pipelines.services.installation import Installation
from udsync_pipelines.services.shop_side import rates_of, read_shop_side, zone_of
from udsync_pipelines.store.repositories.tenants import Tenant
from udsync_pipelines_tests.services.emulated_books import installation, tenant
from udsync_pipelines_tests.services.policy_places import store_shop
from udsync_pipelines_tests.store_fixtures import recorded_store, store_emulator

__all__ = ["installation", "recorded_store", "store_emulator", "tenant"]

FACTS = StoreFacts(
    url="https://shop.example",
    name="Shop",
    home="https://shop.example",
    version="10.1",
    wordpress_version="6.8",
    currency="CAD",
    timezone="",
    gmt_offset=0,
    uses_hpos=True,
    order_datastore="",
    clock=None,
)


@pytest.mark.parametrize(
    ("timezone", "offset", "zone"),
    [
        ("America/Edmonton", -7, "America/Edmonton"),
        ("", -7, "Etc/GMT+7"),
        ("", 2, "Etc/GMT-2"),
        ("", 0, "UTC"),
        ("", 5.5, "Europe/London"),
        ("Atlantis/Capital", 2, "Etc/GMT-2"),
    ],
)
def test_the_zone_is_the_stores_own_or_the_nearest_there_is(
    timezone: str, offset: float, zone: str
) -> None:
    facts = replace(FACTS, timezone=timezone, gmt_offset=offset)

    found, doubt = zone_of(facts, "Europe/London")

    assert found == zone
    assert bool(doubt) == (zone != timezone)


def test_a_zone_of_hours_alone_says_what_it_does_not_know() -> None:
    _, doubt = zone_of(replace(FACTS, gmt_offset=-7), "Europe/London")

    assert doubt == (
        "The store names no place for its time zone, only UTC-7, which knows no summer time: "
        "documents are dated in Etc/GMT+7 unless another zone is set."
    )


@pytest.mark.postgres
def test_a_key_that_may_only_read_brings_rates_and_gateways(
    installation: Installation, tenant: Tenant, recorded_store: StoreEmulator
) -> None:
    store = store_shop(installation, tenant, recorded_store, read_only=True)

    side = read_shop_side(installation, tenant, store)

    assert {gateway.id: gateway.title for gateway in side.gateways} == {
        "bacs": "Direct bank transfer",
        "cheque": "Check payments",
        "cod": "Cash on delivery",
    }
    assert len(side.rates) == 11
    assert (side.timezone, side.orders_seen) == ("America/Edmonton", 0)


@pytest.mark.postgres
def test_a_key_that_may_not_read_gateways_is_no_obstacle(
    installation: Installation, tenant: Tenant, recorded_store: StoreEmulator
) -> None:
    store = store_shop(installation, tenant, recorded_store)
    recorded_store.faults.add("status", path="payment_gateways", status=403, times=0)

    side = read_shop_side(installation, tenant, store)

    assert side.gateways == []
    assert len(side.rates) == 11


def test_more_rates_than_one_page_holds_are_all_read() -> None:
    rows = [{"id": number, "rate": "5.0000", "class": "standard"} for number in range(1, 107)]

    def answer(request: httpx.Request) -> httpx.Response:
        start = (int(request.url.params["page"]) - 1) * 100
        return httpx.Response(200, json=rows[start : start + 100])

    with httpx.Client(transport=httpx.MockTransport(answer)) as http:
        client = WooCommerceClient(http, "https://shop.example", Credentials("ck", "cs"))
        rates = list(rates_of(client))

    assert [rate.id for rate in rates] == [str(number) for number in range(1, 107)]


@pytest.mark.postgres
def test_a_store_that_is_away_fails_with_its_own_reason(
    installation: Installation, tenant: Tenant, recorded_store: StoreEmulator
) -> None:
    store = store_shop(installation, tenant, recorded_store)
    recorded_store.stop()

    with pytest.raises(UdsyncError) as failed:
        read_shop_side(installation, tenant, store)

    assert failed.value.platform == "woocommerce"
