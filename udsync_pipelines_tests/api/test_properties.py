"""Whatever is changed on a signed delivery, nothing of it is stored."""

import string
from contextlib import suppress

import httpx
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from udsync_pipelines.connectors.quickbooks import webhook as quickbooks
from udsync_pipelines.connectors.woocommerce import webhook as woocommerce
from udsync_pipelines.errors import RecordRejectedError
from udsync_pipelines_tests.api.intake import Sender, signed

bodies = st.binary(max_size=300)
secrets = st.text(string.ascii_letters + string.digits, min_size=1, max_size=64)


@given(body=bodies, secret=secrets, other=st.lists(secrets, max_size=3))
def test_what_one_of_the_secrets_has_signed_is_recognised(
    body: bytes, secret: str, other: list[str]
) -> None:
    signature = signed(secret, body)

    assert woocommerce.is_signed(body, signature, [*other, secret])
    assert quickbooks.signed_by(body, signature, [*other, secret]) == secret


@given(body=bodies, changed=bodies, secret=secrets, other=secrets, signature=st.text(max_size=60))
def test_no_other_body_secret_or_signature_is_recognised(
    body: bytes, changed: bytes, secret: str, other: str, signature: str
) -> None:
    right = signed(secret, body)

    for sent, shown, held in (
        (changed, right, secret),
        (body, signature, secret),
        (body, right, other),
        (body, right.swapcase(), secret),
        (body, right.rstrip("="), secret),
        (body, f" {right}", secret),
    ):
        expected = (sent, shown, held) == (body, right, secret)
        assert woocommerce.is_signed(sent, shown, [held]) is expected
        assert quickbooks.signed_by(sent, shown, [held]) == (secret if expected else None)


@given(body=bodies, signature=st.text(max_size=60))
def test_nothing_is_recognised_where_no_secret_is_known(body: bytes, signature: str) -> None:
    assert not woocommerce.is_signed(body, signature, ())
    assert quickbooks.signed_by(body, signature, ()) is None


@given(body=st.one_of(bodies, st.text(max_size=100).map(str.encode)), topic=st.text(max_size=20))
def test_any_body_is_read_or_refused_as_malformed(body: bytes, topic: str) -> None:
    for read in (
        lambda: woocommerce.delivery(topic, body, None),
        lambda: quickbooks.cloud_events(body),
        lambda: quickbooks.legacy_events(body),
    ):
        with suppress(RecordRejectedError):
            read()


@pytest.mark.postgres
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(position=st.integers(min_value=0, max_value=10_000), bit=st.integers(0, 7), where=st.data())
def test_one_changed_bit_of_a_delivery_is_refused_by_the_api(
    senders: Sender, position: int, bit: int, where: st.DataObject
) -> None:
    shop = senders.shop()
    body = b'{"id":409,"total":"12.50","date_modified_gmt":"2026-11-22T14:18:11"}'
    signature = signed(shop.secrets["order.updated"], body).encode()
    target = where.draw(st.sampled_from(["body", "signature"]))
    changed = bytearray(body if target == "body" else signature)
    changed[position % len(changed)] ^= 1 << bit
    assume(target == "body" or chr(changed[position % len(changed)]) in string.printable.strip())

    answer = send(
        senders,
        shop.connection_id,
        bytes(changed) if target == "body" else body,
        bytes(changed) if target == "signature" else signature,
    )

    assert answer.status_code == 401
    assert senders.stored() == []


def send(senders: Sender, connection: object, body: bytes, signature: bytes) -> httpx.Response:
    headers = [
        (b"Content-Type", b"application/json"),
        (b"X-WC-Webhook-Topic", b"order.updated"),
        (b"X-WC-Webhook-Signature", signature),
    ]
    return senders.api.post(
        f"/api/webhooks/woocommerce?connection={connection}", content=body, headers=headers
    )
