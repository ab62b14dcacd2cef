"""Full reads: everything comes, what disappeared is found, and too much of that stops the run."""

from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.errors import ConfigurationError, RetryableError
from udsync_pipelines_tests.connectors.woocommerce.moving_store import START, MovingStore
from udsync_pipelines_tests.connectors.woocommerce.reading.stores import FULL, PATHS, Reader


def shop_of(count: int, path: str = "orders") -> MovingStore:
    shop = MovingStore()
    shop.add(path, range(1, count + 1), at=START - timedelta(days=9))
    return shop


def read_reader(count: int, path: str = "orders", entity: Entity = Entity.ORDER) -> Reader:
    reader = Reader(shop_of(count, path), entity)
    reader.run()
    reader.wait(hours=1)
    return reader


@pytest.mark.parametrize("count", [0, 1, 2, 99, 100, 101, 198, 199, 200, 250])
@pytest.mark.parametrize("hides_totals", [False, True])
def test_every_row_of_a_list_comes_once(count: int, hides_totals: bool) -> None:
    shop = shop_of(count)
    shop.hides_totals = hides_totals
    reader = Reader(shop, Entity.ORDER)

    pages = reader.run()

    ids = [record.source_id for page in pages for record in page.records]
    assert ids == [str(number) for number in range(1, count + 1)]


@pytest.mark.parametrize("entity", list(Entity))
def test_every_entity_can_be_read_in_full(entity: Entity) -> None:
    reader = Reader(shop_of(120, PATHS[entity]), entity)

    pages = reader.run()

    assert reader.ids() == set(range(1, 121))
    assert {page.entity for page in pages} == {entity}


def test_ninety_nine_new_rows_come_with_each_call_after_the_first() -> None:
    reader = Reader(shop_of(1000, "customers"), Entity.CUSTOMER)

    pages = reader.run()

    assert [len(page.records) for page in pages] == [100, *[99] * 9, 9, 0]
    assert reader.calls() == sum(page.calls for page in pages) == 11


def test_a_full_read_can_go_on_after_any_page() -> None:
    shop = shop_of(520)
    reader = Reader(shop, Entity.ORDER)

    reader.run_dying_after_each_page()

    assert reader.archive.live() == shop.ids("orders")


def test_changes_are_read_from_the_start_of_the_full_read_on() -> None:
    reader = Reader(shop_of(250), Entity.ORDER)

    def tick(shop: MovingStore) -> None:
        shop.now += timedelta(minutes=3)

    reader.shop.between = tick
    reader.run()

    assert reader.bookmark["changed"] == "2026-11-22T12:03:00"


def test_a_row_that_is_deleted_for_good_is_found_by_the_next_full_read() -> None:
    reader = read_reader(250)
    for identifier in (1, 120, 250):
        reader.shop.delete("orders", identifier)

    reader.run(FULL)

    assert [page.deleted_ids for page in reader.pages if page.deleted_ids] == [("1", "120", "250")]
    assert reader.archive.live() == reader.shop.ids("orders")


def test_a_trashed_row_comes_as_a_changed_record_and_is_not_deleted() -> None:
    reader = read_reader(50)
    reader.shop.touch("orders", 7, status="trash")

    reader.run(FULL)

    assert not any(page.deleted_ids for page in reader.pages)
    assert b'"status":"trash"' in reader.archive.bodies["7"]


def test_rows_in_the_trash_do_not_count_as_disappeared() -> None:
    reader = read_reader(100)
    for identifier in range(1, 61):
        reader.shop.touch("orders", identifier, status="trash")

    reader.run(FULL)

    assert reader.archive.count_live() == 100
    assert sum(b'"status":"trash"' in body for body in reader.archive.bodies.values()) == 60


def test_unknown_rows_in_the_trash_are_left_alone() -> None:
    shop = shop_of(10)
    shop.add("orders", [11, 12], status="trash")
    reader = Reader(shop, Entity.ORDER)

    reader.run()

    assert reader.archive.live() == set(range(1, 11))


def test_a_row_that_no_list_shows_but_that_is_still_there_is_archived_as_it_is() -> None:
    reader = read_reader(50)
    reader.shop.spoil = _hiding_from_lists(7)

    reader.run(FULL)

    assert not any(page.deleted_ids for page in reader.pages)
    assert 7 in reader.ids()


def _hiding_from_lists(hidden: int):  # type: ignore[no-untyped-def]
    def spoil(_: httpx.Request, answer: httpx.Response) -> httpx.Response:
        rows = answer.json()
        if isinstance(rows, list):
            kept = [row for row in rows if row["id"] != hidden]
            total = int(answer.headers["X-WP-Total"]) - (1 if len(kept) < len(rows) else 0)
            return httpx.Response(200, json=kept, headers={"X-WP-Total": str(total)})
        return answer

    return spoil


def test_a_mass_disappearance_stops_the_run_and_deletes_nothing() -> None:
    reader = read_reader(288)
    for identifier in range(1, 101):
        reader.shop.delete("orders", identifier)

    with pytest.raises(
        ConfigurationError, match=r"100 of the 288 orders.*nothing was deleted"
    ) as caught:
        reader.run(FULL)

    assert caught.value.code == "mass_disappearance"
    assert "nothing was deleted" in str(caught.value)
    assert not any(page.deleted_ids for page in reader.pages)
    assert reader.archive.count_live() == 288


def test_a_list_that_is_suddenly_empty_stops_even_a_small_store() -> None:
    reader = read_reader(3)
    for identifier in (1, 2, 3):
        reader.shop.delete("orders", identifier)

    with pytest.raises(ConfigurationError, match="3 of the 3 orders"):
        reader.run(FULL)

    assert reader.archive.count_live() == 3


def test_many_rows_may_disappear_once_a_person_accepts_the_deletions() -> None:
    reader = read_reader(100)
    for identifier in range(1, 101):
        reader.shop.delete("orders", identifier)

    reader.run(replace(FULL, accept_deletions=True))

    assert reader.archive.count_live() == 0


def test_what_was_missing_is_remembered_when_the_read_is_taken_up_again() -> None:
    reader = read_reader(400)
    for identifier in (5, 150, 399):
        reader.shop.delete("orders", identifier)
    reader.bookmark = {}

    reader.run_dying_after_each_page(FULL)

    assert reader.archive.live() == reader.shop.ids("orders")


def test_a_deleted_refund_is_found_although_the_order_does_not_move() -> None:
    reader = read_reader(40, "refunds", Entity.REFUND)
    reader.shop.delete("refunds", 17)

    reader.run(FULL)

    assert reader.archive.deleted == {"17"}


def refunds_of_one_order(count: int) -> Reader:
    """A reader of a shop that has one order with so many refunds."""
    shop = MovingStore()
    shop.add("orders", [1])
    shop.add("refunds", range(11, 11 + count), parent_id=1)
    reader = Reader(shop, Entity.REFUND)
    reader.run()
    return reader


def test_the_last_few_refunds_of_a_shop_are_believed_to_be_gone() -> None:
    reader = refunds_of_one_order(10)
    reader.shop.rows["refunds"].clear()

    reader.run(FULL)

    assert reader.archive.live() == set()


def test_an_emptied_list_of_more_refunds_than_a_few_stops_the_run() -> None:
    reader = refunds_of_one_order(11)
    reader.shop.rows["refunds"].clear()

    with pytest.raises(ConfigurationError, match="11 of the 11 refunds"):
        reader.run(FULL)

    assert reader.archive.deleted == set()


def test_a_refund_that_its_order_still_has_is_not_gone_though_no_list_shows_it() -> None:
    reader = refunds_of_one_order(1)
    reader.shop.spoil = _hiding_from_lists(11)

    reader.run(FULL)

    assert reader.archive.live() == {11}


def test_a_deleted_variation_is_found_and_a_hidden_one_comes_in_its_own_shape() -> None:
    shop = MovingStore()
    shop.add("products", [1])
    shop.add("variations", range(10, 50), parent_id=1)
    reader = Reader(shop, Entity.VARIATION)
    reader.run()
    shop.delete("variations", 20)
    shop.spoil = _hiding_from_lists(30)

    reader.run(FULL)

    assert reader.archive.deleted == {"20"}
    assert 30 in reader.ids()


def test_customers_and_tax_rates_that_are_gone_are_found() -> None:
    for path, entity in (("customers", Entity.CUSTOMER), ("taxes", Entity.TAX_RATE)):
        reader = read_reader(59, path, entity)
        reader.shop.delete(path, 12)

        reader.run(FULL)

        assert reader.archive.deleted == {"12"}


def test_an_unfinished_full_read_is_finished_before_changes_are_read() -> None:
    reader = Reader(shop_of(300), Entity.ORDER)
    reader.run(stop_after=1)
    assert "full" in reader.bookmark

    reader.run()

    assert reader.archive.live() == reader.shop.ids("orders")
    assert "changed" in reader.bookmark


def test_a_bookmark_of_an_unknown_version_means_a_full_read() -> None:
    reader = read_reader(10)
    reader.bookmark = {"v": 99, "changed": "2026-11-22T12:00:00"}

    reader.run()

    assert reader.ids() == set(range(1, 11))


def test_a_store_that_says_it_has_rows_and_sends_none_is_no_empty_store() -> None:
    shop = shop_of(5)
    shop.spoil = lambda _, answer: httpx.Response(200, json=[], headers=answer.headers)

    with pytest.raises(RetryableError, match="sends 0 rows where 5 are due"):
        Reader(shop, Entity.ORDER).run()


@pytest.mark.parametrize("entity", [Entity.ORDER, Entity.REFUND, Entity.CUSTOMER])
def test_a_full_read_taken_up_again_brings_what_was_sold_since_it_was_cut_off(
    entity: Entity,
) -> None:
    reader = Reader(shop_of(3, PATHS[entity]), entity)
    reader.run(stop_after=1)
    cut_off = reader.bookmark
    reader.wait(hours=2)
    reader.shop.add(PATHS[entity], [4])

    reader.run()

    assert "full" in cut_off
    assert 4 in reader.ids()


def test_changes_cut_off_before_the_trash_bring_what_was_sold_since() -> None:
    reader = read_reader(3)
    reader.run(stop_after=1)
    cut_off = reader.bookmark
    reader.wait(hours=2)
    reader.shop.add("orders", [4])

    reader.run()

    assert "going" in cut_off
    assert 4 in reader.ids()
