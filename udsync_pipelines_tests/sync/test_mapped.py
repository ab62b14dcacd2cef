"""From an archived record to rows, or to a reason why not."""

from dataclasses import replace
from decimal import Decimal

import orjson

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.mapping import load_profile
from udsync_pipelines.sync.mapped import Mapper
from udsync_pipelines.sync.records import ArchivedRecord
from udsync_pipelines_tests.sync.memory import NOW
from udsync_pipelines_tests.sync.shop import Shop
from udsync_pipelines_tests.sync.world import order_profile, refund_profile

ORDERS = Mapper(Shop(), order_profile())
REFUNDS = Mapper(Shop(), refund_profile())


def archived(entity: Entity = Entity.ORDER, **content: object) -> ArchivedRecord:
    raw = orjson.dumps({"id": 1, "total": "18.00", **content})
    return ArchivedRecord(entity, "1", raw, content_hash=b"h" * 16, changed_seq=7)


def test_a_record_becomes_the_rows_that_its_profile_says() -> None:
    mapped = ORDERS.map(archived())

    assert {column: str(value) for column, value in mapped.root.items()} == {
        "id": "1",
        "total": "18.00",
    }
    assert (mapped.entity, mapped.source_id, mapped.deleted_at) == (Entity.ORDER, "1", None)
    assert mapped.raw == archived().raw


def test_the_row_hash_is_the_same_for_the_same_record() -> None:
    assert ORDERS.map(archived()).row_hash == ORDERS.map(archived()).row_hash


def test_rows_raw_json_and_deletion_each_change_the_row_hash() -> None:
    record = archived()

    hashes = {
        ORDERS.map(record).row_hash,
        ORDERS.map(archived(total="18.01")).row_hash,
        ORDERS.map(replace(record, content_hash=b"other".ljust(16))).row_hash,
        ORDERS.map(replace(record, deleted_at=NOW)).row_hash,
        Mapper(Shop(), order_profile(note="customer_note")).map(record).row_hash,
    }

    assert len(hashes) == 5
    assert all(len(row_hash) == 16 for row_hash in hashes)


def test_a_deletion_seen_at_another_time_is_the_same_deletion() -> None:
    earlier = replace(archived(), deleted_at=NOW.replace(hour=1))

    assert ORDERS.map(earlier).row_hash == ORDERS.map(replace(earlier, deleted_at=NOW)).row_hash


def test_a_record_that_cannot_be_read_is_parked_and_the_rest_goes_on() -> None:
    bad = replace(archived(is_broken=True), source_id="2")

    mapped, parked = ORDERS.map_all([bad, archived()])

    assert [record.source_id for record in mapped] == ["1"]
    (one,) = parked
    assert (one.source_id, one.content_hash, one.code) == ("2", b"h" * 16, "bad_value")
    assert one.reason == "total is not an amount."
    assert one.cure == "Correct the record in the shop; the next sync tries it again."


def test_a_refund_without_its_order_keeps_the_cure_of_its_source() -> None:
    _, (parked,) = REFUNDS.map_all([archived(Entity.REFUND, amount="5.00")])

    assert (parked.code, parked.cure) == ("waits_for_order", "Sync orders.")


def test_a_record_that_a_rule_refuses_is_parked_with_the_rule_named() -> None:
    weight = {"target": "weight", "source": "raw.weight", "apply": ["to_decimal"]}
    block = {"table": "orders", "rules": [{"target": "id", "source": "id"}, weight]}
    form = {"entity": "order", "directions": {"woocommerce_to_rows": [block]}}

    mapped, (parked,) = Mapper(Shop(), load_profile(form)).map_all(
        [archived(weight="secret"), archived(weight="1.5")]
    )

    assert [record.root["weight"] for record in mapped] == [Decimal("1.5")]
    assert "rule 2 for orders.weight" in parked.reason
    assert "secret" not in f"{parked.reason} {parked.cure}"
