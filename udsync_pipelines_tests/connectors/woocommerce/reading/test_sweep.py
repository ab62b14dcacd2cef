"""Customers and tax rates: no date filter, a few pages a run, all in time."""

from datetime import timedelta

import httpx
import pytest

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.errors import ConfigurationError, RetryableError
from udsync_pipelines.sync.records import Window
from udsync_pipelines_tests.connectors.woocommerce.moving_store import START, MovingStore
from udsync_pipelines_tests.connectors.woocommerce.reading.stores import Reader


def reader_of(count: int) -> Reader:
    shop = MovingStore()
    shop.add("customers", range(1, count + 1), at=START - timedelta(days=9))
    reader = Reader(shop, Entity.CUSTOMER)
    reader.run()
    reader.wait(hours=1)
    return reader


@pytest.mark.parametrize(("count", "calls"), [(59, 1), (100, 1), (150, 3), (299, 3)])
def test_a_small_list_is_covered_by_every_run(count: int, calls: int) -> None:
    reader = reader_of(count)

    for _ in range(2):
        reader.wait(hours=1)
        reader.run()

        assert reader.ids() == set(range(1, count + 1))
        assert reader.calls() <= calls


def test_a_large_list_costs_three_calls_a_run_and_is_covered_in_time() -> None:
    reader = reader_of(1000)
    seen: set[int] = set()

    for _ in range(6):
        reader.wait(hours=1)
        reader.run()
        seen |= reader.ids()
        assert reader.calls() <= 3

    assert seen == set(range(1, 1001))


def test_the_newest_customers_come_with_every_run() -> None:
    reader = reader_of(1000)
    reader.shop.add("customers", [1001, 1002])

    reader.run()

    assert {1001, 1002} <= reader.ids()


def test_a_customer_who_changes_without_a_date_is_found() -> None:
    reader = reader_of(700)
    reader.shop.rows["customers"][444]["first_name"] = "Changed"

    for _ in range(5):
        reader.run()

    assert b"Changed" in reader.archive.bodies["444"]


def test_a_deleted_customer_is_found_when_the_sweep_passes_by() -> None:
    reader = reader_of(700)
    reader.shop.delete("customers", 333)

    for _ in range(5):
        reader.run()

    assert reader.archive.deleted == {"333"}


def test_a_deleted_customer_of_a_small_store_is_found_at_once() -> None:
    reader = reader_of(59)
    reader.shop.delete("customers", 3)
    reader.shop.delete("customers", 59)

    reader.run()

    assert reader.archive.deleted == {"3", "59"}


def test_a_part_from_which_too_many_are_missing_stops_the_run() -> None:
    reader = reader_of(700)
    for identifier in range(20, 60):
        reader.shop.delete("customers", identifier)

    with pytest.raises(ConfigurationError, match="customers") as caught:
        reader.run()

    assert caught.value.code == "mass_disappearance"
    assert reader.archive.deleted == set()


def test_an_emptied_list_stops_the_run() -> None:
    reader = reader_of(3)
    reader.shop.rows["customers"] = {}

    with pytest.raises(ConfigurationError):
        reader.run()


def test_a_list_that_announces_rows_and_sends_none_is_an_error() -> None:
    reader = reader_of(3)
    reader.shop.spoil = lambda _, answer: httpx.Response(200, json=[], headers=answer.headers)

    with pytest.raises(RetryableError, match="sends 0 rows where 3 are due"):
        reader.run()


def test_a_list_without_a_total_is_swept_too() -> None:
    reader = reader_of(150)
    reader.shop.hides_totals = True

    reader.run()

    assert reader.ids() == set(range(1, 151))


def test_a_span_goes_through_all_customers_and_keeps_the_bookmark() -> None:
    reader = reader_of(250)
    reader.shop.touch("customers", 7, at=START + timedelta(minutes=5))
    reader.shop.rows["customers"][9] |= {"date_modified_gmt": None, "date_created_gmt": None}
    bookmark = reader.bookmark

    reader.run(Window(since=START, until=START + timedelta(minutes=5)))

    assert reader.ids() == {7, 9}
    assert reader.bookmark == bookmark


def test_tax_rates_without_any_dates_are_read_and_swept() -> None:
    shop = MovingStore()
    shop.rows["taxes"] = {
        number: {"id": number, "status": "", "rate": "5.0000"} for number in range(1, 12)
    }
    reader = Reader(shop, Entity.TAX_RATE)

    reader.run()
    reader.run()

    assert reader.ids() == set(range(1, 12))
