"""Every recorded exchange, put to the emulator: same status, errors, headers, body."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from udsync_pipelines.emulators.woocommerce import StoreEmulator
from udsync_pipelines_tests.contracts.woocommerce.exchanges import (
    HEADERS,
    Exchange,
    exchanges,
    settled,
    without,
)
from udsync_pipelines_tests.contracts.woocommerce.shops import (
    BEFORE,
    FAILING,
    emulated,
    masked,
    put,
    without_last_id,
)

# Recordings that the emulator does not claim to repeat, and why.
EXCLUDED = {
    "customers/list_orderby_registered_date": "customers of one second come in MySQL's own order",
    "meta/wc_v3_orders_options_schema": "the emulator does not describe itself to OPTIONS",
    "webhooks/list": "webhooks made by hand before the recording; see test_webhooks",
    "webhooks/single": "as above",
    "webhooks/single_disabled_after_failures": "as above; the emulator delivers nothing",
    "webhooks/delete_response": "as above",
    "webhooks/update_response": "as above",
}
# Fields that had moved between the dump that the emulator serves and the recording.
DRIFTED = {
    "mutations/product_force_delete": frozenset({"total_sales"}),
    "mutations/product_trash": frozenset({"total_sales", "stock_quantity"}),
    "mutations/product_update": frozenset({"total_sales"}),
}
# What a new record is given by chance or by counting: another store would give another.
GIVEN = frozenset({"number", "order_key", "payment_url", "_links"})

ALL = [exchange for exchange in exchanges() if "/delivery_" not in exchange.name]
SERVED = [e for e in ALL if e.name not in EXCLUDED and not e.path.startswith("/hook/")]
READS = [
    exchange
    for exchange in SERVED
    if exchange.method in ("GET", "HEAD")
    and exchange.name not in {*BEFORE, *FAILING}
    and "plain_http" not in exchange.name
]
WRITES = [exchange for exchange in SERVED if exchange not in READS]
_STAMP = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d")


@pytest.fixture(scope="module")
def quiet_store() -> Any:
    """A recorded store that no test of this module writes to."""
    with StoreEmulator() as store:
        yield store


def name_of(exchange: Exchange) -> str:
    return exchange.name


@pytest.mark.parametrize("exchange", READS, ids=name_of)
def test_the_emulator_reads_out_what_the_recorded_store_did(
    exchange: Exchange, quiet_store: StoreEmulator
) -> None:
    recorded = exchange.answer()

    answer = put(quiet_store, exchange)

    assert answer.status_code == recorded.status_code
    assert headers_of(quiet_store, answer) == headers_of(quiet_store, recorded)
    assert settled(body_of(answer)) == settled(body_of(recorded))


@pytest.mark.parametrize("exchange", WRITES, ids=name_of)
def test_the_emulator_takes_a_write_as_the_recorded_store_did(exchange: Exchange) -> None:
    recorded = exchange.answer()

    with emulated(exchange) as store:
        answer = put(store, exchange)

        assert answer.status_code == recorded.status_code
        assert headers_of(store, answer) == headers_of(store, recorded)
        assert written(exchange, body_of(answer)) == written(exchange, body_of(recorded))


def test_every_recording_is_either_repeated_or_excluded_with_a_reason() -> None:
    names = {exchange.name for exchange in ALL if not exchange.path.startswith("/hook/")}

    assert names == {exchange.name for exchange in [*READS, *WRITES]} | set(EXCLUDED)
    assert len(names) > 250


def headers_of(store: StoreEmulator, answer: httpx.Response) -> dict[str, str | None]:
    found = {name: masked(store, answer.headers.get(name)) for name in HEADERS}
    return found | {"Location": without_last_id(found["Location"])}


def body_of(answer: httpx.Response) -> Any:
    if not answer.headers["Content-Type"].startswith("application/json"):
        return answer.text
    return answer.json() if answer.content else ""


def written(exchange: Exchange, body: Any) -> Any:
    """Return a write's answer without ids and times that depend on when it was made."""
    calm = settled(without(body, DRIFTED.get(exchange.name, frozenset())))
    if exchange.method == "POST" or exchange.name in BEFORE:
        calm = without(without_ids(calm), GIVEN)
    return without_new_times(without_meta_ids(calm), exchange.moment)


def without_ids(value: Any) -> Any:
    """Drop ids of records and lines; the ids of tax rates stay."""
    if isinstance(value, list):
        return [without_ids(item) for item in value]
    if not isinstance(value, dict):
        return value
    of_a_rate = set(value) == {"id", "total", "subtotal"}
    return {key: without_ids(item) for key, item in value.items() if key != "id" or of_a_rate}


def without_meta_ids(value: Any) -> Any:
    if isinstance(value, list):
        return [without_meta_ids(item) for item in value]
    if not isinstance(value, dict):
        return value
    calm = {key: without_meta_ids(item) for key, item in value.items()}
    for entry in calm.get("meta_data") or ():
        entry.pop("id", None)
        if entry.get("key") == "_wp_trash_meta_time":
            entry["value"] = "a moment ago"
    return calm


def without_new_times(value: Any, moment: int) -> Any:
    """Replace times of the last minute, in UTC or in the site's zone, by a word."""
    now = datetime.fromtimestamp(moment, UTC).replace(tzinfo=None)
    fresh = [(now - timedelta(hours=shift), now) for shift in (0, 7)]

    def calm(text: Any) -> Any:
        if isinstance(text, list):
            return [calm(item) for item in text]
        if isinstance(text, dict):
            return {key: calm(item) for key, item in text.items()}
        if not isinstance(text, str) or not _STAMP.fullmatch(text):
            return text
        stamp = datetime.fromisoformat(text)
        new = any(timedelta(0) <= at - stamp < timedelta(minutes=1) for at, _ in fresh)
        return "now" if new else text

    return calm(value)
