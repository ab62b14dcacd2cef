"""The requests that a company gets, and what is made of its answers."""

import logging
from collections.abc import Mapping, Sequence
from decimal import Decimal

import httpx
import orjson
import pytest

from udsync_pipelines.connectors.quickbooks.address import realm
from udsync_pipelines.connectors.quickbooks.calls import new_http_client
from udsync_pipelines.connectors.quickbooks.client import QuickBooksClient
from udsync_pipelines.connectors.quickbooks.entities import BookEntity
from udsync_pipelines.connectors.quickbooks.faults import (
    NotFoundError,
    RejectedByBooksError,
    StaleObjectError,
)
from udsync_pipelines.connectors.quickbooks.query import Query, equals
from udsync_pipelines.errors import (
    AuthorizationError,
    ConfigurationError,
    OutcomeUnknownError,
    PlatformUnavailableError,
    RateLimitedError,
)
from udsync_pipelines_tests.connectors.quickbooks.samples import (
    SECRETS,
    Answers,
    MemoryTokenStore,
    Reply,
    access_tokens,
    answer,
    client,
    fault,
    json_answer,
    stored,
    token_answer,
)

CUSTOMERS = Query(BookEntity.CUSTOMER)
SALE = {"DocNumber": "W-10482", "TotalAmt": Decimal("65.63")}


def customers(*ids: int) -> httpx.Response:
    rows = [{"Id": str(identifier), "SyncToken": "0"} for identifier in ids]
    return json_answer({"QueryResponse": {"Customer": rows} if rows else {}})


def create(books: QuickBooksClient) -> object:
    return books.create(BookEntity.SALES_RECEIPT, SALE, request_id="r-1", record="order/10482")


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


def batch_answer(*answers: dict[str, object]) -> Reply:
    """What a batch is answered with: an item for each key that was sent, in their order."""

    def reply(request: httpx.Request) -> httpx.Response:
        asked = orjson.loads(request.content)["BatchItemRequest"]
        items = [{"bId": one["bId"], **each} for one, each in zip(asked, answers, strict=True)]
        return json_answer({"BatchItemResponse": items})

    return reply


def listed(*rows: Mapping[str, object]) -> dict[str, object]:
    """A batch's item with these customers."""
    return {"QueryResponse": {"Customer": list(rows)}}


def counted(number: int) -> dict[str, object]:
    return {"QueryResponse": {"totalCount": number}}


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


def test_a_read_that_fails_is_tried_again() -> None:
    answers = Answers(httpx.Response(503), httpx.ReadTimeout("slow"), answer("query_ok.json"))

    assert len(list(client(answers).select(CUSTOMERS))) == 1
    assert len(answers.requests) == 3


@pytest.mark.parametrize(
    "lost",
    [
        httpx.ReadTimeout("slow"),
        httpx.ReadError("reset"),
        httpx.WriteError("reset"),
        httpx.RemoteProtocolError("closed without an answer"),
        httpx.Response(500),
        httpx.Response(502, text="<html>Bad gateway</html>"),
        httpx.Response(504),
        httpx.Response(200, content=b'{"SalesReceipt": {"Id": "9'),
        httpx.Response(200, content=b"{}"),
        fault("10000", "System Failure Error", 500),
        fault("610", "a proxy made this up", 503),
    ],
    ids=str,
)
def test_a_write_whose_answer_is_lost_is_not_sent_again(
    lost: httpx.Response | Exception,
) -> None:
    answers = Answers(lost)

    with pytest.raises(OutcomeUnknownError) as caught:
        create(client(answers))

    assert len(answers.requests) == 1
    assert caught.value.record == "order/10482"
    assert caught.value.platform == "quickbooks"


@pytest.mark.parametrize(
    "unsent",
    [
        httpx.ConnectError("refused"),
        httpx.ConnectTimeout("slow"),
        answer("fault_throttle_429_json.json", 429),
        answer("fault_throttle_429.xml", 429),
        fault("150", "maintenance", 401),
    ],
    ids=str,
)
def test_a_write_that_was_surely_not_done_is_sent_again(
    unsent: httpx.Response | Exception,
) -> None:
    answers = Answers(unsent, answer("create_sales_receipt.json"))

    create(client(answers))

    assert len(answers.requests) == 2
    assert len({request.url.params["requestid"] for request in answers.requests}) == 1


def test_a_refused_connection_is_unavailable_and_never_an_unknown_outcome() -> None:
    answers = Answers(*[httpx.ConnectError("refused") for _ in range(3)])

    with pytest.raises(PlatformUnavailableError):
        create(client(answers))


def test_after_a_429_everybody_waits_a_minute_where_no_wait_is_named() -> None:
    limits = RecordingLimits()
    waits: list[float] = []
    throttled = [answer("fault_throttle_429.xml", 429) for _ in range(2)]
    throttled[1].headers["retry-after"] = "90"
    answers = Answers(*throttled, answer("query_ok.json"))

    list(client(answers, limits=limits, sleep=waits.append).select(CUSTOMERS))

    assert limits.pauses == [60.0, 90.0]
    assert [wait >= pause for wait, pause in zip(waits, (60, 90), strict=True)] == [True, True]


def test_too_many_429s_end_with_a_sentence_and_the_wait() -> None:
    answers = Answers(*[answer("fault_throttle_429_json.json", 429) for _ in range(3)])

    with pytest.raises(RateLimitedError) as caught:
        list(client(answers).select(CUSTOMERS))

    assert caught.value.retry_after == 60
    assert caught.value.code == "rate_limited"


def test_each_attempt_takes_a_slot_and_each_query_or_write_is_counted_once() -> None:
    limits = RecordingLimits()
    answers = Answers(
        httpx.Response(503),
        answer("query_ok.json"),
        answer("create_sales_receipt.json"),
        batch_answer(listed(), counted(0)),
    )
    books = client(answers, limits=limits)

    list(books.select(CUSTOMERS))
    create(books)
    books.select_together([CUSTOMERS])

    assert limits.slots == [("requests",)] * 3 + [("requests", "batches")]
    assert limits.counted == [
        ("Customer query", True, False),
        ("SalesReceipt create", False, False),
        ("batch", True, False),  # Intuit may count each of its queries
        ("batch", True, False),
    ]
    assert limits.held == 0


def test_an_expired_token_is_renewed_once_and_the_write_sent_again() -> None:
    renewals = Answers(token_answer())
    answers = Answers(answer("fault_auth_401.json", 401), answer("create_sales_receipt.json"))

    create(client(answers, tokens=access_tokens(renewals)))

    used = [request.headers["authorization"] for request in answers.requests]
    assert used == ["Bearer access-1-value", "Bearer access-2-value"]
    assert len(renewals.requests) == 1


def test_a_new_token_that_is_refused_too_needs_consent_and_no_third_try() -> None:
    renewals = Answers(token_answer())
    answers = Answers(*[answer("fault_auth_401.json", 401) for _ in range(2)])

    with pytest.raises(AuthorizationError) as caught:
        create(client(answers, tokens=access_tokens(renewals)))

    assert caught.value.code == "needs_consent"
    assert caught.value.request_id == "1-65f31b2d-test"
    assert len(answers.requests) == 2


def test_a_token_taken_over_that_has_died_too_is_renewed_after_all() -> None:
    store = MemoryTokenStore()
    tokens = access_tokens(Answers(token_answer(access="access-3-value")), store)
    tokens.current()
    store.credentials.update(stored(access_token="access-2-value"))
    refusals = [answer("fault_auth_401.json", 401) for _ in range(2)]
    answers = Answers(*refusals, answer("create_sales_receipt.json"))

    create(client(answers, tokens=tokens))

    used = [request.headers["authorization"] for request in answers.requests]
    assert used == ["Bearer access-1-value", "Bearer access-2-value", "Bearer access-3-value"]


def test_another_company_is_refused_without_renewing_anything() -> None:
    answers = Answers(answer("fault_forbidden_403.json", 403))

    with pytest.raises(AuthorizationError) as caught:
        create(client(answers))

    assert caught.value.code == "needs_consent"


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
    "url",
    [
        "http://quickbooks.api.intuit.com",
        "https://books.example",
        "https://quickbooks.api.intuit.com.books.example",
        "ftp://127.0.0.1",
        "not an address",
    ],
)
def test_other_hosts_than_those_of_intuit_are_refused(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        client(Answers(), base_url=url)

    assert caught.value.code == "address_invalid"


@pytest.mark.parametrize("url", ["http://127.0.0.1:8081", "https://[::1]:9", "http://localhost:1"])
def test_a_company_on_this_machine_may_stand_in(url: str) -> None:
    assert client(Answers(), base_url=url).url == url


def test_no_token_shows_in_logs_errors_or_representations(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    store = MemoryTokenStore()
    expired = json_answer(
        {"fault": {"error": [{"code": "3200", "detail": "Token expired: access-1-value"}]}}, 401
    )
    answers = Answers(expired, fault("2020", "Required parameter Line is missing"))
    tokens = access_tokens(Answers(token_answer()), store)
    books = client(answers, tokens=tokens)

    with pytest.raises(RejectedByBooksError) as caught:
        create(books)

    told = [f"{record.__dict__}" for record in caplog.records]
    told += [repr(books), repr(tokens), repr(caught.value), str(caught.value), repr(store.read())]
    assert any("intuit_tid" in line for line in told)
    assert not [line for line in told for secret in (*SECRETS, "access-2-value") if secret in line]


class RecordingLimits:
    """Limits that limit nothing and remember everything."""

    def __init__(self) -> None:
        self.slots: list[tuple[str, ...]] = []
        self.pauses: list[float] = []
        self.counted: list[tuple[str, bool, bool]] = []
        self.held = 0

    def slot(self, rates: tuple[str, ...]) -> "RecordingLimits":
        self.slots.append(rates)
        return self

    def __enter__(self) -> None:
        self.held += 1

    def __exit__(self, *_: object) -> None:
        self.held -= 1

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)

    def count(self, name: str, *, is_metered: bool, has_failed: bool) -> None:
        self.counted.append((name, is_metered, has_failed))

    def check_allowance(self) -> None:
        """There is no end to it."""


@pytest.mark.parametrize("text", ["310687", " 310 687 "])
def test_a_company_id_is_read_as_an_operator_writes_it(text: str) -> None:
    assert realm(text) == "310687"


@pytest.mark.parametrize("text", ["", "shop.example", "31-0687", "٣١"])
def test_a_company_id_that_is_no_number_says_where_to_find_it(text: str) -> None:
    with pytest.raises(ConfigurationError, match="Company ID"):
        realm(text)


@pytest.mark.parametrize("url", ["https://token@127.0.0.1", "http://127.0.0.1?x=1", "http://"])
def test_an_address_with_more_than_a_place_in_it_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError):
        client(Answers(), base_url=url)


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


def test_the_client_that_we_make_keeps_to_ten_connections_and_follows_nothing() -> None:
    with new_http_client() as http:
        assert http.timeout.read == 130
        assert not http.follow_redirects
