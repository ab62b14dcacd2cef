"""What happens to good answers of either emulated platform on their way."""

from collections.abc import Iterator

import httpx
import pytest

from udsync_pipelines.emulators.damage import DAMAGES, changed
from udsync_pipelines.emulators.quickbooks import CompanyEmulator
from udsync_pipelines.emulators.quickbooks.faults import KINDS as BOOKS_KINDS
from udsync_pipelines.emulators.woocommerce import StoreEmulator
from udsync_pipelines.emulators.woocommerce.faults import KINDS as STORE_KINDS
from udsync_pipelines_tests.emulators.quickbooks.books import Books
from udsync_pipelines_tests.store_fixtures import client_of


@pytest.fixture
def books() -> Iterator[Books]:
    with CompanyEmulator() as emulator:
        yield Books(emulator)


@pytest.fixture(scope="module")
def store() -> Iterator[StoreEmulator]:
    with StoreEmulator() as emulator:
        yield emulator


@pytest.fixture
def ask(store: StoreEmulator) -> Iterator[httpx.Client]:
    with client_of(store) as client:
        yield client
    store.faults.clear()


def test_both_platforms_know_every_damage() -> None:
    assert DAMAGES <= BOOKS_KINDS
    assert DAMAGES <= STORE_KINDS


def test_bodies_can_be_empty_cut_or_another_thing(store: StoreEmulator, ask: httpx.Client) -> None:
    whole = ask.get("/orders").content
    kinds = ("empty_body", "empty_object", "html_200", "redirect", "cut")
    for number, kind in enumerate(kinds, start=1):
        store.faults.add(kind, path="/orders", nth=number)

    empty, thing, page, moved, cut = (ask.get("/orders") for _ in range(5))

    assert (empty.status_code, empty.content) == (200, b"")
    assert thing.json() == {}
    assert (page.status_code, page.headers["Content-Type"][:9]) == (200, "text/html")
    assert "X-WP-Total" not in page.headers
    assert (moved.status_code, moved.has_redirect_location) == (302, True)
    assert cut.content == whole[: len(whole) // 2]


def test_a_body_that_is_not_compressed_can_say_that_it_is(books: Books) -> None:
    books.emulator.faults.add("broken_gzip")

    with pytest.raises(httpx.DecodingError):
        books.ask("select * from Customer")


def test_an_answer_can_break_off_without_having_told_its_length(books: Books) -> None:
    books.emulator.faults.add("truncated", unannounced=True)

    with pytest.raises(httpx.RemoteProtocolError, match="incomplete"):
        books.ask("select * from TaxCode")


def test_an_object_can_hold_a_member_twice(books: Books, ask: httpx.Client) -> None:
    books.emulator.faults.add("duplicate_keys")

    twice = books.ask("select * from Customer").text

    assert twice.count('"QueryResponse"') == 2


def test_a_store_can_lie_about_how_many_rows_there_are(
    store: StoreEmulator, ask: httpx.Client
) -> None:
    store.faults.add("no_total", path="/orders")
    store.faults.add("wrong_total", path="/orders", nth=2, total=3)
    store.faults.add("early_end", path="/orders", nth=3)

    silent, wrong, early = (ask.get("/orders", params={"offset": 20}) for _ in range(3))

    assert "X-WP-Total" not in silent.headers
    assert (wrong.headers["X-WP-Total"], len(wrong.json())) == ("3", 10)
    assert (early.headers["X-WP-Total"], early.json()) == ("20", [])


def test_the_answer_before_comes_once_more(
    store: StoreEmulator, ask: httpx.Client, books: Books
) -> None:
    first = ask.get("/orders", params={"per_page": 1}).json()
    sale = books.make("SalesReceipt", books.sale(DocNumber="A"))
    store.faults.add("answer_before", path="/orders")
    books.emulator.faults.add("answer_before", path="/salesreceipt")

    again = ask.get("/orders", params={"per_page": 1, "offset": 5}).json()
    other = books.make("SalesReceipt", books.sale(DocNumber="B"))

    assert again == first
    assert other["Id"] == sale["Id"]
    assert books.emulator.count("SalesReceipt") == 2


def test_a_query_can_leave_out_what_it_found(books: Books) -> None:
    books.customer("Ann")
    books.customer("Ben")
    books.emulator.faults.add("missing_rows")
    books.emulator.faults.add("empty_list", nth=2)

    some, none = (books.query("select * from Customer") for _ in range(2))

    assert [one["DisplayName"] for one in some["Customer"]] == ["Ann"]
    assert some["maxResults"] == 1
    assert none == {}


def test_a_batch_can_leave_out_what_its_first_query_found(books: Books) -> None:
    books.customer("Ann")
    books.customer("Ben")
    books.emulator.faults.add("missing_rows", path="/batch")
    statements = ["select * from Vendor", "select * from Customer", "select count(*) from Customer"]
    items = [{"bId": str(number), "Query": one} for number, one in enumerate(statements)]

    answer = books.client.post("/batch", json={"BatchItemRequest": items}).json()

    none, some, counted = (item["QueryResponse"] for item in answer["BatchItemResponse"])
    assert none == {}
    assert [one["DisplayName"] for one in some["Customer"]] == ["Ann"]
    assert counted["totalCount"] == 2


def test_what_is_sent_and_what_is_answered_can_be_changed(books: Books) -> None:
    faults = books.emulator.faults
    faults.add("changed_request", path="/salesreceipt", changes={"DocNumber": None})
    faults.add("changed_answer", path="/salesreceipt", nth=2, changes={"SalesReceipt.TotalAmt": 1})

    unnumbered = books.make("SalesReceipt", books.sale(DocNumber="A"))
    untrue = books.make("SalesReceipt", books.sale(DocNumber="B"))

    assert unnumbered.get("DocNumber") != "A"
    assert untrue["TotalAmt"] == 1
    assert books.read("SalesReceipt", untrue["Id"])["TotalAmt"] != 1


def test_changes_reach_the_rows_and_members_that_are_named_and_no_others() -> None:
    body = b'[{"id":1,"a":{"b":[1,2]},"c":3},{"id":2,"c":4}]'

    found = changed(body, {"rows": [1], "changes": {"a.b.1": 9, "c": None, "d": 5, "a.b.7": 1}})

    assert found == b'[{"id":1,"a":{"b":[1,9]}},{"id":2,"c":4}]'
