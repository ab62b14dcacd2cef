"""The archive: page and bookmark in one transaction, each change once, in order."""

from dataclasses import replace
from uuid import uuid4

import pytest
import sqlalchemy as sa

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.errors import PlatformUnavailableError
from udsync_pipelines.store.repositories.archive import PostgresArchive
from udsync_pipelines.sync.ports import PageReceipt
from udsync_pipelines.sync.records import READ, Page
from udsync_pipelines_tests.store.databases import StateServer
from udsync_pipelines_tests.store.repositories.syncing import (
    MODIFIED_AT,
    Tenant,
    cutting_at,
    overheard,
    page,
    record,
    sent,
)

pytestmark = pytest.mark.postgres


def store(tenant: Tenant, given: Page, *, purpose: str = READ) -> PageReceipt:
    return tenant.archive.store(given, tenant.plan().id, purpose)


def ids(tenant: Tenant, entity: Entity = Entity.ORDER) -> list[str]:
    return [one.source_id for one in tenant.archived(entity)]


def test_a_page_is_stored_with_its_bookmark(acme: Tenant) -> None:
    plan = acme.plan()

    receipt = acme.archive.store(
        page(record(7, total="1.50"), record(8), until="2026-09-01", n=[1, None]),
        plan.id,
    )

    assert receipt == PageReceipt(read=2, changed=2, deleted=0)
    assert acme.archive.bookmark(Entity.ORDER) == {"until": "2026-09-01", "n": [1, None]}
    first, second = acme.archived()
    assert (first.source_id, first.raw) == ("7", b'{"id":7,"total":"1.50"}')
    assert first.content_hash == record(7, total="1.50").content_hash
    assert (first.parent_raw, first.deleted_at) == (None, None)
    assert first.changed_seq < second.changed_seq
    (raw, _) = acme.rows("raw_records")
    assert (raw.plan_id, raw.source_modified_at) == (plan.id, MODIFIED_AT)


def test_what_was_never_read_has_an_empty_bookmark(acme: Tenant) -> None:
    store(acme, page(record(7), tick=1))

    assert acme.archive.bookmark(Entity.REFUND) == {}


def test_a_bookmark_moves_on_with_each_page_unless_it_is_kept(acme: Tenant) -> None:
    store(acme, page(record(7), tick=1))
    store(acme, page(record(8), tick=2))
    store(acme, page(record(9), tick=3), purpose="")

    assert acme.archive.bookmark(Entity.ORDER) == {"tick": 2}
    assert ids(acme) == ["7", "8", "9"]


def test_an_unchanged_page_appends_nothing_but_moves_the_bookmark(acme: Tenant) -> None:
    store(acme, page(record(7), record(8), tick=1))
    before = acme.archived()

    receipt = store(acme, page(record(7), record(8), tick=2))

    assert receipt == PageReceipt(read=2, changed=0, deleted=0)
    assert acme.archived() == before
    assert len(acme.rows("raw_records")) == 2
    assert acme.archive.bookmark(Entity.ORDER) == {"tick": 2}


def test_every_changed_state_is_kept_and_the_newest_is_given(acme: Tenant) -> None:
    store(acme, page(record(7, total="1.00"), record(8)))
    store(acme, page(record(7, total="2.00"), record(8)))

    assert ids(acme) == ["8", "7"]
    (newest,) = acme.archive.newest(Entity.ORDER, ["7"])
    assert newest.raw == b'{"id":7,"total":"2.00"}'
    raws = [row.raw for row in acme.rows("raw_records") if row.source_id == "7"]
    assert raws == [{"id": 7, "total": "1.00"}, {"id": 7, "total": "2.00"}]


def test_json_that_was_only_shuffled_is_no_change(acme: Tenant) -> None:
    original = record(7, a=1, b=2)
    store(acme, page(original))

    receipt = store(acme, page(replace(original, raw=b'{"b":2,"a":1,"id":7}')))

    assert receipt.changed == 0
    assert acme.archived()[0].raw == original.raw


def test_a_record_twice_on_a_page_counts_once_as_it_came_last(acme: Tenant) -> None:
    receipt = store(acme, page(record(7, v=1), record(8), record(7, v=2)))

    assert receipt == PageReceipt(read=2, changed=2, deleted=0)
    (seven,) = acme.archive.newest(Entity.ORDER, ["7"])
    assert seven.raw == b'{"id":7,"v":2}'
    assert len(acme.rows("raw_records")) == 2


def test_pending_gives_changes_in_their_order_batch_by_batch(acme: Tenant) -> None:
    for number in (30, 10, 20):
        store(acme, page(record(number)))
    store(acme, page(record(30, v=2)))

    first = acme.archive.pending(Entity.ORDER, 0, 2)
    rest = acme.archive.pending(Entity.ORDER, first[-1].changed_seq, 2)

    assert [one.source_id for one in first] == ["10", "20"]
    assert [one.source_id for one in rest] == ["30"]
    assert acme.archive.pending(Entity.ORDER, rest[-1].changed_seq, 2) == []


def test_newest_gives_only_what_is_known_in_the_order_of_change(acme: Tenant) -> None:
    store(acme, page(record(9), record(7), record(8)))

    found = acme.archive.newest(Entity.ORDER, ["7", "9", "77"])

    assert [one.source_id for one in found] == ["9", "7"]
    assert acme.archive.newest(Entity.ORDER, []) == []


# --- deletions --------------------------------------------------------------------------------


def test_a_deletion_is_a_change_that_keeps_the_last_json(acme: Tenant) -> None:
    store(acme, page(record(7), record(8)))
    seq = acme.archived()[-1].changed_seq

    receipt = store(acme, page(deleted=("7", "404")))

    assert receipt == PageReceipt(read=0, changed=0, deleted=1)
    (gone,) = acme.archive.pending(Entity.ORDER, seq, 10)
    assert (gone.source_id, gone.raw) == ("7", b'{"id":7}')
    assert gone.deleted_at is not None
    assert gone.deleted_at.utcoffset() is not None
    assert len(acme.rows("raw_records")) == 2


def test_a_deletion_seen_again_is_no_change(acme: Tenant) -> None:
    store(acme, page(record(7)))
    store(acme, page(deleted=("7",)))
    before = acme.archived()

    receipt = store(acme, page(deleted=("7",)))

    assert receipt.deleted == 0
    assert acme.archived() == before


def test_a_record_that_comes_back_unchanged_is_live_again(acme: Tenant) -> None:
    store(acme, page(record(7)))
    store(acme, page(deleted=("7",)))
    seq = acme.archived()[0].changed_seq

    receipt = store(acme, page(record(7)))

    assert receipt.changed == 1
    (back,) = acme.archive.pending(Entity.ORDER, seq, 10)
    assert back.deleted_at is None


# --- parents ----------------------------------------------------------------------------------


def test_a_refund_comes_with_the_newest_json_of_its_order(acme: Tenant) -> None:
    store(acme, page(record(7, v=1), record(8)))
    store(acme, page(record(71, parent=7), record(91, parent=9)))
    store(acme, page(record(7, v=2)))

    with_order, without_order = acme.archived(Entity.REFUND)

    assert with_order.parent_raw == b'{"id":7,"v":2}'
    assert without_order.parent_raw is None


def test_records_are_known_with_what_they_belong_to(acme: Tenant) -> None:
    store(acme, page(record(71, parent=7), record(72, parent=7), record(91, parent=9)))
    store(acme, page(record(7)))

    parents = acme.archive.known(Entity.REFUND).parents(["71", "91", "99"])

    assert parents == {"71": "7", "91": "9"}
    assert acme.archive.known(Entity.ORDER).parents(["7"]) == {}


def test_an_order_of_the_same_number_elsewhere_is_no_parent(acme: Tenant, other: Tenant) -> None:
    store(other, page(record(7)))
    store(acme, page(record(71, parent=7)))

    (refund,) = acme.archived(Entity.REFUND)

    assert refund.parent_raw is None


# --- what is known ----------------------------------------------------------------------------


def test_live_ids_are_given_by_number_within_the_bounds(acme: Tenant) -> None:
    store(acme, page(*(record(number) for number in (100, 9, 20, 3))))
    store(acme, page(deleted=("20",)))
    known = acme.archive.known(Entity.ORDER)

    assert list(known.live_ids_between(0, None)) == ["3", "9", "100"]
    assert list(known.live_ids_between(3, 100)) == ["9", "100"]
    assert list(known.live_ids_between(100, None)) == []
    assert list(known.live_ids_between(5, 5)) == []
    assert known.count_live() == 3


def test_deleted_records_are_known_and_other_entities_are_not(acme: Tenant) -> None:
    store(acme, page(record(3), record(4)))
    store(acme, page(deleted=("4",)))
    store(acme, page(record(5, parent=3)))

    known = acme.archive.known(Entity.ORDER).known(["3", "4", "5", "6"])

    assert known == frozenset({"3", "4"})
    assert acme.archive.known(Entity.ORDER).known([]) == frozenset()
    assert acme.archive.known(Entity.REFUND).count_live() == 1


# --- content ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "raw",
    [
        '{"name":"Jürgen 李 🧾 \u2028 e\u0301"}'.encode(),
        rb'{"escaped":"\u0000 \u00e9 \ud83e\uddfe \\ \" \/ %s %(x)s :name"}',
        rb'{"half a pair":"\ud83e"}',
        b'{ "spaces" :  1.10,\n"big":123456789012345678901234567890.10,"a":1,"a":2}',
        b'{"total":1e2,"deep":' + b"[" * 500 + b"]" * 500 + b"}",
    ],
)
def test_json_comes_back_byte_by_byte(acme: Tenant, raw: bytes) -> None:
    store(acme, page(sent(7, raw)))

    assert acme.archived()[0].raw == raw


def test_a_page_of_a_thousand_large_records_is_stored_whole(acme: Tenant) -> None:
    text = "ä" * 10_000

    receipt = store(acme, page(*(record(n, note=text) for n in range(1, 1001)), tick=1))

    assert receipt == PageReceipt(read=1000, changed=1000, deleted=0)
    archived = acme.archive.pending(Entity.ORDER, 0, 1000)
    assert [one.source_id for one in archived] == [str(n) for n in range(1, 1001)]
    assert all(one.raw == record(int(one.source_id), note=text).raw for one in archived)


# --- transactions and tenants -----------------------------------------------------------------


def test_a_lost_connection_leaves_neither_the_page_nor_the_bookmark(
    acme: Tenant, state_server: StateServer
) -> None:
    store(acme, page(record(7), tick=1))
    before = acme.archived()
    plan = acme.plan()
    cut = cutting_at(state_server, "INSERT INTO udsync.sync_state")
    changes = page(record(7, v=2), record(8), deleted=("7",), tick=2)

    with (
        overheard(acme.url, cut) as database,
        pytest.raises(PlatformUnavailableError, match="went away during the work"),
    ):
        PostgresArchive(database, acme.id, acme.store).store(changes, plan.id)

    assert acme.archived() == before
    assert len(acme.rows("raw_records")) == 1
    assert acme.archive.bookmark(Entity.ORDER) == {"tick": 1}


def test_a_bookmark_that_cannot_be_stored_leaves_no_page(acme: Tenant) -> None:
    foreign_plan = uuid4()

    with pytest.raises(sa.exc.IntegrityError):
        acme.archive.store(page(record(7), tick=1), foreign_plan)

    assert acme.rows("raw_records") == []
    assert acme.archived() == []


def test_another_tenant_sees_nothing_even_with_the_ids_of_the_first(
    acme: Tenant, other: Tenant
) -> None:
    store(acme, page(record(7), tick=1))
    stranger = PostgresArchive(other.database, other.id, acme.store)

    assert stranger.pending(Entity.ORDER, 0, 10) == []
    assert stranger.newest(Entity.ORDER, ["7"]) == []
    assert stranger.bookmark(Entity.ORDER) == {}
    assert stranger.known(Entity.ORDER).known(["7"]) == frozenset()
    assert stranger.known(Entity.ORDER).count_live() == 0


def test_two_stores_of_one_tenant_do_not_mix(acme: Tenant) -> None:
    second = PostgresArchive(acme.database, acme.id, acme.target)
    store(acme, page(record(7, v=1), tick=1))

    receipt = second.store(page(record(7, v=2), tick=9), acme.plan().id)

    assert receipt.changed == 1
    assert acme.archived()[0].raw == b'{"id":7,"v":1}'
    assert second.newest(Entity.ORDER, ["7"])[0].raw == b'{"id":7,"v":2}'
    assert acme.archive.bookmark(Entity.ORDER) == {"tick": 1}


def test_a_tenant_cannot_archive_under_another_one(acme: Tenant, other: Tenant) -> None:
    with (
        pytest.raises(sa.exc.ProgrammingError, match="row-level security"),
        acme.database.tenant(acme.id) as connection,
    ):
        connection.execute(
            sa.text(
                "INSERT INTO udsync.source_records (tenant_id, connection_id, entity, source_id,"
                " content_hash, archived_seq, fetched_at, changed_seq)"
                " VALUES (:other, :store, 'order', '7', '', 1, now(), 1)"
            ),
            {"other": other.id, "store": other.store},
        )

    assert other.archived() == []
