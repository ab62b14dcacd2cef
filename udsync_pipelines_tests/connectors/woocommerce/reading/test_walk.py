"""Walking by id: no gap whatever comes and goes, and no silent end."""

from collections.abc import Callable

import httpx
import pytest

from udsync_pipelines.connectors.woocommerce.reading.lists import CUSTOMERS
from udsync_pipelines.connectors.woocommerce.reading.pages import PageFetcher
from udsync_pipelines.connectors.woocommerce.reading.walk import Step, walk
from udsync_pipelines.errors import RetryableError
from udsync_pipelines_tests.connectors.woocommerce.moving_store import MovingStore
from udsync_pipelines_tests.connectors.woocommerce.reading.stores import store_client

Spoil = Callable[[httpx.Request, httpx.Response], httpx.Response]


def walked(shop: MovingStore) -> list[Step]:
    with PageFetcher(store_client(shop)) as fetcher:
        return list(walk(fetcher, CUSTOMERS.by_id()))


def ids(steps: list[Step]) -> list[int]:
    return [row["id"] for step in steps for row in step.rows]


def shop_of(count: int) -> MovingStore:
    shop = MovingStore()
    shop.add("customers", range(1, count + 1))
    return shop


def offset(request: httpx.Request) -> int:
    return int(request.url.params.get("offset", 0))


def once(condition: Callable[[httpx.Request], bool], spoil: Spoil) -> Spoil:
    """Spoil the first answer that the condition picks, and no other."""
    done: list[int] = []

    def spoil_once(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if not done and condition(request):
            done.append(1)
            return spoil(request, answer)
        return answer

    return spoil_once


def rows_of(answer: httpx.Response, rows: list[object]) -> httpx.Response:
    return httpx.Response(200, json=rows, headers=answer.headers)


@pytest.mark.parametrize("gone", [1, 10, 60, 150, 700])
def test_rows_that_disappear_behind_us_hide_none_before_us(gone: int) -> None:
    shop = shop_of(1200)

    def delete_behind(shop: MovingStore) -> None:
        if len(shop.requests) == 9:
            for identifier in range(1, gone + 1):
                shop.delete("customers", identifier)

    shop.between = delete_behind
    steps = walked(shop)

    assert ids(steps) == list(range(1, 1201))


def test_the_row_that_we_stand_on_may_disappear() -> None:
    shop = shop_of(300)

    def delete_anchors(shop: MovingStore) -> None:
        if len(shop.requests) == 2:
            for identifier in (98, 99, 100):
                shop.delete("customers", identifier)

    shop.between = delete_anchors
    steps = walked(shop)

    assert ids(steps) == list(range(1, 301))


def test_rows_that_come_back_behind_us_do_not_confuse_us() -> None:
    shop = MovingStore()
    shop.add("customers", range(200, 500))

    def restore(shop: MovingStore) -> None:
        if len(shop.requests) == 2:
            shop.add("customers", range(1, 180))

    shop.between = restore
    steps = walked(shop)

    assert [number for number in ids(steps) if number >= 200] == list(range(200, 500))


def test_new_rows_at_the_end_are_met_on_the_way() -> None:
    shop = shop_of(150)

    def grow(shop: MovingStore) -> None:
        if len(shop.requests) == 2:
            shop.add("customers", range(151, 161))

    shop.between = grow
    steps = walked(shop)

    assert ids(steps) == list(range(1, 161))


def test_an_empty_page_in_the_middle_is_asked_for_again() -> None:
    shop = shop_of(300)
    shop.spoil = once(lambda request: offset(request) == 99, lambda _, answer: rows_of(answer, []))

    assert ids(walked(shop)) == list(range(1, 301))


def test_a_page_that_stays_empty_ends_the_read_with_an_error() -> None:
    shop = shop_of(300)
    shop.spoil = lambda request, answer: rows_of(answer, []) if offset(request) else answer

    with pytest.raises(RetryableError, match="sends 0 rows where 100 are due") as caught:
        walked(shop)

    assert caught.value.code == "list_broken"


def test_a_page_that_stays_empty_without_a_total_ends_with_an_error_too() -> None:
    shop = shop_of(300)
    shop.hides_totals = True
    shop.spoil = lambda request, answer: rows_of(answer, []) if offset(request) else answer

    with pytest.raises(RetryableError):
        walked(shop)


def test_a_repeated_page_is_asked_for_again() -> None:
    shop = shop_of(300)
    first_page = [{"id": number} for number in range(1, 101)]
    shop.spoil = once(
        lambda request: offset(request) == 99, lambda _, answer: rows_of(answer, [*first_page])
    )

    assert ids(walked(shop)) == list(range(1, 301))


def test_a_cache_that_always_sends_the_first_page_ends_the_read_with_an_error() -> None:
    shop = shop_of(300)
    first_page = [{"id": number} for number in range(1, 101)]
    shop.spoil = lambda _, answer: rows_of(answer, [*first_page])

    with pytest.raises(RetryableError, match="repeats a page"):
        walked(shop)


@pytest.mark.parametrize("kept", [2, 40, 99])
def test_a_page_that_was_cut_short_loses_no_row(kept: int) -> None:
    shop = shop_of(300)
    shop.spoil = once(
        lambda request: offset(request) == 99,
        lambda _, answer: rows_of(answer, answer.json()[:kept]),
    )

    assert ids(walked(shop)) == list(range(1, 301))


def test_rows_left_out_of_the_middle_of_a_page_once_are_read_after_all() -> None:
    shop = shop_of(300)
    shop.spoil = once(
        lambda request: offset(request) == 99,
        lambda _, answer: rows_of(answer, [*answer.json()[:30], *answer.json()[33:]]),
    )

    assert ids(walked(shop)) == list(range(1, 301))


def test_rows_left_out_of_a_page_again_and_again_are_never_passed_over() -> None:
    shop = shop_of(130)
    shop.spoil = lambda _, answer: rows_of(
        answer, [row for row in answer.json() if row["id"] not in {40, 41}]
    )

    with pytest.raises(RetryableError, match="sends 98 rows where 100 are due"):
        walked(shop)


def test_a_list_that_stops_before_its_total_is_never_taken_for_whole() -> None:
    shop = shop_of(300)
    shop.spoil = lambda _, answer: rows_of(
        answer, [row for row in answer.json() if row["id"] <= 150]
    )

    with pytest.raises(RetryableError, match="sends 51 rows where 100 are due"):
        walked(shop)


def test_a_store_that_ignores_the_order_is_refused() -> None:
    shop = shop_of(5)
    shop.spoil = lambda _, answer: rows_of(answer, answer.json()[::-1])

    with pytest.raises(RetryableError, match="not ordered by id"):
        walked(shop)


def test_a_store_that_changes_faster_than_it_can_be_read_ends_with_an_error() -> None:
    shop = shop_of(100)

    def flee(shop: MovingStore) -> None:
        # Everything behind us disappears, again and again, and more grows at the end.
        top = max(shop.rows["customers"])
        shop.rows["customers"] = {}
        shop.add("customers", range(top + 1, top + 101))

    shop.between = flee

    steps: list[Step] = []
    with PageFetcher(store_client(shop)) as fetcher:
        for step in walk(fetcher, CUSTOMERS.by_id()):
            steps.append(step)
            if len(steps) > 50:
                break

    assert all(row["id"] > step.start.last_id for step in steps for row in step.rows)


def test_a_limited_walk_asks_for_no_page_more_than_it_may() -> None:
    shop = shop_of(1000)

    with PageFetcher(store_client(shop)) as fetcher:
        steps = list(walk(fetcher, CUSTOMERS.by_id(), at_most=2))

    assert ids(steps) == list(range(1, 200))
    assert len(shop.requests) == 2
