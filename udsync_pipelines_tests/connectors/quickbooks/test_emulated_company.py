"""Every entity and operation against an emulated company over loopback HTTP."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from udsync_pipelines.connectors.quickbooks import (
    credit_memo,
    customer,
    invoice,
    item,
    lookup,
    payment,
    refund_receipt,
    sales_receipt,
)
from udsync_pipelines.connectors.quickbooks.connection import check_connection
from udsync_pipelines.connectors.quickbooks.entities import BookEntity
from udsync_pipelines.connectors.quickbooks.faults import NotFoundError, StaleObjectError
from udsync_pipelines.connectors.quickbooks.posted import read_document
from udsync_pipelines.connectors.quickbooks.query import Query, equals, one_of
from udsync_pipelines.connectors.quickbooks.reference import ReferenceLists
from udsync_pipelines.connectors.quickbooks.sales_form import BooksIds, sparse_change
from udsync_pipelines.domain.money import Money
from udsync_pipelines.emulators.quickbooks.query_parser import parse
from udsync_pipelines.posting.company import Regime
from udsync_pipelines.posting.customers import CustomerDraft
from udsync_pipelines.posting.documents import (
    DraftKind,
    DraftLine,
    DraftLineKind,
    ItemRef,
    ItemSource,
    PaymentDraft,
    SalesDraft,
)
from udsync_pipelines.posting.items import ItemDraft, ItemKind
from udsync_pipelines.posting.matching import NameList
from udsync_pipelines_tests.connectors.quickbooks.companies import Books

DAY = date(2026, 3, 14)
Opened = Callable[..., Books]


@pytest.fixture
def ids(books: Books) -> BooksIds:
    return BooksIds({"customer/12": books.customer()}, {"product/7": books.item()})


def draft(
    books: Books, kind: DraftKind, number: str | None = "W-1", **differences: Any
) -> SalesDraft:
    line = DraftLine(
        DraftLineKind.PRODUCT,
        ItemRef(ItemSource.PRODUCT, "7"),
        "Alder board",
        Decimal(2),
        Decimal("25.005"),
        Decimal("50.01"),
        books.id_of(BookEntity.TAX_CODE, "GST"),
    )
    values: dict[str, Any] = {
        "kind": kind,
        "source": "order/1",
        "customer": "customer/12",
        "currency": "CAD",
        "dated_on": DAY,
        "number": number,
        "marker": "W-1",
        "private_note": "W-1 from the shop",
        "lines": (line, replace(line, quantity=None, unit_price=None, amount=Decimal("12.49"))),
        "total": Decimal("65.62"),
        "total_tax": Decimal("3.12"),
        "account_id": books.id_of(BookEntity.ACCOUNT, "Stripe Clearing"),
        "payment_method_id": books.id_of(BookEntity.PAYMENT_METHOD, "Visa"),
        "payment_reference": "ch_3Q",
    }
    return SalesDraft(**values | differences)


FORMS = [
    (DraftKind.SALES_RECEIPT, BookEntity.SALES_RECEIPT, sales_receipt),
    (DraftKind.INVOICE, BookEntity.INVOICE, invoice),
    (DraftKind.REFUND_RECEIPT, BookEntity.REFUND_RECEIPT, refund_receipt),
    (DraftKind.CREDIT_MEMO, BookEntity.CREDIT_MEMO, credit_memo),
]


@pytest.mark.parametrize(("kind", "entity", "module"), FORMS)
def test_each_sales_form_is_posted_found_changed_and_deleted(
    books: Books, ids: BooksIds, kind: DraftKind, entity: BookEntity, module: Any
) -> None:
    drafted = draft(books, kind)

    row = books.create(entity, module.payload(drafted, ids))
    posted = module.read(row, "CAD")
    found = lookup.written_before(books.client, drafted, ids.customers["customer/12"])
    changed = replace(drafted, lines=drafted.lines[:1])
    body = sparse_change(module.payload(changed, ids), posted.id, posted.sync_token)
    updated = module.read(
        books.client.update(entity, body, request_id=books.request_id()).row, "CAD"
    )
    books.client.delete(entity, posted.id, updated.sync_token, request_id=books.request_id())

    assert posted.total == Money(Decimal("65.62"), "CAD")
    assert posted.tax == Money(Decimal("3.12"), "CAD")
    assert posted.dated_on == DAY
    assert [row["Id"] for row in found] == [posted.id]
    assert updated.total == Money(Decimal("52.51"), "CAD")
    assert books.client.find(entity, posted.id) is None


@pytest.mark.parametrize(
    ("kind", "entity", "module"), [form for form in FORMS if form[0] != DraftKind.CREDIT_MEMO]
)
def test_each_form_that_can_be_voided_stays_with_a_total_of_zero(
    books: Books, ids: BooksIds, kind: DraftKind, entity: BookEntity, module: Any
) -> None:
    row = books.create(entity, module.payload(draft(books, kind), ids))

    books.client.void(entity, row["Id"], row["SyncToken"], request_id=books.request_id())

    voided = module.read(books.client.read(entity, row["Id"]), "CAD")
    assert voided.is_voided
    assert voided.total == Money(Decimal("0"), "CAD")


def test_a_payment_closes_its_invoice_and_voiding_it_opens_it_again(
    books: Books, ids: BooksIds
) -> None:
    bill = books.create(BookEntity.INVOICE, invoice.payload(draft(books, DraftKind.INVOICE), ids))
    received = PaymentDraft(
        DraftKind.PAYMENT,
        "order/1",
        "customer/12",
        "CAD",
        DAY,
        "W-1",
        "W-1",
        "W-1 paid",
        Decimal("65.62"),
        "W-1",
        account_id=books.id_of(BookEntity.ACCOUNT, "Stripe Clearing"),
    )

    row = books.create(BookEntity.PAYMENT, payment.payload(received, ids, bill["Id"]))
    paid = invoice.read(books.client.read(BookEntity.INVOICE, bill["Id"]), "CAD")
    found = lookup.written_before(books.client, received, ids.customers["customer/12"])
    books.client.void(
        BookEntity.PAYMENT, row["Id"], row["SyncToken"], request_id=books.request_id()
    )
    open_again = invoice.read(books.client.read(BookEntity.INVOICE, bill["Id"]), "CAD")

    assert payment.read(row, "CAD").links == (bill["Id"],)
    assert payment.read(row, "CAD").balance == Money(Decimal("0"), "CAD")
    assert paid.balance == Money(Decimal("0"), "CAD")
    assert int(paid.sync_token) > int(bill["SyncToken"])
    assert [one["Id"] for one in found] == [row["Id"]]
    assert open_again.balance == Money(Decimal("65.62"), "CAD")


def test_a_credit_memo_is_applied_to_an_invoice_of_the_same_customer(
    books: Books, ids: BooksIds
) -> None:
    bill, credit = (
        books.create(entity, module.payload(draft(books, kind, f"W-{kind}"), ids))
        for kind, entity, module in (FORMS[1], FORMS[3])
    )

    body = payment.credit_application(
        ids.customers["customer/12"], bill["Id"], credit["Id"], Decimal("65.62"), DAY
    )
    books.create(BookEntity.PAYMENT, body)

    left = [
        read_document(entity, books.client.read(entity, row["Id"]), "CAD").balance
        for entity, row in ((BookEntity.INVOICE, bill), (BookEntity.CREDIT_MEMO, credit))
    ]
    assert left == [Money(Decimal("0"), "CAD")] * 2


def test_a_customer_is_made_found_by_mail_and_name_changed_and_made_inactive(
    books: Books,
) -> None:
    person = CustomerDraft("customer/12", "Zoë O'Hara \\ Søn", email="z@example.com")
    body = customer.payload(person, person.display_name, has_multicurrency=False)

    made = customer.read(books.create(BookEntity.CUSTOMER, body), "CAD")
    by_mail = lookup.customers_by_email(books.client, "z@example.com")
    by_name = lookup.customers_by_name(books.client, person.display_name)
    changes = {"Id": made.id, "SyncToken": made.sync_token, "Active": False}
    books.client.update(BookEntity.CUSTOMER, changes, request_id=books.request_id())
    inactive = customer.read(books.client.read(BookEntity.CUSTOMER, made.id), "CAD")

    assert made.display_name == person.display_name
    assert made.currency == "CAD"
    assert [row["Id"] for row in (*by_mail, *by_name)] == [made.id] * 2
    assert not inactive.is_active
    assert inactive.email == "z@example.com"
    assert [row["Id"] for row in lookup.customers_by_email(books.client, "z@example.com")] == [
        made.id
    ]


def test_a_full_update_empties_what_it_does_not_name(books: Books) -> None:
    identifier = books.customer(PrimaryEmailAddr={"Address": "a@example.com"})

    body = {"Id": identifier, "SyncToken": "0", "DisplayName": "Ada"}
    row = books.client.update(
        BookEntity.CUSTOMER, body, request_id=books.request_id(), sparse=False
    ).row

    assert customer.read(row, "CAD").email == ""


def test_an_item_is_made_from_its_draft_and_found_by_sku_and_name(books: Books) -> None:
    product = ItemDraft(
        "product/7", "Alder board", "AB'1", "Nice", ItemKind.NON_INVENTORY, Decimal("25.00")
    )
    body = item.payload(
        product,
        product.name,
        income_account_id=books.id_of(BookEntity.ACCOUNT, "Sales"),
        expense_account_id=books.id_of(BookEntity.ACCOUNT, "Cost of Goods Sold"),
    )

    made = item.read(books.create(BookEntity.ITEM, body))

    assert (made.name, made.sku, made.kind) == ("Alder board", "AB'1", "NonInventory")
    assert made.unit_price == Decimal("25.00")
    assert [row["Id"] for row in lookup.items_by_sku(books.client, "AB'1")] == [made.id]
    assert [row["Id"] for row in lookup.items_by_name(books.client, "Alder board")] == [made.id]
    assert made.id in {one.id for one in lookup.all_products(books.client)}


def test_the_owner_of_a_name_is_found_among_vendors_and_inactive_customers(books: Books) -> None:
    vendor = books.company.control.add_vendor("Paper Ltd")
    person = books.customer("Ada Byron")
    books.company.control.inactivate("Customer", person)

    owners = [lookup.owner_of_name(books.client, name) for name in ("Paper Ltd", "Nobody")]
    names = {one.display_name: one for one in lookup.all_names(books.client, "CAD")}

    assert owners[0] is not None
    assert (owners[0][0], owners[0][1]["Id"]) == (BookEntity.VENDOR, vendor)
    assert owners[1] is None
    assert names["Paper Ltd"].list is NameList.VENDOR
    customers = [one for one in names.values() if one.list is NameList.CUSTOMER]
    assert [one.is_active for one in customers if one.id == person] == [False]


def test_where_the_company_numbers_documents_the_note_tells_ours(opened: Opened) -> None:
    books = opened(doc_number_custom=False)
    ids = BooksIds({"customer/12": books.customer()}, {"product/7": books.item()})
    ours = draft(books, DraftKind.SALES_RECEIPT, number=None)
    other = replace(ours, marker="W-11", private_note="W-11 from the shop")
    for one in (ours, other):
        books.create(BookEntity.SALES_RECEIPT, sales_receipt.payload(one, ids))

    found = lookup.written_before(books.client, ours, ids.customers["customer/12"])

    assert [row["PrivateNote"] for row in found] == ["W-1 from the shop"]


def test_a_stale_token_is_refused_and_a_fresh_one_accepted(books: Books) -> None:
    identifier = books.customer()
    books.company.control.edit("Customer", identifier, {"Notes": "edited by a person"})
    body = {"Id": identifier, "SyncToken": "0", "CompanyName": "Engines Ltd"}

    with pytest.raises(StaleObjectError):
        books.client.update(BookEntity.CUSTOMER, body, request_id=books.request_id())
    fresh = body | {"SyncToken": books.client.read(BookEntity.CUSTOMER, identifier)["SyncToken"]}
    row = books.client.update(BookEntity.CUSTOMER, fresh, request_id=books.request_id()).row

    assert row["CompanyName"] == "Engines Ltd"
    assert row["Notes"] == "edited by a person"


def test_an_object_that_never_was_is_not_found(books: Books) -> None:
    with pytest.raises(NotFoundError):
        books.client.read(BookEntity.INVOICE, "999999")
    assert books.client.find(BookEntity.INVOICE, "999999") is None


def test_the_same_request_id_makes_one_object_only(books: Books) -> None:
    body = {"DisplayName": "Ada Byron"}

    rows = [books.create(BookEntity.CUSTOMER, body, request_id="same") for _ in range(2)]

    assert rows[0]["Id"] == rows[1]["Id"]


def test_all_pages_of_a_list_are_read_each_object_once(books: Books) -> None:
    made = {books.customer(f"Customer {number:02d}") for number in range(11)}

    rows = list(books.client.select(Query(BookEntity.CUSTOMER), page_size=4))

    found = [row["Id"] for row in rows]
    assert made <= set(found)
    assert len(found) == len(set(found)) == books.client.count(Query(BookEntity.CUSTOMER))


def test_several_lists_come_by_one_batch(shared_books: Books) -> None:
    codes, accounts = shared_books.client.select_together(
        [Query(BookEntity.TAX_CODE), Query(BookEntity.ACCOUNT)]
    )

    assert {"GST"} <= {row["Name"] for row in codes}
    assert {"Undeposited Funds"} <= {row["Name"] for row in accounts}


@pytest.mark.parametrize(
    "entity", sorted(set(BookEntity) - {BookEntity.PREFERENCES, BookEntity.COMPANY_INFO})
)
def test_every_entity_that_we_ask_for_can_be_queried_in_our_order(
    shared_books: Books, entity: BookEntity
) -> None:
    rows = list(shared_books.client.select(Query(entity, with_inactive=True)))

    assert all(row["Id"] for row in rows)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=40))
def test_a_text_survives_our_escapes_and_the_companys_parser(text: str) -> None:
    query = Query(BookEntity.CUSTOMER, (equals("DisplayName", text), one_of("Id", ["1", text])))

    statement = parse(query.page(1, 10))

    assert [list(condition.values) for condition in statement.conditions] == [[text], ["1", text]]


@settings(max_examples=20, deadline=None)
@given(st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1, max_size=40))
def test_any_text_can_be_asked_for_over_the_wire(shared_books: Books, text: str) -> None:
    assert lookup.items_by_sku(shared_books.client, f"no such {text}") == ()


def test_the_reference_lists_are_what_posting_needs(shared_books: Books) -> None:
    company = ReferenceLists(shared_books.client).with_items()

    codes = {code.name: code for code in company.tax_codes}
    combined = [part.percent for part in codes["GST/PST BC"].components]
    assert company.home_currency == "CAD"
    assert company.regime is Regime.GLOBAL
    assert company.has_custom_numbers
    assert company.has_sales_tax
    assert not company.has_multicurrency
    assert company.book_close_date is None
    assert [part.percent for part in codes["GST"].components] == [Decimal(5)]
    assert sorted(combined) == [Decimal(5), Decimal(7)]
    assert codes["Exempt"].is_untaxed
    assert {"Visa", "PayPal"} <= {method.name for method in company.payment_methods}
    assert "UndepositedFunds" in {account.subkind for account in company.accounts}
    assert company.items


def test_settings_that_change_are_seen_when_the_lists_are_forgotten(books: Books) -> None:
    lists = ReferenceLists(books.client)
    lists.company()
    books.company.control.close_books("2026-01-31")
    requests = len(books.company.requests.records())

    kept = lists.company()
    asked = len(books.company.requests.records()) - requests
    lists.forget()
    renewed = lists.company()

    assert kept.book_close_date is None
    assert asked == 0
    assert renewed.book_close_date == date(2026, 1, 31)


@pytest.mark.parametrize(
    ("options", "regime", "currency"),
    [
        ({"country": "US"}, Regime.US_AUTOMATED, "USD"),
        ({"country": "US", "automated_sales_tax": False}, Regime.US_MANUAL, "USD"),
        ({"country": "GB"}, Regime.GLOBAL, "GBP"),
        ({"country": "AU"}, Regime.GLOBAL, "AUD"),
        ({"country": "CA", "french": True}, Regime.GLOBAL, "CAD"),
    ],
)
def test_each_kind_of_company_is_recognised(
    opened: Opened, options: dict[str, Any], regime: Regime, currency: str
) -> None:
    company = ReferenceLists(opened(**options).client).company()

    assert (company.regime, company.home_currency) == (regime, currency)


@pytest.mark.parametrize("is_automated", [True, False], ids=["automated", "manual"])
def test_books_of_the_united_states_always_offer_a_mark_for_untaxed_lines(
    opened: Opened, *, is_automated: bool
) -> None:
    company = ReferenceLists(
        opened(country="US", automated_sales_tax=is_automated).client
    ).company()

    marker = company.tax_code("NON")
    assert marker is not None
    assert marker.is_untaxed
    assert ReferenceLists(opened(country="GB").client).company().tax_code("NON") is None


def test_a_rate_that_was_changed_has_the_height_of_the_day_asked_for(books: Books) -> None:
    with books.company.company.lock:
        rates = books.company.company.table("TaxRate")
        found = next(key for key, one in rates.items() if one["Name"] == "HST NS 2025")
        rates[found]["EffectiveTaxRate"] = [
            {"RateValue": 14, "EffectiveDate": "2025-04-01T00:00:00-07:00"},
            {
                "RateValue": 15,
                "EffectiveDate": "2010-07-01T00:00:00-07:00",
                "EndDate": "2025-03-31T00:00:00-07:00",
            },
        ]

    company = ReferenceLists(books.client).company()
    code = next(one for one in company.tax_codes if one.name == "HST NS 2025")

    heights = [code.on(date(*day)).components[0].percent for day in ((2025, 3, 31), (2025, 4, 1))]
    assert heights == [Decimal(15), Decimal(14)]
    assert code.components[0].percent == Decimal(14)


def test_a_check_says_who_the_company_is_and_what_to_switch_on(opened: Opened) -> None:
    books = opened(doc_number_custom=False, using_sales_tax=False)

    checked = check_connection(books.client)

    assert checked.name.name == "Rig Books"
    assert len(checked.warnings) == 2
    assert checked.expiry.days_left(books.tokens._clock()) in {99, 100}


def test_a_check_warns_a_month_before_the_consent_ends(opened: Opened) -> None:
    books = opened(refresh_seconds=20 * 86_400)

    checked = check_connection(books.client)

    assert [text for text in checked.warnings if "ends in 19 days" in text]
