"""Properties of the values that travel: what a column holds is exactly what was mapped."""

import enum
import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from udsync_pipelines.connectors.supabase import SupabaseDestination
from udsync_pipelines.connectors.supabase.values import (
    UnfitValueError,
    encode_bigint,
    encode_boolean,
    encode_bytea,
    encode_json,
    encode_jsonb,
    encode_numeric,
    encode_plain,
    encode_text,
    encode_timestamptz,
)
from udsync_pipelines.domain.identity import Entity
from udsync_pipelines_tests.connectors.supabase.conftest import Session
from udsync_pipelines_tests.connectors.supabase.records import order

texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
amounts = st.decimals(allow_nan=False, allow_infinity=False)
ids = st.integers(-(2**63), 2**63 - 1).map(str)
moments = st.datetimes(
    min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30),  # noqa: DTZ001 (given a zone next)
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=-7)), timezone(timedelta(hours=13))]),
)  # fmt: skip
documents = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=8,
)
rows = st.fixed_dictionaries(
    {
        "customer_note": texts,
        "total": amounts,
        "customer_id": st.none() | ids,
        "prices_include_tax": st.none() | st.booleans(),
        "paid_at": st.none() | moments,
        "taxes": st.lists(documents, max_size=3),
        "discounts": st.dictionaries(texts, documents, max_size=3),
    }
)


@pytest.mark.postgres
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(rows, min_size=1, max_size=8))
def test_every_type_of_column_gives_back_what_was_loaded(
    destination: SupabaseDestination, batch: list[dict[str, Any]]
) -> None:
    records = [order(number, **row) for number, row in enumerate(batch, start=1)]

    receipt = destination.load(Entity.ORDER, records)

    stored = destination.stored(Entity.ORDER, [record.source_id for record in records])
    assert receipt.rejected == ()
    assert [
        {name: stored[str(number)][name] for name in row}
        for number, row in enumerate(batch, start=1)
    ] == batch


@pytest.mark.postgres
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(documents, min_size=1, max_size=8), st.booleans())
def test_raw_json_comes_back_to_the_byte_and_can_be_queried(
    destination: SupabaseDestination,
    session: Session,
    bodies: list[object],
    is_escaped: bool,
) -> None:
    sent = [json.dumps({"x": body}, ensure_ascii=is_escaped).encode() for body in bodies]

    destination.load(Entity.ORDER, [order(n, raw=raw) for n, raw in enumerate(sent, start=1)])

    query = """
        select convert_to(raw::text, 'UTF8'), raw ->> 'x', raw::jsonb is not null from woo_orders
         where content_hash = any(%s) and id <= %s order by id"""
    hashes = list(destination.hashes(Entity.ORDER, [str(n + 1) for n in range(len(sent))]).values())
    found = session.execute(query, [hashes, len(sent)]).fetchall()
    assert [row[0] for row in found] == sent


@given(amounts)
def test_an_amount_keeps_every_digit_on_its_way(amount: Decimal) -> None:
    assert Decimal(encode_numeric(amount)) == amount


@given(st.one_of(st.floats(), st.integers(), st.binary(), st.lists(st.text()), st.text()))
def test_a_value_is_encoded_or_refused_but_never_breaks(value: object) -> None:
    encoders = (encode_bigint, encode_numeric, encode_text, encode_boolean, encode_timestamptz,
                encode_jsonb, encode_json, encode_bytea, encode_plain)  # fmt: skip

    for encode in encoders:
        with suppress(UnfitValueError):
            encoded = encode(value)

            assert "\0" not in encoded
            encoded.encode()


@pytest.mark.parametrize(
    "raw",
    [
        b"\0",
        rb'{"a":"\u0000"}',
        rb'{"a":"\\\u0000"}',
        rb'{"\u0000":1}',
        rb'{"a":"x\ud83c\udf81\u0000"}',
    ],
)
def test_a_nul_in_json_is_refused(raw: bytes) -> None:
    with pytest.raises(UnfitValueError) as caught:
        encode_json(raw)

    assert caught.value.code == "nul_character"


@pytest.mark.parametrize(
    "raw", [rb'{"a":"\ud83c"}', rb'{"a":"\udf81\ud83c"}', rb'{"a":"\ud83c\ud83c\udf81"}', b'"\xff"']
)
def test_half_a_character_in_json_is_refused(raw: bytes) -> None:
    with pytest.raises(UnfitValueError) as caught:
        encode_json(raw)

    assert caught.value.code == "broken_text"


@pytest.mark.parametrize("raw", [rb'{"a":"\\u0000"}', rb'{"a":"\\ud83c"}', rb'"\uD83C\uDF81"'])
def test_json_that_only_looks_suspicious_is_taken(raw: bytes) -> None:
    assert encode_json(raw) == raw.decode()


def test_words_of_an_enumeration_are_written_without_its_class() -> None:
    class Shade(enum.StrEnum):
        BLUE = "blue"

    assert encode_text(Shade.BLUE) == "blue"
    assert type(encode_text(Shade.BLUE)) is str


def test_exact_numbers_inside_json_become_text_and_huge_ones_stay() -> None:
    encoded = encode_jsonb([Decimal("0.10"), 2**70, {"a": (1, 2)}])

    assert encoded == '["0.10", 1180591620717411303424, {"a": [1, 2]}]'


@pytest.mark.parametrize("text", ['{"a": 1e400}', "[1.50]", '"plain"', "null", str(2**70)])
def test_json_text_passes_as_it_is(text: str) -> None:
    assert encode_jsonb(text) == text


@pytest.mark.parametrize("value", ["not json", "[NaN]", "{", "", {1, 2}, b"x", [object()]])
def test_what_is_no_json_is_refused(value: object) -> None:
    with pytest.raises(UnfitValueError) as caught:
        encode_jsonb(value)

    assert caught.value.code == "not_json"
