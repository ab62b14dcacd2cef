"""Deliveries of stores: verified, stored once, refused without a trace."""

import base64
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from udsync_pipelines.store.tables.states import Platform
from udsync_pipelines_tests.api.intake import LIMIT, Sender, signed

pytestmark = pytest.mark.postgres

RECORDINGS = Path(__file__).parent.parent / "recordings" / "woocommerce" / "webhooks"
DELIVERIES = sorted(path.stem for path in RECORDINGS.glob("delivery_*.json"))
ORDER = {"id": 409, "status": "processing", "date_modified_gmt": "2026-11-22T14:18:11"}


def recording(name: str) -> tuple[bytes, dict[str, str], str]:
    """The raw body of a recorded delivery, its headers, and the secret that signed it."""
    found: dict[str, Any] = json.loads((RECORDINGS / f"{name}.json").read_text())
    headers = {name: value for name, value in found["request"]["headers"] if name != "Host"}
    return base64.b64decode(found["raw_body_base64"]), headers, found["secret"]


@pytest.mark.parametrize("name", DELIVERIES)
def test_every_recorded_delivery_is_taken_as_the_store_sent_it(senders: Sender, name: str) -> None:
    body, headers, secret = recording(name)
    shop = senders.shop()
    topic = headers["X-WC-Webhook-Topic"]
    senders.know("acme", Platform.WOOCOMMERCE, shop.connection_id, topic, secret)

    answer = senders.api.post(
        f"/api/webhooks/woocommerce?connection={shop.connection_id}", content=body, headers=headers
    )

    (stored,) = senders.stored()
    named = json.loads(body).get("id")
    assert (answer.status_code, answer.content) == (200, b"")
    assert (stored.topic, stored.resource_id) == (topic, str(named) if named else None)
    assert stored.state == ("pending" if named else "ignored")


def test_a_delivery_waits_for_its_lane_with_the_time_of_the_change(senders: Sender) -> None:
    senders.shop().send(ORDER)

    (stored,) = senders.stored()

    assert (stored.entity, stored.resource_id, stored.state) == ("order", "409", "pending")
    assert stored.occurred_at.isoformat() == "2026-11-22T14:18:11+00:00"


def test_a_changed_variation_is_told_from_its_product(senders: Sender) -> None:
    body = {"id": 31, "type": "variation", "date_modified_gmt": "2026-11-22T14:18:11"}

    senders.shop().send(body, topic="product.updated")

    (stored,) = senders.stored()
    assert (stored.entity, stored.resource_id) == ("variation", "31")


def test_the_ping_of_a_new_webhook_is_answered_and_does_nothing(senders: Sender) -> None:
    body, headers, _ = recording("ping_order_created")
    shop = senders.shop()

    answer = senders.api.post(
        f"/api/webhooks/woocommerce?connection={shop.connection_id}", content=body, headers=headers
    )

    assert answer.status_code == 200
    assert senders.stored() == []


def test_a_delivery_that_comes_again_is_answered_and_not_stored_again(senders: Sender) -> None:
    shop = senders.shop()

    answers = [shop.send(ORDER), shop.send(ORDER), shop.send(ORDER, delivery_id="e" * 32)]

    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert len(senders.stored()) == 1


def test_a_record_that_is_deleted_twice_is_looked_at_twice(senders: Sender) -> None:
    shop = senders.shop()

    for second in ("a" * 32, "a" * 32, "b" * 32):
        shop.send({"id": 409}, topic="order.deleted", delivery_id=second)

    assert [row.resource_id for row in senders.stored()] == ["409", "409"]


def test_a_body_that_names_no_record_is_kept_and_never_worked_on(senders: Sender) -> None:
    shop = senders.shop()

    answers = [shop.send({"code": "gone"}), shop.send({"id": 0}), shop.send({"id": "409"})]

    assert {answer.status_code for answer in answers} == {200}
    assert {(row.state, row.entity) for row in senders.stored()} == {("ignored", None)}


@pytest.mark.parametrize(
    "forged",
    [
        {"secret": "another"},
        {"headers": {"X-WC-Webhook-Signature": ""}},
        {"headers": {"X-WC-Webhook-Signature": "not base64, not ascii: \u00e9".encode("latin-1")}},
        {"topic": "order.deleted", "secret": "secret-acme-order.updated"},
        {"topic": "coupon.updated"},
        {"headers": {"X-WC-Webhook-Topic": ""}},
    ],
)
def test_a_forged_delivery_is_refused_and_leaves_nothing(
    senders: Sender, forged: dict[str, Any]
) -> None:
    answer = senders.shop().send(ORDER, **forged)

    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "webhook_forged"
    assert senders.stored() == []


def test_a_body_that_was_written_anew_no_longer_fits_its_signature(senders: Sender) -> None:
    body = b'{"id":409,"note":"caf\\u00e9 \\/ bar"}'
    rewritten = json.dumps(json.loads(body)).encode()

    answer = senders.shop().send(
        rewritten,
        headers={"X-WC-Webhook-Signature": signed("secret-acme-order.updated", body)},
    )

    assert answer.status_code == 401


@pytest.mark.parametrize(
    "connection", ["", "shop.example", "00000000-0000-0000-0000-000000000000", "' OR 1=1"]
)
def test_an_unknown_address_answers_the_same_whatever_is_asked(
    senders: Sender, connection: str
) -> None:
    answer = senders.shop().send(ORDER, connection=connection)

    assert answer.status_code == 404
    assert answer.json() == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "There is no webhook at this address.",
        "code": "webhook_unknown",
    }


def test_a_store_cannot_deliver_for_the_store_of_another_tenant(senders: Sender) -> None:
    ours, theirs = senders.shop("ours"), senders.shop("theirs")

    answer = ours.send(ORDER, connection=theirs.connection_id)

    assert answer.status_code == 401
    assert senders.stored("theirs") == []


def test_deliveries_of_a_disabled_connection_are_refused(senders: Sender) -> None:
    shop = senders.shop()
    with senders.database.tenant(shop.tenant_id) as connection:
        connection.exec_driver_sql("UPDATE udsync.connections SET is_enabled = false")
    senders.api.services.intake.secrets.forget()

    answer = shop.send(ORDER)

    assert answer.status_code == 404


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"text"', b"1", b"\xff", b"webhook_id=abc"])
def test_a_malformed_body_is_refused_although_it_is_signed(senders: Sender, body: bytes) -> None:
    answer = senders.shop().send(body)

    assert (answer.status_code, answer.json()["code"]) == (400, "webhook_malformed")
    assert senders.stored() == []


def test_a_form_that_is_no_ping_counts_as_a_forged_delivery(senders: Sender) -> None:
    shop = senders.shop()
    headers = {"content-type": "application/x-www-form-urlencoded"}

    answer = senders.api.post(
        f"/api/webhooks/woocommerce?connection={shop.connection_id}",
        content=b"webhook_id=1&id=409",
        headers=headers,
    )

    assert answer.status_code == 401


def test_a_body_above_the_limit_is_refused_by_its_announced_length(senders: Sender) -> None:
    answer = senders.shop().send(b'"' + b"a" * LIMIT + b'"')

    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
    assert senders.stored() == []


def test_a_body_above_the_limit_is_refused_when_its_length_is_not_announced(
    senders: Sender,
) -> None:
    shop = senders.shop()
    chunks = (b"a" * 1000 for _ in range(LIMIT))

    answer = senders.api.post(
        f"/api/webhooks/woocommerce?connection={shop.connection_id}", content=chunks
    )

    assert answer.status_code == 413
    assert next(chunks, None) is not None


def test_what_was_refused_is_counted_by_its_cause(senders: Sender) -> None:
    shop = senders.shop()
    before = Counter(senders.api.get("/api/health").json()["refused"])
    shop.send(ORDER, secret="another")
    shop.send(ORDER, secret="another")
    shop.send(ORDER, connection="")

    after = Counter(senders.api.get("/api/health").json()["refused"])

    assert after - before == {"webhook_forged": 2, "webhook_unknown": 1}


def test_the_former_secret_holds_for_an_hour_after_the_new_one_is_confirmed(
    senders: Sender,
) -> None:
    shop = senders.shop()
    senders.know("acme", Platform.WOOCOMMERCE, shop.connection_id, "order.updated", "the-new-one")
    before = [shop.send({"id": 1}), shop.send({"id": 2}, secret="the-new-one")]
    with senders.database.tenant(shop.tenant_id) as connection:
        connection.execute(sa.text("UPDATE udsync.webhook_configs SET former_until = now()"))
    senders.api.services.intake.secrets.forget()

    after = [shop.send({"id": 3}), shop.send({"id": 4}, secret="the-new-one")]

    assert [answer.status_code for answer in before] == [200, 200]
    assert [answer.status_code for answer in after] == [401, 200]
