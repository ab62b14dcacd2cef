"""Webhooks are delivered as WooCommerce 11.0.1 was seen to deliver them."""

import base64
import hashlib
import hmac
import time
from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from udsync_pipelines.emulators.woocommerce import StoreEmulator
from udsync_pipelines_tests.emulators.woocommerce.listening import Listener, listening
from udsync_pipelines_tests.store_fixtures import StartStore, client_of

SECRET = "letters123"
ORDER = {"line_items": [{"product_id": 10, "quantity": 1}], "set_paid": True}


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening() as found:
        yield found


@pytest.fixture
def quiet(store_emulator: StartStore) -> StoreEmulator:
    """The recorded store, whose scheduled work is done when the test says so."""
    return store_emulator(webhooks_held=True)


def hook(store: StoreEmulator, listener: Listener, topic: str, **more: Any) -> dict[str, Any]:
    body = {"topic": topic, "delivery_url": f"{listener.url}/in?c=1", "secret": SECRET, **more}
    with client_of(store) as ask:
        answer = ask.post("webhooks", json=body)
    assert answer.status_code == 201
    made: dict[str, Any] = answer.json()
    return made


def is_signed(body: bytes, signature: str, secret: str) -> bool:
    digest = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    return base64.b64encode(digest).decode() == signature


def test_a_new_webhook_pings_its_address_with_a_bare_unsigned_form(
    quiet: StoreEmulator, listener: Listener
) -> None:
    made = hook(quiet, listener, "order.updated")

    (ping,) = listener.received
    assert ping.body == f"webhook_id={made['id']}".encode()
    assert ping.path == "/in?c=1"
    assert ping.headers["content-type"] == "application/x-www-form-urlencoded"
    assert not any(name.startswith("x-wc") for name in ping.headers)


def test_a_save_pings_again_until_the_address_has_answered_with_200(
    quiet: StoreEmulator, listener: Listener
) -> None:
    listener.status = 204
    made = hook(quiet, listener, "order.updated")
    listener.status = 200
    with client_of(quiet) as ask:
        for _ in range(3):
            ask.put(f"webhooks/{made['id']}", json={"name": "renamed"})

    assert len(listener.received) == 2


def test_a_webhook_is_active_although_nothing_listens(quiet: StoreEmulator) -> None:
    with client_of(quiet) as ask:
        made = ask.post(
            "webhooks",
            json={"topic": "order.updated", "delivery_url": "http://127.0.0.1:9/x", "secret": "s"},
        ).json()

    assert made["status"] == "active"


def test_a_delivery_is_the_record_as_get_shows_it_signed_on_its_bytes(
    quiet: StoreEmulator, listener: Listener
) -> None:
    made = hook(quiet, listener, "order.updated")
    order = quiet.control.create_order(ORDER)

    quiet.control.run_webhooks()

    (delivery,) = listener.deliveries
    with client_of(quiet) as ask:
        shown = ask.get(f"orders/{order['id']}").json()
    assert orjson.loads(delivery.body) == shown
    assert is_signed(delivery.body, delivery.headers["x-wc-webhook-signature"], SECRET)
    assert b'"https:\\/\\/' in delivery.body or b'"http:\\/\\/' in delivery.body
    assert delivery.headers["x-wc-webhook-id"] == str(made["id"])
    assert delivery.headers["x-wc-webhook-resource"] == "order"
    assert delivery.headers["x-wc-webhook-event"] == "updated"
    assert delivery.headers["user-agent"].startswith("WooCommerce/")


def test_a_new_order_is_told_as_created_and_updated_and_its_stock_as_a_product(
    quiet: StoreEmulator, listener: Listener
) -> None:
    for topic in ("order.created", "order.updated", "product.updated"):
        hook(quiet, listener, topic)

    quiet.control.create_order(ORDER)
    quiet.control.run_webhooks()

    assert sorted(listener.topics) == ["order.created", "order.updated", "product.updated"]


def test_the_store_remembers_when_it_sent_each_delivery(
    quiet: StoreEmulator, listener: Listener
) -> None:
    hook(quiet, listener, "order.updated")
    quiet.control.edit_order(116, {"customer_note": "soon"})
    begun = time.time()

    quiet.control.run_webhooks()

    (delivery,) = quiet.control.webhook_deliveries()
    assert (delivery["topic"], delivery["record_id"]) == ("order.updated", 116)
    assert delivery["status"] == 200
    assert begun <= delivery["at"] <= time.time()


def test_changes_before_the_queue_runs_are_one_delivery_of_the_last_state(
    quiet: StoreEmulator, listener: Listener
) -> None:
    hook(quiet, listener, "order.updated")
    for note in ("first", "second", "third"):
        quiet.control.edit_order(116, {"customer_note": note})

    quiet.control.run_webhooks()

    (delivery,) = listener.deliveries
    assert orjson.loads(delivery.body)["customer_note"] == "third"


def test_an_order_that_is_gone_is_told_by_a_signed_error(
    quiet: StoreEmulator, listener: Listener
) -> None:
    hook(quiet, listener, "order.created")
    order = quiet.control.create_order(ORDER)
    quiet.control.delete_order(order["id"])

    quiet.control.run_webhooks()

    (delivery,) = listener.deliveries
    assert orjson.loads(delivery.body) == {
        "code": "woocommerce_rest_shop_order_invalid_id",
        "message": "Invalid ID.",
        "data": {"status": 404},
    }
    assert is_signed(delivery.body, delivery.headers["x-wc-webhook-signature"], SECRET)


def test_trash_and_restoration_of_an_order_have_topics_of_their_own(
    quiet: StoreEmulator, listener: Listener
) -> None:
    for topic in ("order.deleted", "order.restored"):
        hook(quiet, listener, topic)
    quiet.control.trash_order(116)
    quiet.control.run_webhooks()
    quiet.control.edit_order(116, {"status": "processing"})

    quiet.control.run_webhooks()

    deleted, restored = listener.deliveries
    assert orjson.loads(deleted.body) == {"id": 116}
    assert orjson.loads(restored.body)["status"] == "processing"


def test_a_refund_is_told_as_an_update_of_its_order(
    quiet: StoreEmulator, listener: Listener
) -> None:
    for topic in ("order.created", "order.updated"):
        hook(quiet, listener, topic)

    quiet.control.refund_order(116, {"amount": "1.00"})
    quiet.control.run_webhooks()

    assert listener.topics == ["order.updated"]


def test_a_changed_variation_is_told_as_a_product_of_its_own_id(
    quiet: StoreEmulator, listener: Listener
) -> None:
    hook(quiet, listener, "product.updated")
    with client_of(quiet) as ask:
        variation = ask.get("variations").json()[0]
        parent = quiet.store.records.row("variation", variation["id"])
        assert parent is not None
        ask.put(
            f"products/{parent.parent}/variations/{variation['id']}", json={"regular_price": "9"}
        )

    quiet.control.run_webhooks()

    (delivery,) = listener.deliveries
    body = orjson.loads(delivery.body)
    assert (body["id"], body["type"]) == (variation["id"], "variation")


def test_two_deliveries_within_a_second_share_their_delivery_id(
    quiet: StoreEmulator, listener: Listener
) -> None:
    quiet.clock.set("2026-11-22T14:00:00")
    hook(quiet, listener, "order.updated")
    quiet.control.edit_order(116, {"customer_note": "a"})
    quiet.control.edit_order(92, {"customer_note": "b"})

    quiet.control.run_webhooks()

    first, second = listener.deliveries
    name = "x-wc-webhook-delivery-id"
    assert first.headers[name] == second.headers[name]


def test_a_secret_is_decoded_like_html_before_it_signs(
    quiet: StoreEmulator, listener: Listener
) -> None:
    hook(quiet, listener, "order.updated", secret="a&amp;b")
    quiet.control.edit_order(116, {"customer_note": "a"})

    quiet.control.run_webhooks()

    (delivery,) = listener.deliveries
    assert is_signed(delivery.body, delivery.headers["x-wc-webhook-signature"], "a&b")


def test_a_failed_delivery_is_lost_and_the_seventh_in_a_row_disables(
    quiet: StoreEmulator, listener: Listener
) -> None:
    made = hook(quiet, listener, "order.updated")
    listener.status = 500
    states = []
    for number in range(8):
        quiet.control.edit_order(116, {"customer_note": str(number)})
        quiet.control.run_webhooks()
        with client_of(quiet) as ask:
            states.append(ask.get(f"webhooks/{made['id']}").json()["status"])

    assert states == ["active"] * 6 + ["disabled"] * 2
    assert len(listener.deliveries) == 7


def test_switching_a_webhook_on_again_does_not_forget_its_failures(
    quiet: StoreEmulator, listener: Listener
) -> None:
    made = hook(quiet, listener, "order.updated")
    listener.status = 500
    for number in range(7):
        quiet.control.edit_order(116, {"customer_note": str(number)})
        quiet.control.run_webhooks()
    with client_of(quiet) as ask:
        ask.put(f"webhooks/{made['id']}", json={"status": "active"})
    quiet.control.edit_order(116, {"customer_note": "once more"})

    quiet.control.run_webhooks()

    with client_of(quiet) as ask:
        assert ask.get(f"webhooks/{made['id']}").json()["status"] == "disabled"


def test_one_success_forgets_the_failures_and_a_redirect_is_one(
    quiet: StoreEmulator, listener: Listener
) -> None:
    made = hook(quiet, listener, "order.updated")
    for status in (500,) * 6 + (302,) + (500,) * 6:
        listener.status = status
        quiet.control.edit_order(116, {"customer_note": str(status)})
        quiet.control.run_webhooks()

    with client_of(quiet) as ask:
        assert ask.get(f"webhooks/{made['id']}").json()["status"] == "active"


def test_without_being_held_deliveries_come_by_themselves(
    recorded_store: StoreEmulator, listener: Listener
) -> None:
    hook(recorded_store, listener, "order.updated")

    recorded_store.control.edit_order(116, {"customer_note": "by itself"})

    deadline = time.monotonic() + 30
    while not listener.deliveries and time.monotonic() < deadline:
        time.sleep(0.01)
    assert listener.topics == ["order.updated"]


def test_deliveries_can_be_lost_repeated_and_disordered(
    quiet: StoreEmulator, listener: Listener
) -> None:
    hook(quiet, listener, "order.updated")
    ids = [order["id"] for order in _orders(quiet)]

    counts = []
    for disturbance in ({"lose": 1.0}, {"duplicate": 1.0}, {"reorder": True}):
        quiet.control.disturb_webhooks(**disturbance)
        for order_id in ids:
            quiet.control.edit_order(order_id, {"customer_note": str(disturbance)})
        counts.append(quiet.control.run_webhooks())

    told = [orjson.loads(one.body)["id"] for one in listener.deliveries]
    assert counts == [0, 2 * len(ids), len(ids)]
    assert told[-len(ids) :] != ids
    assert sorted(told[-len(ids) :]) == sorted(ids)


def test_a_removed_webhook_delivers_nothing_of_what_waited(
    quiet: StoreEmulator, listener: Listener
) -> None:
    made = hook(quiet, listener, "order.updated")
    quiet.control.edit_order(116, {"customer_note": "a"})
    with client_of(quiet) as ask:
        ask.delete(f"webhooks/{made['id']}", params={"force": "true"})

    tried = quiet.control.run_webhooks()

    assert (tried, listener.deliveries) == (0, [])


def test_what_moves_no_record_in_the_shop_tells_nobody(
    quiet: StoreEmulator, listener: Listener
) -> None:
    hook(quiet, listener, "order.updated")

    quiet.control.shuffle_noise([116, 92])
    quiet.control.edit_silently("order", 116, {"customer_note": "silently"})

    assert quiet.control.waiting_webhooks() == 0


def _orders(store: StoreEmulator) -> list[dict[str, Any]]:
    with client_of(store) as ask:
        found: list[dict[str, Any]] = ask.get("orders", params={"per_page": 12}).json()
    return found
