"""Reading changes: nothing is missed, ties and clock changes included, at few calls."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from udsync_pipelines.connectors.woocommerce.reading.changes import gmt_text
from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.errors import ConfigurationError, RetryableError
from udsync_pipelines.sync.records import Window
from udsync_pipelines_tests.connectors.woocommerce.moving_store import START, MovingStore
from udsync_pipelines_tests.connectors.woocommerce.reading.stores import PATHS, Reader

DATED = [Entity.ORDER, Entity.PRODUCT, Entity.COUPON, Entity.REFUND, Entity.VARIATION]


def reader_of(count: int, entity: Entity = Entity.ORDER) -> Reader:
    """A reader whose full read of a quiet store is some hours past."""
    shop = MovingStore()
    shop.add(PATHS[entity], range(1, count + 1), at=START - timedelta(days=9))
    reader = Reader(shop, entity)
    reader.run()
    reader.wait(hours=5)
    return reader


@pytest.mark.parametrize("entity", DATED)
def test_a_run_without_changes_costs_one_call_a_list_and_one_for_the_trash(entity: Entity) -> None:
    reader = reader_of(500, entity)

    pages = reader.run()

    expected = 2 if entity in {Entity.ORDER, Entity.PRODUCT} else 1
    assert reader.calls() == sum(page.calls for page in pages) == expected
    assert reader.ids() == set()


def test_only_what_changed_comes() -> None:
    reader = reader_of(500)
    reader.shop.touch("orders", 7)
    reader.shop.add("orders", [501])

    reader.run()

    assert reader.ids() == {7, 501}


def test_the_filter_is_naive_utc_with_the_flag_and_never_a_zone() -> None:
    reader = reader_of(5)

    reader.run()

    query = reader.shop.requests[0].url.params
    assert query["modified_after"] == "2026-11-22T11:55:00"
    assert query["dates_are_gmt"] == "true"
    assert (query["orderby"], query["order"], query["per_page"]) == ("modified", "asc", "100")


def test_times_in_any_zone_are_asked_for_in_utc() -> None:
    local = datetime.fromisoformat("2026-11-01T01:30:59.900-07:00")

    assert gmt_text(local) == "2026-11-01T08:30:59"


def test_a_row_stamped_before_the_bookmark_and_seen_late_is_not_missed() -> None:
    reader = reader_of(5)
    reader.shop.touch("orders", 1)
    reader.run()
    reader.shop.touch("orders", 2, at=reader.shop.now - timedelta(minutes=4))
    reader.wait(minutes=10)

    reader.run()

    assert 2 in reader.ids()


def test_a_second_order_in_the_same_second_as_the_bookmark_is_not_missed() -> None:
    reader = reader_of(5)
    reader.shop.touch("orders", 1)
    reader.run()
    reader.shop.touch("orders", 2)

    reader.run()

    assert 2 in reader.ids()


def test_a_burst_before_a_long_silence_is_not_read_again_for_ever() -> None:
    reader = reader_of(900)
    for identifier in range(1, 901):
        reader.shop.touch("orders", identifier)
    reader.run()
    reader.wait(hours=2)
    reader.run()
    reader.wait(hours=2)

    reader.run()

    assert reader.calls() == 2
    assert reader.ids() == set()


def test_windows_move_by_time_and_never_by_offset() -> None:
    reader = reader_of(1)
    for number in range(2, 352):
        reader.shop.add("orders", [number], at=START + timedelta(seconds=number))

    reader.run()

    assert reader.ids() == set(range(2, 352))
    assert not any("offset" in request.url.params for request in reader.shop.requests)
    assert reader.calls() == 4 + 1


@pytest.mark.parametrize("ties", [99, 100, 101, 1000])
def test_a_second_with_many_changes_is_read_whole(ties: int) -> None:
    reader = reader_of(1)
    reader.shop.add("orders", [2, 3])
    reader.wait(seconds=1)
    reader.shop.add("orders", range(10, 10 + ties))
    reader.wait(seconds=1)
    reader.shop.add("orders", [9000])

    reader.run()

    assert reader.ids() == {2, 3, *range(10, 10 + ties), 9000}


def test_rows_that_leave_a_crowded_second_while_it_is_read_hide_none() -> None:
    reader = reader_of(1)
    reader.shop.add("orders", range(2, 602))

    def touch_some(shop: MovingStore) -> None:
        shop.now += timedelta(seconds=1)
        for identifier in range(len(shop.requests) * 3, len(shop.requests) * 3 + 60, 20):
            if identifier in shop.rows["orders"]:
                shop.touch("orders", identifier)

    reader.shop.between = touch_some
    reader.run()

    assert reader.ids() >= set(range(2, 602))


def test_two_rows_touched_between_pages_hide_no_others() -> None:
    # With bare offsets exactly this lost two orders (seen on 11.0.1).
    reader = reader_of(1)
    for number in range(2, 302):
        reader.shop.add("orders", [number], at=START + timedelta(seconds=number))

    def touch_two(shop: MovingStore) -> None:
        if len(shop.requests) == 2:
            shop.touch("orders", 2)
            shop.touch("orders", 3)

    reader.shop.between = touch_two
    reader.run()

    assert reader.ids() == set(range(2, 302))


def test_the_end_of_summer_time_hides_no_product() -> None:
    # Posts are listed by local time: the hour that comes twice is out of order in UTC.
    end = datetime(2026, 11, 1, 8, tzinfo=UTC)
    shop = MovingStore(now=end - timedelta(days=3))
    shop.zone_offset = lambda at: timedelta(hours=-6 if at < end else -7)
    reader = Reader(shop, Entity.PRODUCT)
    shop.add("products", [1])
    reader.run()
    for number in range(2, 402):
        shop.add("products", [number], at=end + timedelta(seconds=18 * (number - 201)))
    shop.now = end + timedelta(hours=6)

    reader.run()

    assert reader.ids() >= set(range(2, 402))
    assert str(reader.bookmark["changed"]) <= gmt_text(shop.now)


def test_a_read_of_changes_can_go_on_after_any_page() -> None:
    reader = reader_of(1)
    reader.shop.add("orders", range(2, 352))
    for number in range(352, 702):
        reader.shop.add("orders", [number], at=reader.shop.now + timedelta(seconds=number))
    reader.wait(days=1)

    reader.run_dying_after_each_page()

    assert reader.archive.live() == reader.shop.ids("orders")


def test_a_trashed_order_that_we_know_comes_with_its_status() -> None:
    reader = reader_of(20)
    reader.shop.touch("orders", 7, status="trash")
    reader.shop.add("orders", [21], status="trash")

    reader.run()

    assert reader.ids() == {7}
    assert b'"status":"trash"' in reader.archive.bodies["7"]


def test_an_order_that_comes_back_from_the_trash_comes_again() -> None:
    reader = reader_of(20)
    reader.shop.touch("orders", 7, status="trash")
    reader.run()
    reader.wait(hours=1)
    reader.shop.touch("orders", 7, status="completed")

    reader.run()

    assert b'"status":"completed"' in reader.archive.bodies["7"]


def test_new_refunds_are_found_by_the_time_they_were_made() -> None:
    reader = reader_of(3, Entity.REFUND)
    reader.shop.add("refunds", [77], parent_id=5)

    pages = reader.run()

    query = reader.shop.requests[0].url.params
    assert (query["orderby"], query["after"]) == ("date", "2026-11-22T11:55:00")
    assert "modified_after" not in query
    assert [record.parent_id for page in pages for record in page.records] == ["5"]


def test_a_span_is_inclusive_to_the_second_and_leaves_the_bookmark_alone() -> None:
    reader = reader_of(3)
    for number in range(10, 20):
        reader.shop.add("orders", [number], at=START + timedelta(seconds=number))
    bookmark = reader.bookmark
    window = Window(since=START + timedelta(seconds=12), until=START + timedelta(seconds=15.5))

    pages = reader.run(window)

    assert reader.ids() == {12, 13, 14, 15}
    assert all(page.bookmark == bookmark for page in pages)


def test_a_span_without_an_end_or_a_beginning_is_open_there() -> None:
    reader = reader_of(3)
    reader.shop.add("orders", [10], at=START + timedelta(seconds=10))

    reader.run(Window(since=START))
    later = reader.ids()
    reader.run(Window(until=START))

    assert later == {10}
    assert reader.ids() == {1, 2, 3}


def test_a_span_brings_what_was_trashed_in_it() -> None:
    reader = reader_of(3)
    reader.shop.touch("orders", 2, at=START + timedelta(minutes=1), status="trash")

    reader.run(Window(since=START, until=START + timedelta(hours=1)))

    assert reader.ids() == {2}


def test_a_store_that_ignores_the_filter_stops_the_run() -> None:
    reader = reader_of(300)
    everything = [*reader.shop.rows["orders"].values()][:100]
    reader.shop.spoil = lambda _, answer: httpx.Response(
        200, json=everything, headers={"X-WP-Total": "300"}
    )

    with pytest.raises(ConfigurationError, match="ignores the filter") as caught:
        reader.run()

    assert caught.value.code == "filter_ignored"


def test_changes_that_are_announced_and_not_sent_are_an_error() -> None:
    reader = reader_of(3)
    reader.shop.touch("orders", 1)
    reader.shop.spoil = lambda _, answer: httpx.Response(200, json=[], headers=answer.headers)

    with pytest.raises(RetryableError, match="sends 0 rows where 1 are due"):
        reader.run()


@pytest.mark.parametrize("kept", [1, 30, 99])
def test_a_page_of_changes_that_was_cut_short_loses_no_row(kept: int) -> None:
    reader = reader_of(1)
    for number in range(2, 302):
        reader.shop.add("orders", [number], at=START + timedelta(seconds=number))
    cut: list[int] = []

    def cut_once(_: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if cut:
            return answer
        cut.append(1)
        return httpx.Response(200, json=answer.json()[:kept], headers=answer.headers)

    reader.shop.spoil = cut_once
    reader.run()

    assert reader.ids() == set(range(2, 302))


def test_a_cache_that_repeats_a_page_of_changes_is_an_error() -> None:
    reader = reader_of(1)
    for number in range(2, 302):
        reader.shop.add("orders", [number], at=START + timedelta(seconds=number))
    frozen: list[httpx.Response] = []

    def cache(_: httpx.Request, answer: httpx.Response) -> httpx.Response:
        frozen.append(answer)
        return httpx.Response(200, content=frozen[0].content, headers=frozen[0].headers)

    reader.shop.spoil = cache

    with pytest.raises((RetryableError, ConfigurationError)):
        reader.run()


def test_without_totals_changes_are_read_until_nothing_new_comes() -> None:
    reader = reader_of(1)
    for number in range(2, 302):
        reader.shop.add("orders", [number], at=START + timedelta(seconds=number))
    reader.shop.hides_totals = True

    reader.run()

    assert reader.ids() == set(range(2, 302))


def test_a_changed_row_without_its_time_is_an_error() -> None:
    reader = reader_of(3)
    reader.shop.touch("orders", 1)
    reader.shop.spoil = lambda _, answer: httpx.Response(
        200, json=[{"id": 1}], headers=answer.headers
    )

    with pytest.raises(RetryableError, match="without date_modified_gmt"):
        reader.run()


def test_a_row_that_became_visible_late_behind_a_crash_is_read_by_the_next_run() -> None:
    reader = reader_of(1)
    for number in range(2, 302):
        reader.shop.add("orders", [number], at=START + timedelta(minutes=number))
    reader.wait(days=1)
    reader.run(stop_after=2)
    late = START + timedelta(minutes=196)
    reader.shop.add("orders", [999], at=late)

    reader.run()
    reader.run()

    assert 999 in reader.archive.live()


def test_a_product_touched_behind_a_walk_by_id_is_read_by_the_next_run() -> None:
    end = datetime(2026, 11, 1, 8, tzinfo=UTC)
    shop = MovingStore(now=end - timedelta(days=3))
    shop.zone_offset = lambda at: timedelta(hours=-6 if at < end else -7)
    reader = Reader(shop, Entity.PRODUCT)
    shop.add("products", [1])
    reader.run()
    for number in range(2, 402):
        shop.add("products", [number], at=end + timedelta(seconds=18 * (number - 201)))
    shop.now = end + timedelta(hours=6)

    def slowly(shop: MovingStore) -> None:
        shop.now += timedelta(minutes=10)
        if shop.requests[-1].url.params.get("offset") == "198":
            shop.touch("products", 2, name="changed behind us")

    shop.between = slowly
    reader.run()
    shop.between = None
    reader.run()

    assert b"changed behind us" in reader.archive.bodies["2"]


def test_a_store_whose_clock_is_set_back_is_read_whole_and_hides_nothing() -> None:
    reader = reader_of(250)
    reader.shop.touch("orders", 9)
    reader.run()
    reader.wait(hours=-3)
    reader.shop.touch("orders", 7)

    reader.run()
    after_the_change_of_clocks = reader.ids()
    reader.wait(minutes=30)
    reader.shop.add("orders", [251])
    reader.run()

    assert 7 in after_the_change_of_clocks
    assert len(after_the_change_of_clocks) == 250
    assert 251 in reader.ids()
    assert reader.calls() == 2


def test_a_clock_that_is_set_back_by_less_than_the_overlap_costs_nothing() -> None:
    reader = reader_of(250)
    reader.shop.touch("orders", 9)
    reader.run()
    reader.wait(minutes=-4)
    reader.shop.touch("orders", 7)

    reader.run()

    assert reader.ids() >= {7}
    assert reader.calls() == 2
