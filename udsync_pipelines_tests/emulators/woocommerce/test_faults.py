"""Each fault, seen from the other end of a real socket."""

import time
from typing import Any

import httpx
import pytest

from udsync_pipelines.emulators.woocommerce import StoreEmulator

ORDERS = {"per_page": "5", "orderby": "id", "order": "asc", "_fields": "id"}


def ids(answer: httpx.Response) -> list[int]:
    return [order["id"] for order in answer.json()]


def test_a_429_says_how_long_to_wait_and_strikes_as_often_as_told(
    recorded_store: StoreEmulator, ask: httpx.Client
) -> None:
    fault = recorded_store.faults.add("status", path="/orders", times=2, status=429, retry_after=3)

    answers = [ask.get("orders") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [429, 429, 200]
    assert answers[0].headers["Retry-After"] == "3"
    assert fault.struck == 2


def test_maintenance_answers_html_and_ten_minutes_of_waiting(
    recorded_store: StoreEmulator, ask: httpx.Client
) -> None:
    recorded_store.faults.add("status", status=503)

    answer = ask.get("orders")

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "600"
    assert "Maintenance" in answer.text


@pytest.mark.parametrize(("status", "words"), [(500, "WordPress"), (502, "nginx/1.22.1")])
def test_a_failing_server_answers_its_recorded_page(
    status: int, words: str, recorded_store: StoreEmulator, ask: httpx.Client
) -> None:
    recorded_store.faults.add("status", status=status)

    answer = ask.get("orders")

    assert answer.status_code == status
    assert answer.headers["Content-Type"].startswith("text/html")
    assert words in answer.text


def test_a_fault_strikes_the_nth_and_then_every_kth_matching_request(
    recorded_store: StoreEmulator, ask: httpx.Client
) -> None:
    recorded_store.faults.add("status", path="/orders", nth=2, every=3, times=0, status=500)

    found = [ask.get("orders", params=ORDERS).status_code for _ in range(8)]

    assert found == [200, 500, 200, 200, 500, 200, 200, 500]


def test_a_fault_leaves_other_addresses_and_methods_alone(
    recorded_store: StoreEmulator, ask: httpx.Client
) -> None:
    recorded_store.faults.add("status", path="/orders", method="POST", times=0, status=500)

    assert ask.get("orders").status_code == 200
    assert ask.post("products", json={"name": "x"}).status_code == 201
    assert ask.post("orders", json={}).status_code == 500


def test_a_closed_connection_gives_no_answer_and_changes_nothing(
    recorded_store: StoreEmulator, ask: httpx.Client
) -> None:
    recorded_store.faults.add("close", method="POST")

    with pytest.raises(httpx.RemoteProtocolError):
        ask.post("orders", json={})

    assert recorded_store.sums()["orders"]["CAD"]["count"] == 280


def test_a_lost_answer_leaves_the_order_in_the_store(
    recorded_store: StoreEmulator, ask: httpx.Client
) -> None:
    recorded_store.faults.add("lost_answer", method="POST")

    with pytest.raises(httpx.RemoteProtocolError):
        ask.post("orders", json={})

    assert recorded_store.sums()["orders"]["CAD"]["count"] == 281


def test_a_500_after_the_commit_leaves_the_order_in_the_store(
    recorded_store: StoreEmulator, ask: httpx.Client
) -> None:
    recorded_store.faults.add("status", method="POST", status=500, after_commit=True)

    answer = ask.post("orders", json={})

    assert answer.status_code == 500
    assert recorded_store.sums()["orders"]["CAD"]["count"] == 281


def test_a_hanging_store_lets_the_caller_run_into_its_timeout(
    recorded_store: StoreEmulator, ask: httpx.Client
) -> None:
    recorded_store.faults.add("hang", seconds=30)

    with pytest.raises(httpx.ReadTimeout):
        ask.get("orders", timeout=0.3)

    assert ask.get("orders").status_code == 200


def test_a_hang_ends_with_a_closed_connection(
    recorded_store: StoreEmulator, ask: httpx.Client
) -> None:
    recorded_store.faults.add("hang", seconds=0.1)

    with pytest.raises(httpx.RemoteProtocolError):
        ask.get("orders")


def test_a_slow_answer_is_late_but_whole(recorded_store: StoreEmulator, ask: httpx.Client) -> None:
    recorded_store.faults.add("slow", seconds=0.3)
    started = time.monotonic()

    answer = ask.get("orders")

    assert time.monotonic() - started >= 0.3
    assert len(answer.json()) == 10


def test_a_truncated_body_promises_more_than_it_sends(
    recorded_store: StoreEmulator, ask: httpx.Client
) -> None:
    recorded_store.faults.add("truncated", keep=100)

    with pytest.raises(httpx.RemoteProtocolError, match="received 100 bytes"):
        ask.get("orders")


def test_a_warning_before_the_json_hides_the_total(
    recorded_store: StoreEmulator, ask: httpx.Client
) -> None:
    recorded_store.faults.add("warning")

    answer = ask.get("orders", params=ORDERS)

    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "X-WP-Total" not in answer.headers
    assert answer.text.endswith('[{"id":76},{"id":78},{"id":79},{"id":80},{"id":81}]')
    assert answer.text.startswith("<br />\n<b>Warning</b>")


def test_a_page_of_html_with_status_200_is_no_json(
    recorded_store: StoreEmulator, ask: httpx.Client
) -> None:
    recorded_store.faults.add("html_200")

    answer = ask.get("orders")

    assert answer.status_code == 200
    assert answer.text.startswith("<!DOCTYPE html>")


def test_an_empty_page_keeps_a_total_that_gives_it_away(
    recorded_store: StoreEmulator, ask: httpx.Client
) -> None:
    recorded_store.faults.add("empty_page")

    answer = ask.get("orders")

    assert answer.json() == []
    assert answer.headers["X-WP-Total"] == "288"


def test_a_duplicated_page_shows_the_page_before_once_more(
    recorded_store: StoreEmulator, ask: httpx.Client
) -> None:
    recorded_store.faults.add("duplicated_page", path="page=2")

    pages = [ids(ask.get("orders", params={**ORDERS, "page": page})) for page in (1, 2, 3)]

    assert pages[1] == pages[0]
    assert pages[2] == [88, 89, 91, 92, 94]


def test_missing_rows_are_left_out_of_a_full_page(
    recorded_store: StoreEmulator, ask: httpx.Client
) -> None:
    recorded_store.faults.add("missing_rows", rows=2)

    assert ids(ask.get("orders", params=ORDERS)) == [76, 78, 79]


def test_a_wrong_content_type_names_the_right_body_falsely(
    recorded_store: StoreEmulator, ask: httpx.Client
) -> None:
    recorded_store.faults.add("wrong_content_type", content_type="text/plain")

    answer = ask.get("orders")

    assert answer.headers["Content-Type"] == "text/plain"
    assert len(answer.json()) == 10


def test_an_unknown_fault_is_refused_with_the_list_of_faults(recorded_store: StoreEmulator) -> None:
    with pytest.raises(ValueError, match="Choose one of: act, answer_before"):
        recorded_store.faults.add("explode")


def test_who_has_an_answer_finds_its_request_in_the_journal(
    recorded_store: StoreEmulator, ask: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = recorded_store.requests
    note = journal.note

    def late(*entry: Any) -> None:
        time.sleep(0.2)
        note(*entry)

    monkeypatch.setattr(journal, "note", late)
    before = len(journal.records())

    ask.get("orders")

    assert len(journal.records()) == before + 1
