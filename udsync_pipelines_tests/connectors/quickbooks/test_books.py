"""The books of an emulated company over HTTP: write, look for, read, refuse."""

from dataclasses import replace
from decimal import Decimal

import pytest

from udsync_pipelines.connectors.quickbooks.entities import BookEntity
from udsync_pipelines.errors import (
    ConfigurationError,
    ConflictError,
    OutcomeUnknownError,
    RecordRejectedError,
)
from udsync_pipelines.posting.customers import CustomerDraft
from udsync_pipelines.posting.documents import (
    DraftKind,
)
from udsync_pipelines.posting.items import ItemDraft, ItemKind
from udsync_pipelines.posting.matching import NameList
from udsync_pipelines.sync.books.ports import Posted, Symbols
from udsync_pipelines_tests.connectors.quickbooks.companies import Books
from udsync_pipelines_tests.connectors.quickbooks.posting import (
    ADA,
    FORMS,
    Company,
    Opened,
    company_of,
    entity_and_id,
    id_of,
)


@pytest.fixture
def company(books: Books) -> Company:
    return company_of(books)


# --- each kind ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", FORMS)
def test_each_document_is_written_found_read_and_changed(company: Company, kind: DraftKind) -> None:
    draft = company.sale(kind)
    line = draft.lines[0]

    before = company.books.find(draft, "", company.symbols)
    posted = company.create(draft)
    found = company.books.find(draft, "", company.symbols)
    read = company.read(posted)
    changed = replace(draft, lines=(line,), total=Decimal("52.50"), total_tax=Decimal("2.50"))
    updated = company.update(changed, posted)

    assert before is None
    assert posted.target_id.startswith(f"{kind.value}/")
    assert (posted.total, posted.tax, posted.currency) == (
        Decimal("65.63"),
        Decimal("3.13"),
        "CAD",
    )
    assert (posted.number, posted.is_voided, posted.was_found) == ("WC-1", False, False)
    assert posted.receipt["id"] == id_of(posted)
    assert posted.receipt["intuit_tid"]
    assert found is not None
    assert (found.target_id, found.version) == (posted.target_id, posted.version)
    assert read.version == posted.version
    assert (updated.total, updated.tax) == (Decimal("52.50"), Decimal("2.50"))
    assert updated.version != posted.version
    assert company.read(posted).version == updated.version


def test_a_payment_is_applied_to_the_invoice_that_it_names(company: Company) -> None:
    invoice = company.create(company.sale(DraftKind.INVOICE))

    posted = company.create(company.payment(), invoice_id=id_of(invoice))
    found = company.books.find(company.payment(), "", company.symbols)

    row = company.emulated.client.read(BookEntity.INVOICE, id_of(invoice))
    assert row["Balance"] == 0
    assert (posted.total, posted.number) == (Decimal("65.63"), "WC-1")
    assert found is not None
    assert (found.target_id, found.version) == (posted.target_id, posted.version)


def test_a_customer_is_written_found_by_name_and_changed_without_being_renamed(
    company: Company,
) -> None:
    bea = CustomerDraft("customer/13", "Bea O'Hara", "Bea", "O'Hara", email="bea@example.com")

    posted = company.create(bea, "Bea O'Hara (2)")
    found = company.books.find(bea, "Bea O'Hara (2)", company.symbols)
    married = replace(bea, display_name="Bea Cole", family_name="Cole")
    updated = company.update(married, posted)

    row = company.emulated.client.read(BookEntity.CUSTOMER, id_of(posted))
    assert found is not None
    assert (found.target_id, found.version) == (posted.target_id, posted.version)
    assert (posted.total, posted.tax, posted.currency) == (None, None, "")
    assert (row["DisplayName"], row["FamilyName"]) == ("Bea O'Hara (2)", "Cole")
    assert updated.version not in (posted.version, "")
    assert company.books.find(bea, "Bea", company.symbols) is None


def test_an_item_is_written_found_by_name_and_changed_without_being_renamed(
    company: Company,
) -> None:
    cup = ItemDraft("product/8", "Cup", "C-1", "", ItemKind.SERVICE, Decimal("4.00"))

    posted = company.create(cup, "Cup #P8")
    found = company.books.find(cup, "Cup #P8", company.symbols)
    updated = company.update(replace(cup, name="Big cup", price=Decimal("5.00")), posted)

    row = company.emulated.client.read(BookEntity.ITEM, id_of(posted))
    assert found is not None
    assert (found.target_id, found.version) == (posted.target_id, posted.version)
    assert (row["Name"], row["Type"], row["Sku"]) == ("Cup #P8", "Service", "C-1")
    assert row["UnitPrice"] == Decimal("5.00")
    assert updated.version != posted.version


def test_names_and_products_are_listed_with_inactive_ones(company: Company) -> None:
    company.emulated.company.control.add_vendor("Paper Ltd")
    ada = company.symbols.customers["customer/12"]
    company.emulated.company.control.inactivate("Customer", ada)

    names = {one.id: one for one in company.books.names() if one.list is NameList.CUSTOMER}
    vendors = [one.display_name for one in company.books.names() if one.list is NameList.VENDOR]
    products = {one.name: one for one in company.books.products()}

    assert vendors == ["Paper Ltd"]
    assert (names[ada].is_active, names[ada].email) == (False, "ada@example.com")
    assert products["Alder board"].sku == "AB-1"


def test_the_account_is_the_realm_and_the_company_has_codes(company: Company) -> None:
    assert company.books.account == company.emulated.company.realm_id
    assert company.tax_code in {code.id for code in company.books.company().tax_codes}


def test_a_company_that_is_connected_for_reading_only_refuses_before_any_request(
    company: Company,
) -> None:
    company.books.check_writable()
    reading = replace(company.books, is_read_only=True)

    with pytest.raises(ConfigurationError, match="connected for reading only"):
        reading.check_writable()


def test_what_was_never_there_or_is_deleted_is_not_read(company: Company) -> None:
    posted = company.create(company.sale())
    company.emulated.company.control.delete(*entity_and_id(posted))

    assert company.books.read(posted.target_id) is None
    assert company.books.read("invoice/999999") is None


def test_a_voided_document_says_so(company: Company) -> None:
    posted = company.create(company.sale())
    company.emulated.company.control.void(*entity_and_id(posted))

    now = company.read(posted)

    assert (now.is_voided, now.total) == (True, Decimal(0))
    assert now.version != posted.version


# --- lost answers and taken numbers ------------------------------------------------------------


@pytest.mark.parametrize("kind", FORMS)
def test_a_document_whose_answer_was_lost_is_found(company: Company, kind: DraftKind) -> None:
    path = f"/{kind.value.replace('_', '')}"
    company.emulated.company.faults.add("lost_answer", path=path, method="POST")
    draft = company.sale(kind)

    with pytest.raises(OutcomeUnknownError):
        company.create(draft, request_id="u-lost")
    found = company.books.find(draft, "", company.symbols)
    again = company.create(draft, request_id="u-lost")

    assert found is not None
    assert (again.target_id, again.version) == (found.target_id, found.version)


def test_a_number_that_our_own_document_has_leads_to_it(opened: Opened) -> None:
    company = company_of(opened(warn_duplicate_numbers=True, requestid=False))
    first = company.create(company.sale())

    again = company.create(company.sale())

    assert again.target_id == first.target_id
    assert company.emulated.company.count("SalesReceipt") == 1


def test_a_number_that_someone_else_has_used_is_refused_with_a_cure(opened: Opened) -> None:
    company = company_of(opened(warn_duplicate_numbers=True))
    other = company.create(company.sale(private_note="By hand", marker="none"))

    with pytest.raises(RecordRejectedError, match="WC-1 is taken") as refused:
        company.create(company.sale())

    assert refused.value.code == "number_taken"
    assert f"did not write ({id_of(other)})" in refused.value.message
    assert "Then sync again" in (refused.value.cure or "")
    assert refused.value.record == "order/1"


def test_a_taken_number_that_cannot_be_found_yet_is_refused_as_it_came(opened: Opened) -> None:
    company = company_of(opened(warn_duplicate_numbers=True, requestid=False))
    company.emulated.company.control.delay_visibility(3600)
    company.create(company.sale())

    with pytest.raises(RecordRejectedError) as refused:
        company.create(company.sale())

    assert refused.value.code == "document_number_taken"


def test_several_documents_of_one_number_are_left_to_a_person(opened: Opened) -> None:
    company = company_of(opened(requestid=False))
    ids = sorted(id_of(company.create(company.sale())) for _ in range(2))

    with pytest.raises(RecordRejectedError) as refused:
        company.books.find(company.sale(), "", company.symbols)

    assert refused.value.code == "number_taken"
    assert f"QuickBooks has 2 of them (ids {', '.join(ids)})" in refused.value.message


def test_several_payments_of_one_reference_are_left_to_a_person(opened: Opened) -> None:
    company = company_of(opened(requestid=False))
    invoice = company.create(company.sale(DraftKind.INVOICE))
    half = company.payment(amount=Decimal("30.00"))
    for _ in range(2):
        company.create(half, invoice_id=id_of(invoice))

    with pytest.raises(RecordRejectedError, match="number WC-1 is taken"):
        company.books.find(half, "", company.symbols)


def test_where_the_company_numbers_documents_ours_is_found_by_its_note(opened: Opened) -> None:
    company = company_of(opened(doc_number_custom=False))
    ours = company.sale(number=None)
    other = replace(ours, marker="udsync:WC:order/11", private_note="udsync:WC:order/11")
    made = [company.create(one) for one in (other, ours)]

    found = company.books.find(ours, "", company.symbols)

    assert found is not None
    assert found.target_id == made[1].target_id


# --- refusals ----------------------------------------------------------------------------------


def test_a_name_that_a_vendor_has_is_refused_for_matching_to_decide(company: Company) -> None:
    company.emulated.company.control.add_vendor("Paper Ltd")
    draft = CustomerDraft("customer/14", "Paper Ltd")

    with pytest.raises(RecordRejectedError) as refused:
        company.create(draft, "Paper Ltd")

    assert refused.value.code == "name_taken"


def test_a_customer_of_the_same_name_is_not_taken_for_ours(company: Company) -> None:
    with pytest.raises(RecordRejectedError) as refused:
        company.create(replace(ADA, key="customer/15", email=""), "Ada Byron")

    assert refused.value.code == "name_taken"
    assert company.emulated.company.count("Customer") == len(
        [one for one in company.books.names() if one.list is NameList.CUSTOMER]
    )


@pytest.mark.parametrize("reference", ["account", "tax_code"])
def test_a_reference_that_is_gone_lets_the_lists_be_read_anew(
    company: Company, reference: str
) -> None:
    company.books.company()
    entity = "Account" if reference == "account" else "TaxCode"
    company.emulated.company.control.inactivate(entity, getattr(company, reference))

    with pytest.raises(RecordRejectedError) as refused:
        company.create(company.sale())

    assert refused.value.code in ("reference_inactive", "not_found")
    codes = {code.id for code in company.books.company().tax_codes if code.is_active}
    assert (company.tax_code in codes) is (reference == "account")


def test_other_refusals_leave_the_lists_as_they_were_read(company: Company) -> None:
    company.books.company()
    asked = len(company.emulated.company.requests.records())

    with pytest.raises(RecordRejectedError):
        company.create(CustomerDraft("customer/16", "Ada Byron"), "Ada Byron")
    company.books.company()

    assert len(company.emulated.company.requests.records()) - asked == 1


def test_an_update_that_is_refused_is_told_and_changes_nothing(company: Company) -> None:
    posted = company.create(company.sale())
    company.emulated.company.control.inactivate("TaxCode", company.tax_code)

    with pytest.raises(RecordRejectedError):
        company.update(company.sale(private_note="udsync:WC:order/1 changed"), posted)

    assert company.read(posted).version == posted.version


def test_a_document_whose_customer_is_not_known_is_refused_before_any_request(
    company: Company,
) -> None:
    with pytest.raises(RecordRejectedError) as refused:
        company.books.create(company.sale(), "", Symbols(), "u-none")

    assert refused.value.code == "waits_for_customer"


# --- conflicts ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "words"),
    [("edit", "changed by hand"), ("void", "voided"), ("delete", "deleted")],
)
def test_what_a_person_changed_voided_or_deleted_is_a_conflict(
    company: Company, change: str, words: str
) -> None:
    posted = company.create(company.sale())
    control = company.emulated.company.control
    if change == "edit":
        company.edit(posted, TxnDate="2026-03-15")
    else:
        control.act(change, entity="SalesReceipt", record_id=id_of(posted))

    with pytest.raises(ConflictError, match=words) as conflict:
        company.update(company.sale(total=Decimal("1.00")), posted)

    assert conflict.value.code == "changed_in_books"


def test_a_change_while_the_update_is_sent_is_a_conflict_too(company: Company) -> None:
    posted = company.create(company.sale())
    edit = {
        "action": "edit",
        "entity": "SalesReceipt",
        "record_id": id_of(posted),
        "changes": {"TxnDate": "2026-03-15"},
    }
    company.emulated.company.faults.add(
        "act", path="/salesreceipt", method="POST", when="before", actions=[edit]
    )

    with pytest.raises(ConflictError, match="while this was sent"):
        company.update(company.sale(), posted)

    assert company.read(posted).version != posted.version


# --- taken back --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind", [DraftKind.SALES_RECEIPT, DraftKind.INVOICE, DraftKind.REFUND_RECEIPT]
)
def test_a_document_is_taken_back_by_voiding_it(company: Company, kind: DraftKind) -> None:
    posted = company.create(company.sale(kind))

    voided = company.withdraw(posted)

    assert voided.is_voided
    assert company.read(posted) == replace(voided, receipt=company.read(posted).receipt)
    assert (voided.total, voided.tax) == (Decimal(0), Decimal(0))


def test_a_payment_is_taken_off_its_invoice_by_voiding_it(company: Company) -> None:
    invoice = company.create(company.sale(DraftKind.INVOICE))
    payment = company.create(company.payment(), invoice_id=id_of(invoice))

    assert company.withdraw(payment).is_voided
    assert company.withdraw(invoice).is_voided


def test_a_credit_memo_is_taken_back_by_deleting_it(company: Company) -> None:
    posted = company.create(company.sale(DraftKind.CREDIT_MEMO))

    gone = company.withdraw(posted)

    assert gone == Posted(posted.target_id, "", is_voided=True)
    assert company.books.read(posted.target_id) is None


@pytest.mark.parametrize("before", ["void", "delete"])
def test_what_a_person_took_back_is_found_to_be_so(company: Company, before: str) -> None:
    posted = company.create(company.sale())
    control = company.emulated.company.control
    control.act(before, entity="SalesReceipt", record_id=id_of(posted))

    found = company.withdraw(posted)

    assert (found.is_voided, found.was_found) == (True, True)


def test_a_document_that_a_person_has_changed_is_not_taken_back(company: Company) -> None:
    posted = company.create(company.sale())

    with pytest.raises(ConflictError, match="changed by hand"):
        company.withdraw(posted, "another version")

    assert not company.read(posted).is_voided


def test_a_change_while_the_void_is_sent_is_a_conflict(company: Company) -> None:
    posted = company.create(company.sale())
    edit = {
        "action": "edit",
        "entity": "SalesReceipt",
        "record_id": id_of(posted),
        "changes": {"TxnDate": "2026-03-15"},
    }
    company.emulated.company.faults.add(
        "act", path="/salesreceipt", method="POST", when="before", actions=[edit]
    )

    with pytest.raises(ConflictError, match="while this was sent"):
        company.withdraw(posted)


@pytest.mark.parametrize(
    "kind",
    [
        DraftKind.SALES_RECEIPT,
        DraftKind.INVOICE,
        DraftKind.REFUND_RECEIPT,
        DraftKind.CREDIT_MEMO,
    ],
)
def test_a_document_that_nobody_has_touched_is_erased_once_or_twice(
    company: Company, kind: DraftKind
) -> None:
    posted = company.create(company.sale(kind))

    company.erase(posted)
    company.erase(posted)

    assert company.books.read(posted.target_id) is None


def test_a_document_that_a_person_has_changed_is_not_erased(company: Company) -> None:
    posted = company.create(company.sale())
    company.edit(posted, TxnDate="2026-03-15")

    with pytest.raises(ConflictError, match="while this was sent"):
        company.erase(posted)
    with pytest.raises(ConflictError, match="changed by hand"):
        company.erase(company.read(posted))

    assert company.read(posted).version != posted.version


def test_a_document_on_a_deposit_is_not_erased(company: Company) -> None:
    posted = company.create(company.sale())
    company.emulated.company.control.deposit([id_of(posted)])

    with pytest.raises(RecordRejectedError) as caught:
        company.erase(posted)

    assert caught.value.code == "deposited"
    assert not company.read(posted).is_voided


# --- what is emptied ---------------------------------------------------------------------------


def test_a_text_that_is_emptied_in_the_shop_is_emptied_here_and_nothing_else(
    company: Company,
) -> None:
    texts = {"CustomerMemo": "Ring twice", "BillEmail": "ada@example.com"}
    posted = company.create(company.sale(texts=texts))
    company.edit(posted, ShipDate="2026-03-20")

    company.update(company.sale(texts={"BillEmail": "ada@example.com"}), company.read(posted))

    row = company.emulated.client.read(BookEntity.SALES_RECEIPT, id_of(posted))
    assert "CustomerMemo" not in row
    assert row["BillEmail"] == {"Address": "ada@example.com"}
    assert str(row["ShipDate"]) == "2026-03-20"
    assert (row["TotalAmt"], row["TxnTaxDetail"]["TotalTax"]) == (
        Decimal("65.63"),
        Decimal("3.13"),
    )
