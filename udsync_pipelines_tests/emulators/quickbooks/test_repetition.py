"""Request ids, batches and change data capture."""

from collections.abc import Callable

from udsync_pipelines_tests.emulators.quickbooks.books import Books, Json

OpenBooks = Callable[..., Books]


def test_a_repeated_request_id_returns_the_first_answer_and_does_nothing(books: Books) -> None:
    sale = books.sale()

    first = books.post("SalesReceipt", sale, requestid="abc")
    again = books.post("SalesReceipt", sale, requestid="abc")

    assert first.json() == again.json()
    assert books.emulator.count("SalesReceipt") == 1


def test_a_replay_does_not_look_at_the_second_body(books: Books) -> None:
    books.make("Customer", {"DisplayName": "Ann"}, requestid="abc")

    assert books.make("Customer", {"DisplayName": "Bob"}, requestid="abc")["DisplayName"] == "Ann"


def test_a_replay_shows_the_object_as_it_was_not_as_it_is(books: Books) -> None:
    invoice = books.make("Invoice", books.sale(), requestid="abc")
    books.emulator.control.edit("Invoice", invoice["Id"], {"PrivateNote": "seen"})

    assert books.make("Invoice", {}, requestid="abc")["SyncToken"] == "0"


def test_a_refusal_is_replayed_although_the_body_was_mended(books: Books) -> None:
    refused = books.refused("Customer", {"CompanyName": "x"}, requestid="abc")

    again = books.refused("Customer", {"DisplayName": "Ann"}, requestid="abc")

    assert refused == again


def test_refusals_can_be_forgotten_too(open_books: OpenBooks) -> None:
    books = open_books(replay_refusals=False)
    books.refused("Customer", {"CompanyName": "x"}, requestid="abc")

    assert books.make("Customer", {"DisplayName": "Ann"}, requestid="abc")


def test_request_ids_are_not_remembered_for_ever(books: Books) -> None:
    sale = books.sale()
    first = books.make("SalesReceipt", sale, requestid="abc")
    books.emulator.clock.advance(86_400)
    token = books.emulator.control.connect()["access_token"]
    books.client.headers["Authorization"] = f"Bearer {token}"

    assert books.make("SalesReceipt", sale, requestid="abc")["Id"] != first["Id"]


def test_a_company_may_remember_no_request_id_at_all(open_books: OpenBooks) -> None:
    books = open_books(requestid=False)
    sale = books.sale(DocNumber="W-1")

    books.make("SalesReceipt", sale, requestid="abc")
    books.make("SalesReceipt", sale, requestid="abc")

    assert books.emulator.audit()["duplicates"]["doc_numbers"] == {
        "W-1": ["SalesReceipt 102", "SalesReceipt 103"]
    }


def test_a_request_id_has_50_characters_and_36_in_a_batch(books: Books) -> None:
    body = {"BatchItemRequest": [{"bId": "1", "Query": "select * from Term"}]}
    long_item = {"BatchItemRequest": [{"bId": "1" * 11, "Query": "select * from Term"}]}

    assert books.refused("Customer", {"DisplayName": "A"}, requestid="x" * 51)["code"] == "2130"
    assert books.make("Customer", {"DisplayName": "A"}, requestid="x" * 50)
    assert books.refused("batch", body, requestid="x" * 37)["code"] == "2130"
    assert books.refused("batch", long_item, requestid="y")["code"] == "2130"


def _batch(books: Books, *items: Json) -> list[Json]:
    answer = books.client.post("/batch", json={"BatchItemRequest": list(items)})
    assert answer.status_code == 200, answer.text
    rows: list[Json] = answer.json()["BatchItemResponse"]
    return rows


def test_a_batch_answers_200_even_if_every_item_failed(books: Books) -> None:
    rows = _batch(
        books,
        {"bId": "a", "operation": "create", "Customer": {"CompanyName": "x"}},
        {"bId": "b", "Query": "nonsense"},
    )

    assert [(row["bId"], row["Fault"]["Error"][0]["code"]) for row in rows] == [
        ("a", "6080"),
        ("b", "4000"),
    ]


def test_a_batch_creates_updates_voids_deletes_and_queries(books: Books) -> None:
    first, second = (books.make("SalesReceipt", books.sale()) for _ in range(2))
    handle = {"SyncToken": "0", "sparse": True}

    rows = _batch(
        books,
        {"bId": "1", "operation": "create", "Customer": {"DisplayName": "Ann"}},
        {
            "bId": "2",
            "operation": "update",
            "optionsData": "void",
            "SalesReceipt": {"Id": first["Id"], **handle},
        },
        {"bId": "3", "operation": "delete", "SalesReceipt": {"Id": second["Id"], **handle}},
        {"bId": "4", "Query": "select * from Term"},
    )

    assert rows[0]["Customer"]["DisplayName"] == "Ann"
    assert rows[1]["SalesReceipt"]["TotalAmt"] == 0
    assert rows[2]["SalesReceipt"]["status"] == "Deleted"
    assert rows[3]["QueryResponse"]["maxResults"] == 4


def test_a_batch_has_thirty_items_at_most(books: Books) -> None:
    items = [{"bId": str(number), "Query": "select * from Term"} for number in range(31)]

    assert books.refused("batch", {"BatchItemRequest": items})["code"] == "1040"
    assert len(_batch(books, *items[:30])) == 30


def test_items_of_a_batch_do_not_run_in_the_order_sent(books: Books) -> None:
    names = ["Ann", "Bob"]

    _batch(
        books,
        *[
            {"bId": name, "operation": "create", "Customer": {"DisplayName": name}}
            for name in names
        ],
    )

    assert books.read("Customer", "1")["DisplayName"] == "Bob"


def _changes(books: Books, entities: str, since: str) -> list[Json]:
    asked = {"entities": entities, "changedSince": since}
    answer = books.client.get("/cdc", params=asked)
    assert answer.status_code == 200, answer.text
    rows: list[Json] = answer.json()["CDCResponse"][0]["QueryResponse"]
    return rows


def test_changes_include_deleted_and_inactive_objects(books: Books) -> None:
    books.emulator.clock.set("2026-03-14T10:00:00")
    books.customer("Old")
    books.emulator.clock.set("2026-03-14T11:00:00")
    invoice = books.make("Invoice", books.sale(CustomerRef={"value": "1"}))
    books.make("Invoice", {"Id": invoice["Id"], "SyncToken": "0"}, operation="delete")
    books.emulator.control.inactivate("Customer", books.customer("Ann"))

    rows = _changes(books, "Customer,Invoice", "2026-03-14T10:30:00Z")

    customers, invoices = rows[0]["Customer"], rows[1]["Invoice"]
    assert [(row["DisplayName"], row["Active"]) for row in customers] == [("Ann (deleted)", False)]
    assert invoices == [
        {
            "domain": "QBO",
            "status": "Deleted",
            "Id": invoice["Id"],
            "MetaData": {"LastUpdatedTime": "2026-03-14T04:00:00-07:00"},
        }
    ]


def test_nothing_changed_is_one_empty_object(books: Books) -> None:
    books.emulator.clock.set("2026-03-14T10:00:00")

    assert _changes(books, "Customer", "2026-03-14T09:00:00Z") == [{}]


def test_changes_end_at_1000_objects_without_a_word(books: Books) -> None:
    books.emulator.clock.set("2026-03-14T10:00:00")
    for number in range(1001):
        books.emulator.control.create("Customer", {"DisplayName": f"Customer {number}"})

    rows = _changes(books, "Customer", "2026-03-14T09:00:00Z")

    assert len(rows[0]["Customer"]) == 1000


def test_changes_look_back_thirty_days_and_know_no_tax_codes(books: Books) -> None:
    books.emulator.clock.set("2026-03-14T10:00:00")

    def refused(entities: str, since: str) -> str:
        answer = books.client.get("/cdc", params={"entities": entities, "changedSince": since})
        return str(answer.json()["Fault"]["Error"][0]["code"])

    assert refused("Customer", "2026-02-12T09:00:00Z") == "4001"
    assert refused("TaxCode", "2026-03-14T09:00:00Z") == "500"
