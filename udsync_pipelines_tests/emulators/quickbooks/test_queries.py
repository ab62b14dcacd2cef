"""The query language."""

from collections.abc import Callable

import pytest

from udsync_pipelines_tests.emulators.quickbooks.books import Books

OpenBooks = Callable[..., Books]


def _code(books: Books, text: str) -> str:
    answer = books.ask(text)
    assert answer.status_code == 400, answer.text
    return str(answer.json()["Fault"]["Error"][0]["code"])


@pytest.mark.parametrize(
    "text",
    [
        "select * from Customer where DisplayName = 'A' or DisplayName = 'B'",
        "select * from Customer where not Active = true",
        "select * from Customer where (Active = true)",
        "select * from Customer where DisplayName = 'Adam's'",
        "select * from Customer where DisplayName = 'Adam''s'",
        "select * from Customer where DisplayName != 'A'",
        "select * from Customer join Invoice",
        "select * from Customer group by Active",
        "select * from Customer maxresults 5 startposition 1",
        "select%20*%20from%20Customer",
        "update Customer",
        "",
    ],
)
def test_what_the_language_does_not_know_is_a_parse_error(books: Books, text: str) -> None:
    assert _code(books, text) == "4000"


@pytest.mark.parametrize(
    "text",
    [
        "select * from Invoice where TotalAmt > '5'",
        "select * from Invoice where PrivateNote = 'x'",
        "select * from SalesReceipt where PaymentMethodRef = '1'",
        "select * from SalesReceipt where DepositToAccountRef = '1'",
        "select * from Account where AcctNum = '1'",
        "select * from PaymentMethod where Name = 'Visa'",
        "select * from Customer where BillAddr.City = 'Leeds'",
        "select * from Customer where Nonsense = 'x'",
        "select Nonsense from Customer",
        "select * from Customer where Id > '5'",
        "select * from Customer where Id like '5%'",
        "select * from Invoice orderby TotalAmt",
        "select * from Nonsense",
        "select * from Customer maxresults 1001",
        "select * from Customer startposition 0",
    ],
)
def test_what_cannot_be_queried_is_invalid(books: Books, text: str) -> None:
    assert _code(books, text) == "4001"


def test_a_field_that_is_not_filterable_is_named(books: Books) -> None:
    error = books.ask("select * from Invoice where TotalAmt = '5'").json()["Fault"]["Error"][0]

    assert error["Message"] == "Invalid query"
    assert error["Detail"] == "QueryValidationError: property 'TotalAmt' is not queryable"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Adam's Shop", r"Adam\'s Shop"),
        ("back\\slash", r"back\\slash"),
        ("100% wool", "100% wool"),
        ("Zoë & Søn", "zoë & SØN"),
    ],
)
def test_values_are_escaped_by_a_backslash_and_compared_without_case(
    books: Books, name: str, text: str
) -> None:
    books.customer(name)

    found = books.query(f"select * from customer where displayname = '{text}'")

    assert [row["DisplayName"] for row in found["Customer"]] == [name]


def test_a_count_is_all_that_a_count_returns(books: Books) -> None:
    books.customer("Ann")

    assert books.query("select count(*) from Customer") == {"totalCount": 1}


def test_an_empty_result_has_no_members(books: Books) -> None:
    assert books.query("select * from Invoice") == {}


def test_a_page_has_a_hundred_rows_unless_told(books: Books) -> None:
    for number in range(105):
        books.customer(f"Customer {number:03}")

    first = books.query("select * from Customer orderby DisplayName")
    second = books.query("select * from Customer orderby DisplayName startposition 101")
    all_ = books.query("select * from Customer maxresults 1000")

    assert (len(first["Customer"]), first["maxResults"]) == (100, 100)
    assert second["Customer"][0]["DisplayName"] == "Customer 100"
    assert (second["startPosition"], second["maxResults"]) == (101, 5)
    assert len(all_["Customer"]) == 105


def test_inactive_objects_are_hidden_unless_asked_for(books: Books) -> None:
    books.customer("Ann")
    books.emulator.control.inactivate("Customer", books.customer("Bob"))

    assert books.query("select count(*) from Customer")["totalCount"] == 1
    both = books.query("select * from Customer where Active in (true, false) orderby Id")
    assert [row["DisplayName"] for row in both["Customer"]] == ["Ann", "Bob (deleted)"]


def test_an_inactive_object_is_hidden_even_by_its_id(books: Books) -> None:
    customer = books.customer("Ann")
    books.emulator.control.inactivate("Customer", customer)

    assert books.query(f"select * from Customer where Id = '{customer}'") == {}
    assert books.read("Customer", customer)["Active"] is False


def test_operators_compare_dates_and_numbers(books: Books) -> None:
    for day, amount in (("2026-03-01", "1.00"), ("2026-03-02", "20.00"), ("2026-03-03", "3.00")):
        books.make("SalesReceipt", books.sale(books.line(amount), TxnDate=day, DocNumber=day))

    def found(where: str) -> list[str]:
        answer = books.query(f"select * from SalesReceipt where {where} order by TxnDate desc")
        return [row["TxnDate"][-1] for row in answer.get("SalesReceipt", [])]

    assert found("TxnDate >= '2026-03-02' and TxnDate < '2026-03-03'") == ["2"]
    assert found("TotalAmt > '3'") == ["3", "2"]
    assert found("TotalAmt <= 3.15") == ["3", "1"]
    assert found("DocNumber in ('2026-03-01', '2026-03-03')") == ["3", "1"]
    assert found("DocNumber like '%03-02'") == ["2"]
    assert found("DocNumber like '2026-03-0_'") == []


def test_references_are_compared_by_value(books: Books) -> None:
    customer = books.customer("Ann")
    books.make("Invoice", books.sale(CustomerRef={"value": customer}))
    books.make("Invoice", books.sale())

    found = books.query(f"select * from Invoice where CustomerRef = '{customer}'")

    assert found["totalCount"] == 1
    assert books.query("select * from Invoice where CustomerRef = 'Ann'") == {}


def test_changes_are_found_by_their_time(books: Books) -> None:
    clock = books.emulator.clock
    clock.set("2026-03-14T10:00:00")
    books.customer("Old")
    clock.set("2026-03-14T11:00:00")
    books.customer("New")

    where = "MetaData.LastUpdatedTime > '{}' orderby MetaData.LastUpdatedTime"
    for mark in ("2026-03-14T10:30:00Z", "2026-03-14T03:30:00-07:00", "2026-03-14T03:30:00"):
        found = books.query(f"select * from Customer where {where.format(mark)}")
        assert [row["DisplayName"] for row in found["Customer"]] == ["New"]


def test_a_projection_returns_sparse_objects(books: Books) -> None:
    books.customer("Ann")

    row = books.query("select Id, SyncToken from Customer")["Customer"][0]

    assert row == {"domain": "QBO", "sparse": True, "Id": "1", "SyncToken": "0"}


def test_a_statement_can_be_posted_as_text_only(books: Books) -> None:
    books.customer("Ann")
    text = "select * from Customer"

    good = books.client.post("/query", content=text, headers={"Content-Type": "application/text"})
    bad = books.client.post("/query", json={"query": text})

    assert good.json()["QueryResponse"]["totalCount"] == 1
    assert bad.json()["Fault"]["Error"][0]["code"] == "1050"


def test_a_query_may_miss_an_object_just_made(books: Books) -> None:
    books.emulator.clock.set("2026-03-14T10:00:00")
    books.emulator.control.delay_visibility(300)
    customer = books.customer("Ann")

    at_once = books.query("select * from Customer where DisplayName = 'Ann'")
    by_id = books.read("Customer", customer)
    books.emulator.clock.advance(300)
    later = books.query("select * from Customer where DisplayName = 'Ann'")

    assert at_once == {}
    assert by_id["DisplayName"] == "Ann"
    assert later["totalCount"] == 1


def test_transactions_without_an_order_do_not_come_oldest_first(books: Books) -> None:
    made = [books.make("Invoice", books.sale())["Id"] for _ in range(3)]

    found = [row["Id"] for row in books.query("select * from Invoice")["Invoice"]]

    assert found == made[::-1]


def test_an_index_does_not_change_what_a_query_finds(books: Books) -> None:
    receipt = books.make("SalesReceipt", books.sale(DocNumber="W-1"))
    change = {"Id": receipt["Id"], "SyncToken": "0", "sparse": True, "DocNumber": "W-2"}

    books.make("SalesReceipt", change)

    assert books.query("select * from SalesReceipt where DocNumber = 'W-1'") == {}
    assert books.query("select * from SalesReceipt where DocNumber = 'W-2'")["totalCount"] == 1
