"""The requests that a company gets, and what is made of its answers."""

from collections.abc import Sequence
from decimal import Decimal

import httpx
import orjson
import pytest

from udsync_pipelines.connectors.quickbooks.entities import BookEntity
from udsync_pipelines.connectors.quickbooks.faults import (
    NotFoundError,
    RejectedByBooksError,
    StaleObjectError,
)
from udsync_pipelines.connectors.quickbooks.query import Query, equals
from udsync_pipelines.errors import (
    ConfigurationError,
    PlatformUnavailableError,
)
from udsync_pipelines_tests.connectors.quickbooks.samples import (
    CUSTOMERS,
    SALE,
    Answers,
    answer,
    batch_answer,
    client,
    counted,
    create,
    customers,
    fault,
    json_answer,
    listed,
)


def test_every_request_names_the_minor_version_and_asks_for_json() -> None:
    answers = Answers(answer("query_ok.json"), answer("create_sales_receipt.json"))
    books = client(answers)

    list(books.select(CUSTOMERS))
    create(books)

    for request in answers.requests:
        assert request.url.params["minorversion"] == "75"
        assert request.headers["accept"] == "application/json"
        assert request.headers["authorization"] == "Bearer access-1-value"
        assert request.url.path.startswith("/v3/company/310687/")


def test_a_write_carries_its_request_id_and_amounts_with_all_their_digits() -> None:
    answers = Answers(answer("create_sales_receipt.json"))

    create(client(answers))

    sent = answers.requests[0]
    assert sent.url.params["requestid"] == "r-1"
    assert sent.url.path.endswith("/salesreceipt")
    assert sent.content == b'{"DocNumber":"W-10482","TotalAmt":65.63}'


def test_what_was_written_comes_back_exact_with_the_id_of_its_request() -> None:
    written = client(Answers(answer("create_sales_receipt.json"))).create(
        BookEntity.SALES_RECEIPT, SALE, request_id="r-1"
    )

    assert written.row["TotalAmt"] == Decimal("65.63")
    assert isinstance(written.row["TotalAmt"], Decimal)
    assert written.intuit_tid == "1-65f31b2d-test"


@pytest.mark.parametrize("request_id", ["", "x" * 51])
def test_a_request_id_of_a_wrong_length_is_refused_before_sending(request_id: str) -> None:
    answers = Answers()

    with pytest.raises(ValueError, match="request id"):
        client(answers).create(BookEntity.CUSTOMER, {}, request_id=request_id)

    assert answers.requests == []


@pytest.mark.parametrize(
    ("entity", "params", "body"),
    [
        (BookEntity.INVOICE, {"operation": "void"}, {"Id": "640", "SyncToken": "3"}),
        (
            BookEntity.PAYMENT,
            {"operation": "update", "include": "void"},
            {"Id": "640", "SyncToken": "3", "sparse": True},
        ),
        (
            BookEntity.SALES_RECEIPT,
            {"operation": "update", "include": "void"},
            {"Id": "640", "SyncToken": "3", "sparse": True},
        ),
    ],
)
def test_each_entity_is_voided_in_its_own_form(
    entity: BookEntity, params: dict[str, str], body: dict[str, object]
) -> None:
    answers = Answers(json_answer({entity.value: {"Id": "640", "SyncToken": "4"}}))

    client(answers).void(entity, "640", "3", request_id="r-1")

    sent = answers.requests[0]
    assert {name: sent.url.params[name] for name in params} == params
    assert orjson.loads(sent.content) == body


def test_a_credit_memo_has_no_void_and_a_customer_no_delete() -> None:
    books = client(Answers())

    with pytest.raises(ValueError, match="voided"):
        books.void(BookEntity.CREDIT_MEMO, "1", "0", request_id="r-1")
    with pytest.raises(ValueError, match="inactive"):
        books.delete(BookEntity.CUSTOMER, "1", "0", request_id="r-1")


def test_a_document_is_deleted_by_its_id_and_sync_token() -> None:
    answers = Answers(answer("delete.json"))

    client(answers).delete(BookEntity.INVOICE, "640", "3", request_id="r-1")

    sent = answers.requests[0]
    assert sent.url.params["operation"] == "delete"
    assert orjson.loads(sent.content) == {"Id": "640", "SyncToken": "3"}


@pytest.mark.parametrize("sparse", [True, False])
def test_an_update_says_whether_it_is_sparse(sparse: bool) -> None:
    answers = Answers(json_answer({"Customer": {"Id": "58", "SyncToken": "3"}}))

    client(answers).update(
        BookEntity.CUSTOMER, {"Id": "58", "SyncToken": "2"}, request_id="r-1", sparse=sparse
    )

    assert orjson.loads(answers.requests[0].content)["sparse"] is sparse


def test_an_update_without_a_sync_token_is_refused_before_sending() -> None:
    with pytest.raises(ValueError, match="SyncToken"):
        client(Answers()).update(BookEntity.CUSTOMER, {"Id": "58"}, request_id="r-1")


def test_a_list_is_read_to_its_end_and_nothing_comes_twice() -> None:
    answers = Answers(customers(1, 2), customers(2, 3), customers())

    found = [row["Id"] for row in client(answers).select(CUSTOMERS, page_size=2)]

    assert found == ["1", "2", "3"]
    statements = [request.url.params["query"] for request in answers.requests]
    assert [text.split("ORDERBY ")[1] for text in statements] == [
        f"Id STARTPOSITION {start} MAXRESULTS 2" for start in (1, 3, 5)
    ]


def test_an_empty_answer_to_a_query_is_no_rows_at_all() -> None:
    assert list(client(Answers(answer("query_empty.json"))).select(CUSTOMERS)) == []


def test_a_count_is_read_from_the_answer() -> None:
    assert client(Answers(answer("query_count.json"))).count(CUSTOMERS) == 412


def test_a_page_that_cannot_be_answered_is_asked_for_in_halves() -> None:
    answers = Answers(
        fault("4002", "QueryProcessingError"), customers(1, 2), customers(3), customers()
    )

    found = [row["Id"] for row in client(answers).select(CUSTOMERS, page_size=4)]

    assert found == ["1", "2", "3"]


def test_one_object_that_cannot_be_answered_is_an_error() -> None:
    answers = Answers(*[fault("4002", "QueryProcessingError") for _ in range(3)])

    with pytest.raises(RejectedByBooksError) as caught:
        list(client(answers).select(CUSTOMERS, page_size=4))

    assert caught.value.code == "query_failed"


def test_several_lists_come_in_one_batch_with_their_counts() -> None:
    batch = batch_answer(listed({"Id": "1"}), counted(1), {"QueryResponse": {}}, counted(0))
    answers = Answers(batch)

    found = client(answers).select_together([CUSTOMERS, Query(BookEntity.ITEM)])

    assert found == [[{"Id": "1"}], []]
    assert [request.url.path.rpartition("/")[2] for request in answers.requests] == ["batch"]


@pytest.mark.parametrize(
    "items",
    [
        (listed({"Id": "1"}), counted(2)),
        (listed(*[{"Id": str(number)} for number in range(1000)]), counted(1000)),
        ({"Fault": {"Error": [{"code": "4002", "Message": "QueryProcessingError"}]}}, counted(2)),
    ],
    ids=["lacks an object", "may go on", "cannot be answered"],
)
def test_a_list_that_a_batch_does_not_give_whole_is_asked_for_by_itself(
    items: Sequence[dict[str, object]],
) -> None:
    rows = [{"Id": "1"}, {"Id": "2"}]
    alone = (json_answer(listed(*rows)), json_answer(counted(2)))
    answers = Answers(batch_answer(*items), *alone)

    found = client(answers).select_together([CUSTOMERS])

    assert found == [tuple(rows)]
    assert len(answers.requests) == 3


def test_the_answer_to_another_batch_is_not_taken_for_this_one() -> None:
    items = [{"bId": "a1b2c3-r0", **listed()}, {"bId": "a1b2c3-c0", **counted(0)}]
    alone = (json_answer(listed({"Id": "1"})), json_answer(counted(1)))
    answers = Answers(json_answer({"BatchItemResponse": items}), *alone)

    (found,) = client(answers).select_together([CUSTOMERS])

    assert found == ({"Id": "1"},)


def test_an_object_that_is_not_there_is_none() -> None:
    missing = fault("610", "Object Not Found : Something you're trying to use")

    assert client(Answers(missing)).find(BookEntity.CUSTOMER, "7") is None


def test_a_stale_object_and_a_missing_one_have_errors_of_their_own() -> None:
    body = {"Id": "58", "SyncToken": "2"}

    with pytest.raises(StaleObjectError):
        client(Answers(fault("5010"))).update(BookEntity.CUSTOMER, body, request_id="r-1")
    with pytest.raises(NotFoundError):
        client(Answers(fault("610"))).update(BookEntity.CUSTOMER, body, request_id="r-1")


def test_a_wrong_path_is_a_configuration_error() -> None:
    with pytest.raises(ConfigurationError) as caught:
        list(client(Answers(httpx.Response(404))).select(CUSTOMERS))

    assert caught.value.code == "request_refused"


def test_a_warning_about_a_duplicate_number_can_be_overridden() -> None:
    answers = Answers(answer("create_sales_receipt.json"))

    client(answers).create(
        BookEntity.SALES_RECEIPT, SALE, request_id="r-1", allow_duplicate_number=True
    )

    assert answers.requests[0].url.params["include"] == "allowduplicatedocnum"


def test_a_statement_is_encoded_once() -> None:
    answers = Answers(answer("query_ok.json"))
    query = Query(BookEntity.CUSTOMER, (equals("DisplayName", "Adam's Shop"),))

    list(client(answers).select(query))

    assert "%5C%27s" in str(answers.requests[0].url)
    assert "DisplayName = 'Adam\\'s Shop'" in answers.requests[0].url.params["query"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"QueryResponse": []},
        {"QueryResponse": {"Customer": {"Id": "1"}}},
        {"QueryResponse": {"Customer": [{"Name": "without an id"}]}},
    ],
    ids=str,
)
def test_an_answer_of_another_shape_to_a_query_is_told(body: dict[str, object]) -> None:
    with pytest.raises(PlatformUnavailableError) as caught:
        list(client(Answers(json_answer(body))).select(CUSTOMERS))

    assert caught.value.code == "answer_misshapen"


@pytest.mark.parametrize("queries", [0, 16])
def test_a_batch_of_a_wrong_size_is_refused_before_sending(queries: int) -> None:
    with pytest.raises(ValueError, match="15"):
        client(Answers()).select_together([CUSTOMERS] * queries)
