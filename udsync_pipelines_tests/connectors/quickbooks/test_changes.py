"""What others did in an emulated company: told by its feed, or found by comparing."""

from datetime import UTC, datetime, timedelta

import pytest

from udsync_pipelines.connectors.quickbooks import changes
from udsync_pipelines.connectors.quickbooks.answers import changed_rows, told_at
from udsync_pipelines.connectors.quickbooks.entities import BookEntity
from udsync_pipelines.errors import PlatformUnavailableError
from udsync_pipelines.sync.books.ports import Changes
from udsync_pipelines_tests.connectors.quickbooks.companies import Books
from udsync_pipelines_tests.connectors.quickbooks.posting import (
    FORMS,
    Company,
    company_of,
    entity_and_id,
)

LISTS = (BookEntity.CUSTOMER, BookEntity.ITEM, BookEntity.SALES_RECEIPT, BookEntity.INVOICE)


@pytest.fixture
def company(books: Books) -> Company:
    return company_of(books)


def told(company: Company, since: timedelta = timedelta(minutes=5)) -> Changes:
    """What the books tell of the last minutes."""
    now = datetime.now(UTC)
    return company.books.changes(now - since, now)


def objects(found: Changes) -> dict[str, str | None]:
    """Each object that is told, with its version."""
    return {
        one.target_id: None if one.posted is None else one.posted.version for one in found.objects
    }


def reads(company: Company) -> int:
    return company.emulated.company.limits.reads


@pytest.mark.parametrize("kind", FORMS)
def test_our_own_write_comes_back_with_the_version_that_its_answer_had(
    company: Company, kind: str
) -> None:
    posted = company.create(company.sale(next(one for one in FORMS if one.value == kind)))

    assert objects(told(company))[posted.target_id] == posted.version


def test_an_edit_a_void_and_a_deletion_by_a_person_are_told_in_one_read(company: Company) -> None:
    edited, voided, deleted = (company.create(company.sale(number=f"WC-{n}")) for n in range(3))
    company.edit(edited, PrivateNote="looked at")
    company.emulated.company.control.void(*entity_and_id(voided))
    company.emulated.company.control.delete(*entity_and_id(deleted))
    before = reads(company)

    found = told(company)

    assert reads(company) - before == 1
    by_id = {one.target_id: one.posted for one in found.objects}
    assert by_id[deleted.target_id] is None
    assert (now := by_id[voided.target_id]) is not None
    assert now.is_voided
    assert (now := by_id[edited.target_id]) is not None
    assert now.version != edited.version
    assert found.untold == frozenset()


def test_a_renamed_customer_and_a_payment_that_is_applied_change_no_document(
    company: Company,
) -> None:
    invoice = company.create(company.sale(FORMS[1]))
    invoice_id = entity_and_id(invoice)[1]
    customer = company.symbols.customers["customer/12"]
    company.create(company.payment(), invoice_id=invoice_id)
    company.emulated.company.control.edit("Customer", customer, {"DisplayName": "A. Byron"})

    assert objects(told(company))[invoice.target_id] == invoice.version


def test_an_answer_that_is_nearly_full_is_asked_for_in_halves(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        company.create(company.sale(number=f"WC-{number}"))
        company.create(company.sale(FORMS[1], number=f"WC-{number}"))
    monkeypatch.setattr(changes, "NEARLY_FULL", 5)
    before = reads(company)

    found = changes.changed_since(
        company.emulated.client, LISTS, datetime.now(UTC) - timedelta(minutes=5)
    )

    assert found.too_many == frozenset()
    assert {entity: len(rows) for entity, rows in found.rows.items() if rows} == {
        "Customer": 1, "Item": len(found.rows[BookEntity.ITEM]), "SalesReceipt": 4, "Invoice": 4,
    }  # fmt: skip
    assert reads(company) - before == 5


def test_an_entity_that_alone_fills_the_answer_is_left_to_be_compared(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    sales = [company.create(company.sale(number=f"WC-{number}")) for number in range(6)]
    invoice = company.create(company.sale(FORMS[1]))
    monkeypatch.setattr(changes, "NEARLY_FULL", 6)

    found = told(company)

    assert found.untold == {"sales_receipt"}
    assert invoice.target_id in objects(found)
    assert not {one.target_id for one in sales} & set(objects(found))


def test_the_feed_itself_leaves_out_what_is_beyond_its_thousand_objects(books: Books) -> None:
    for number in range(1005):
        books.company.control.create("Customer", {"DisplayName": f"Person {number}"})

    found = changes.changed_since(books.client, LISTS, datetime.now(UTC) - timedelta(minutes=5))

    assert found.too_many == {BookEntity.CUSTOMER}


def test_longer_ago_than_a_month_everything_is_untold_and_nothing_is_asked(
    company: Company,
) -> None:
    before = reads(company)

    found = told(company, timedelta(days=29, seconds=1))

    assert found.untold >= {"customer", "item", "sales_receipt", "payment"}
    assert found.objects == ()
    assert reads(company) == before


def test_29_days_ago_the_company_still_answers(company: Company) -> None:
    assert told(company, timedelta(days=29)).untold == frozenset()


def test_what_the_books_still_have_is_read_two_hundred_at_a_time(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    sales = [company.create(company.sale(number=f"WC-{number}")) for number in range(5)]
    gone = sales.pop()
    company.emulated.company.control.delete(*entity_and_id(gone))
    customer = f"customer/{company.symbols.customers['customer/12']}"
    company.emulated.company.control.inactivate("Customer", customer.partition("/")[2])
    monkeypatch.setattr(changes, "IDS_IN_A_QUERY", 2)
    before = reads(company)

    found = company.books.standing([*(one.target_id for one in (*sales, gone)), customer])

    assert {one.target_id: one.version for one in sales} == {
        target_id: posted.version for target_id, posted in found.items() if target_id != customer
    }
    assert customer in found
    assert reads(company) - before == 4


def test_two_hundred_ids_fit_into_an_address(company: Company) -> None:
    ids = [f"sales_receipt/{10**9 + number}" for number in range(200)]

    company.books.standing(ids)

    path = company.emulated.company.requests.records()[-1]
    assert len(f"{path.path}?{path.query}") < 5000


def test_a_document_of_others_that_cannot_be_understood_is_told_without_its_content(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    strange = {"Id": "77", "TotalAmt": "much"}
    found = ({BookEntity.INVOICE: [strange]}, None)
    monkeypatch.setattr(company.books.client, "changes", lambda *_: found)

    assert objects(told(company)) == {"invoice/77": None}


def test_an_account_that_is_renamed_lets_the_lists_be_read_again_and_a_balance_does_not(
    company: Company,
) -> None:
    company.books.company()
    account = company.account
    company.emulated.company.control.edit("Account", account, {"Description": "for cards"})
    told(company)
    before = reads(company)
    company.books.company()
    unchanged = reads(company) - before
    company.emulated.company.control.edit("Account", account, {"Name": "Cards"})

    told(company)
    renewed = company.books.company()

    assert unchanged == 0
    assert "Cards" in {one.name for one in renewed.accounts}


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"CDCResponse": "none"},
        {"CDCResponse": ["none"]},
        {"CDCResponse": [{"QueryResponse": 7}]},
        {"CDCResponse": [{"QueryResponse": ["none"]}]},
        {"CDCResponse": [{"QueryResponse": [{"Invoice": "none"}]}]},
        {"CDCResponse": [{"QueryResponse": [{"Invoice": [{"no": "id"}]}]}]},
    ],
)
def test_an_answer_that_is_no_list_of_changes_is_refused(answer: dict[str, object]) -> None:
    with pytest.raises(PlatformUnavailableError):
        changed_rows(answer, [BookEntity.INVOICE])


def test_an_answer_without_changes_holds_nothing_of_any_entity() -> None:
    answer: dict[str, object] = {"CDCResponse": [{"QueryResponse": [{}]}]}

    assert changed_rows(answer, [BookEntity.INVOICE]) == {BookEntity.INVOICE: []}


def test_changes_come_with_the_time_that_the_books_have(company: Company) -> None:
    company.emulated.company.clock.set("2026-11-20T10:00:00Z")

    assert told(company).at == datetime(2026, 11, 20, 10, tzinfo=UTC)


@pytest.mark.parametrize("time", [None, "", "soon", "2026-11-20T10:00:00", 7])
def test_a_time_that_is_not_one_is_no_time(time: object) -> None:
    assert told_at({"time": time}) is None
