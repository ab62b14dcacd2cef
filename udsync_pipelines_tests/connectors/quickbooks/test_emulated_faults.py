"""What goes wrong between us and an emulated company, and what becomes of it."""

from collections.abc import Callable
from typing import Any

import pytest

from udsync_pipelines.connectors.quickbooks import lookup
from udsync_pipelines.connectors.quickbooks.entities import BookEntity
from udsync_pipelines.connectors.quickbooks.faults import (
    NotFoundError,
    RejectedByBooksError,
)
from udsync_pipelines.connectors.quickbooks.query import Query, equals
from udsync_pipelines.errors import (
    AuthorizationError,
    ConfigurationError,
    OutcomeUnknownError,
    PlatformUnavailableError,
    RateLimitedError,
)
from udsync_pipelines_tests.connectors.quickbooks.companies import Books

Opened = Callable[..., Books]
CREATE = {"DisplayName": "Ada Byron"}


def names(books: Books) -> int:
    return len(lookup.customers_by_name(books.client, "Ada Byron"))


@pytest.mark.parametrize("kind", ["lost_answer", "truncated"])
def test_a_lost_answer_to_a_write_is_found_by_looking(books: Books, kind: str) -> None:
    books.company.faults.add(kind, path="/customer", method="POST", keep=20)

    with pytest.raises(OutcomeUnknownError):
        books.create(BookEntity.CUSTOMER, CREATE)

    assert names(books) == 1
    assert len(books.company.requests.records("/customer")) == 1


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("close", {}),
        ("hang", {"seconds": 3}),
        ("status", {"status": 500}),
        ("status", {"status": 502}),
        ("status", {"status": 503}),
        ("status", {"status": 504}),
    ],
)
def test_a_write_that_was_not_done_is_unknown_all_the_same_until_it_is_looked_for(
    books: Books, kind: str, settings: dict[str, Any]
) -> None:
    books.company.faults.add(kind, path="/customer", method="POST", **settings)

    with pytest.raises(OutcomeUnknownError):
        books.create(BookEntity.CUSTOMER, CREATE, request_id="r-1")

    assert names(books) == 0
    assert books.create(BookEntity.CUSTOMER, CREATE, request_id="r-1")["Id"]
    assert names(books) == 1


def test_sending_again_with_the_same_request_id_after_a_lost_answer_makes_no_second(
    books: Books,
) -> None:
    books.company.faults.add("lost_answer", path="/customer", method="POST")
    with pytest.raises(OutcomeUnknownError):
        books.create(BookEntity.CUSTOMER, CREATE, request_id="r-1")

    row = books.create(BookEntity.CUSTOMER, CREATE, request_id="r-1")

    assert row["DisplayName"] == "Ada Byron"
    assert names(books) == 1


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("close", {}),
        ("truncated", {"keep": 20}),
        ("lost_answer", {}),
        ("status", {"status": 500}),
        ("status", {"status": 503}),
        ("status", {"status": 429}),
        ("status", {"status": 429, "xml": True}),
        ("expired_token", {}),
    ],
)
def test_a_read_gets_over_any_passing_fault(
    books: Books, kind: str, settings: dict[str, Any]
) -> None:
    books.customer()
    books.company.faults.add(kind, path="/query", **settings)

    assert names(books) == 1


@pytest.mark.parametrize("is_xml", [True, False])
def test_a_throttled_write_is_sent_again_after_a_minute(books: Books, is_xml: bool) -> None:
    books.company.faults.add("status", path="/customer", status=429, xml=is_xml, times=2)

    books.create(BookEntity.CUSTOMER, CREATE)

    assert names(books) == 1
    assert len(books.waited) == 2
    assert all(seconds >= 60 for seconds in books.waited)


def test_a_named_wait_after_a_429_is_kept(books: Books) -> None:
    books.company.faults.add("status", path="/customer", status=429, retry_after=75)

    books.create(BookEntity.CUSTOMER, CREATE)

    assert books.waited[0] >= 75


def test_throttling_without_an_end_is_told(books: Books) -> None:
    books.company.faults.add("status", path="/customer", status=429, times=0)

    with pytest.raises(RateLimitedError):
        books.create(BookEntity.CUSTOMER, CREATE)


def test_an_expired_token_is_renewed_without_anybody_noticing(books: Books) -> None:
    books.customer("Before")
    books.company.control.expire_tokens()

    books.customer("After")

    assert len(books.company.requests.records("/oauth2/v1/tokens")) == 2


def test_a_withdrawn_consent_is_told_once_and_not_asked_for_again(books: Books) -> None:
    books.customer()
    books.company.control.disconnect()

    for _ in range(3):
        with pytest.raises(AuthorizationError) as caught:
            books.customer("Another")
        assert caught.value.code == "needs_consent"

    # The first renewal was for the first customer.
    assert len(books.company.requests.records("/oauth2/v1/tokens")) == 2


def test_a_new_consent_goes_on_where_the_old_one_ended(books: Books) -> None:
    books.company.control.disconnect()
    with pytest.raises(AuthorizationError):
        books.customer()

    consent = books.company.control.connect()
    books.store.credentials["refresh_token"] = type(books.store.credentials["refresh_token"])(
        consent["refresh_token"]
    )

    assert books.customer()


def test_rotating_refresh_tokens_never_lose_the_connection(opened: Opened) -> None:
    books = opened(rotate_seconds=0, double_use_revokes=True)

    for number in range(4):
        books.customer(f"Customer {number}")
        books.company.control.expire_tokens()

    assert books.customer("The last")


def test_another_company_with_our_tokens_needs_consent(books: Books) -> None:
    books.company.faults.add("status", path="/customer", status=403)

    with pytest.raises(AuthorizationError) as caught:
        books.customer()

    assert caught.value.code == "needs_consent"


def test_a_lapsed_subscription_stops_the_run_but_reads_go_on(books: Books) -> None:
    books.customer()
    books.company.control.lapse_subscription()

    with pytest.raises(ConfigurationError) as caught:
        books.customer("Another")

    assert caught.value.code == "company_read_only"
    assert names(books) == 1


def sale(books: Books, **members: Any) -> dict[str, Any]:
    return books.sale(books.customer(), books.item(), **members)


def test_closed_books_refuse_a_document_dated_before(books: Books) -> None:
    body = sale(books)
    books.company.control.close_books("2099-12-31")

    with pytest.raises(RejectedByBooksError) as caught:
        books.create(BookEntity.SALES_RECEIPT, body)

    assert caught.value.code == "books_closed"


def test_a_line_without_a_tax_code_is_told_in_words(books: Books) -> None:
    body = sale(books)
    del body["Line"][0]["SalesItemLineDetail"]["TaxCodeRef"]

    with pytest.raises(RejectedByBooksError) as caught:
        books.create(BookEntity.SALES_RECEIPT, body)

    assert caught.value.code == "tax_code_missing"


def test_a_taken_name_is_refused_whoever_has_it(books: Books) -> None:
    books.company.control.add_vendor("Ada Byron")

    with pytest.raises(RejectedByBooksError) as caught:
        books.customer("ada byron")

    assert caught.value.code == "name_taken"


def test_a_taken_number_is_refused_unless_it_is_allowed(opened: Opened) -> None:
    books = opened(warn_duplicate_numbers=True)
    body = sale(books)
    books.create(BookEntity.SALES_RECEIPT, body)

    with pytest.raises(RejectedByBooksError) as caught:
        books.create(BookEntity.SALES_RECEIPT, body)
    second = books.create(BookEntity.SALES_RECEIPT, body, allow_duplicate_number=True)

    assert caught.value.code == "document_number_taken"
    assert second["Id"]


def test_an_inactive_reference_asks_for_the_lists_to_be_read_again(books: Books) -> None:
    body = sale(books)
    item = body["Line"][0]["SalesItemLineDetail"]["ItemRef"]["value"]
    books.company.control.inactivate("Item", item)

    with pytest.raises(RejectedByBooksError) as caught:
        books.create(BookEntity.SALES_RECEIPT, body)

    assert caught.value.remedy.value == "renew_references"


def test_a_deposited_receipt_cannot_be_changed_or_deleted(books: Books) -> None:
    row = books.create(BookEntity.SALES_RECEIPT, sale(books))
    books.company.control.deposit([row["Id"]])

    with pytest.raises(RejectedByBooksError) as caught:
        books.client.delete(
            BookEntity.SALES_RECEIPT, row["Id"], row["SyncToken"], request_id=books.request_id()
        )

    assert caught.value.code == "deposited"


def test_a_number_that_is_too_long_is_told_with_its_length(books: Books) -> None:
    with pytest.raises(RejectedByBooksError, match="DocNumber") as caught:
        books.create(BookEntity.SALES_RECEIPT, sale(books, number="W" * 22))

    assert caught.value.code == "text_length"


def test_a_customer_with_an_open_balance_stays_active(books: Books) -> None:
    body = sale(books)
    books.create(BookEntity.INVOICE, body)
    customer = books.client.read(BookEntity.CUSTOMER, body["CustomerRef"]["value"])

    changes = {"Id": customer["Id"], "SyncToken": customer["SyncToken"], "Active": False}
    with pytest.raises(RejectedByBooksError) as caught:
        books.client.update(BookEntity.CUSTOMER, changes, request_id=books.request_id())

    assert caught.value.code == "open_balance"


def test_a_field_that_cannot_be_asked_for_is_our_own_mistake(books: Books) -> None:
    query = Query(BookEntity.INVOICE, (equals("PrivateNote", "W-1"),))

    with pytest.raises(RejectedByBooksError) as caught:
        list(books.client.select(query))

    assert caught.value.code == "query_invalid"


def test_a_new_object_that_queries_do_not_show_yet_can_be_read_by_its_id(opened: Opened) -> None:
    books = opened(visibility_delay=3600.0)

    identifier = books.customer()

    assert names(books) == 0
    assert books.client.read(BookEntity.CUSTOMER, identifier)["DisplayName"] == "Ada Byron"


def test_a_document_of_a_customer_that_is_gone_is_not_found(books: Books) -> None:
    body = sale(books) | {"CustomerRef": {"value": "999999"}}

    with pytest.raises(RejectedByBooksError) as caught:
        books.create(BookEntity.SALES_RECEIPT, body)

    assert isinstance(caught.value, NotFoundError) or caught.value.code == "reference_inactive"


def test_a_company_that_is_not_there_is_unavailable(books: Books) -> None:
    books.customer()
    books.company.stop()

    with pytest.raises(PlatformUnavailableError):
        books.customer("Another")
