"""Invoices, sales receipts, refund receipts and credit memos."""

from collections.abc import Callable
from typing import Any

import pytest

from udsync_pipelines_tests.emulators.quickbooks.books import EXEMPT, GST, Books, Json

OpenBooks = Callable[..., Books]

FORMS = ("Invoice", "SalesReceipt", "RefundReceipt", "CreditMemo")


def _form(books: Books, entity: str, *lines: Json, **members: Any) -> Json:
    if entity == "RefundReceipt":
        members.setdefault("DepositToAccountRef", books.account("Chequing"))
    return books.sale(*lines, **members)


@pytest.mark.parametrize("entity", FORMS)
def test_totals_are_computed_whatever_was_sent_of_them(books: Books, entity: str) -> None:
    sale = _form(books, entity, TotalAmt=1, Balance=1)

    document = books.make(entity, sale)

    assert document["TotalAmt"] == 105
    assert document["Balance"] == {"Invoice": 105, "CreditMemo": 105}.get(entity, 0)


@pytest.mark.parametrize("entity", FORMS)
def test_a_form_without_customer_or_line_is_not_made(books: Books, entity: str) -> None:
    without_customer = {**_form(books, entity), "CustomerRef": None}
    without_line = {**_form(books, entity), "Line": []}

    assert books.refused(entity, without_customer)["element"] == "CustomerRef"
    assert books.refused(entity, without_line)["element"] == "Line"


def test_an_amount_must_be_price_times_quantity_to_the_cent(books: Books) -> None:
    line = books.line("1861.07", UnitPrice=128.35, Qty=14.5)

    error = books.refused("SalesReceipt", books.sale(line))

    assert error["code"] == "6070"
    assert error["Detail"] == ("Amount is not equal to UnitPrice * Qty. Supplied value:1,861.07")


def test_half_a_cent_of_price_times_quantity_is_rounded_up(books: Books) -> None:
    line = books.line("1861.08", UnitPrice=128.35, Qty=14.5)

    assert books.make("SalesReceipt", books.sale(line))["Line"][0]["Amount"] == 1861.08


def test_a_quantity_without_a_price_takes_any_amount(books: Books) -> None:
    receipt = books.make("SalesReceipt", books.sale(books.line("10.00", Qty=3)))

    assert receipt["Line"][0]["Amount"] == 10
    assert receipt["Line"][0]["SalesItemLineDetail"]["UnitPrice"] == 3.3333333


def test_a_line_without_an_item_is_a_note_and_its_amount_is_not_heard(books: Books) -> None:
    note = {"Amount": 50, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {}}

    receipt = books.make("SalesReceipt", books.sale(note, books.line("1.00")))

    assert receipt["Line"][0]["DetailType"] == "DescriptionOnly"
    assert receipt["TotalAmt"] == 1.05


def test_the_subtotal_line_is_made_by_the_platform_alone(books: Books) -> None:
    sent = {"Amount": 7, "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}}

    lines = books.make("Invoice", books.sale(books.line("5.00"), sent))["Line"]

    assert [(line["DetailType"], line["Amount"]) for line in lines] == [
        ("SalesItemLineDetail", 5),
        ("SubTotalLineDetail", 5),
    ]
    assert "Id" not in lines[1]


def test_a_total_below_zero_is_refused(books: Books) -> None:
    sale = books.sale(books.line("1.00"), books.line("-2.00"))

    assert books.refused("SalesReceipt", sale)["code"] == "6000"


def test_a_total_of_zero_is_taken(books: Books) -> None:
    assert books.make("SalesReceipt", books.sale(books.line("0.00")))["TotalAmt"] == 0


def test_an_unknown_member_is_refused_by_its_name(books: Books) -> None:
    error = books.refused("Invoice", books.sale(Total=5))

    assert error["code"] == "2010"
    assert error["Detail"] == "Property Name:Total specified is unsupported or invalid"


def test_several_problems_come_in_one_fault(books: Books) -> None:
    answer = books.post("Invoice", books.sale(DocNumber="9" * 45, Total=5))

    codes = {error["code"] for error in answer.json()["Fault"]["Error"]}
    assert codes == {"2010", "2050"}


@pytest.mark.parametrize(
    ("entity", "name", "most"),
    [
        ("Invoice", "DocNumber", 21),
        ("Invoice", "PrivateNote", 4000),
        ("SalesReceipt", "PaymentRefNum", 21),
        ("RefundReceipt", "PaymentRefNum", 100),
    ],
)
def test_texts_that_are_too_long_are_refused_with_the_limit(
    books: Books, entity: str, name: str, most: int
) -> None:
    books.make(entity, _form(books, entity, **{name: "9" * most}))

    error = books.refused(entity, _form(books, entity, **{name: "9" * (most + 1)}))

    assert (error["code"], error["element"]) == ("2050", name)
    assert f"Min:0 Max:{most} supported. Supplied length:{most + 1}" in error["Detail"]


def test_a_message_to_the_customer_may_have_1000_characters(books: Books) -> None:
    error = books.refused("Invoice", books.sale(CustomerMemo={"value": "x" * 1001}))

    assert (error["code"], error["element"]) == ("2050", "CustomerMemo.value")


def test_a_refund_receipt_must_say_where_the_money_comes_from(books: Books) -> None:
    error = books.refused("RefundReceipt", books.sale())

    assert (error["code"], error["element"]) == ("2020", "DepositToAccountRef")


def test_money_of_a_sales_receipt_goes_to_undeposited_funds_by_default(books: Books) -> None:
    receipt = books.make("SalesReceipt", books.sale())

    assert receipt["DepositToAccountRef"]["name"] == "Undeposited Funds"


def test_money_can_go_to_bank_and_current_asset_accounts_only(books: Books) -> None:
    sale = books.sale(DepositToAccountRef=books.account("Sales"))

    assert books.refused("SalesReceipt", sale)["code"] == "6430"


def test_a_reference_to_nothing_is_invalid(books: Books) -> None:
    sale = books.sale(CustomerRef={"value": "999"})

    assert books.refused("Invoice", sale)["code"] == "2500"


def test_an_inactive_customer_or_item_is_not_found(books: Books) -> None:
    customer, item = books.customer(), books.item()
    books.emulator.control.inactivate("Customer", customer)
    books.emulator.control.inactivate("Item", item)

    for sale in (
        books.sale(CustomerRef={"value": customer}),
        books.sale(books.line("1.00", item=item)),
    ):
        error = books.refused("Invoice", sale)
        assert error["code"] == "610"
        assert "made inactive" in error["Detail"]


def test_an_inactive_payment_method_is_an_invalid_reference(books: Books) -> None:
    books.emulator.control.inactivate("PaymentMethod", "1")

    error = books.refused("SalesReceipt", books.sale(PaymentMethodRef={"value": "1"}))

    assert error["code"] == "2500"


def test_the_shipping_item_needs_the_preference(open_books: OpenBooks) -> None:
    closed, open_ = open_books(), open_books(allow_shipping=True)
    shipping = closed.line("12.50", item="SHIPPING_ITEM_ID")

    assert closed.refused("Invoice", closed.sale(shipping))["code"] == "2500"
    assert open_.make("Invoice", open_.sale(shipping))["TotalAmt"] == 13.13


def test_the_shipping_item_takes_no_quantity(open_books: OpenBooks) -> None:
    books = open_books(allow_shipping=True)
    shipping = books.line("12.50", item="SHIPPING_ITEM_ID", Qty=1)

    assert books.refused("Invoice", books.sale(shipping))["code"] == "6000"


def _discount(amount: float) -> Json:
    return {
        "Amount": amount,
        "DetailType": "DiscountLineDetail",
        "DiscountLineDetail": {"TaxCodeRef": {"value": GST}},
    }


def test_a_discount_line_needs_the_preference_and_lowers_the_total(open_books: OpenBooks) -> None:
    closed, open_ = open_books(), open_books(allow_discount=True)

    refused = closed.refused("Invoice", closed.sale(closed.line("100.00"), _discount(10)))
    made = open_.make("Invoice", open_.sale(open_.line("100.00"), _discount(10)))

    assert refused["code"] == "5030"
    assert made["TotalAmt"] == 94.5


def test_a_french_company_refuses_discount_lines(open_books: OpenBooks) -> None:
    books = open_books(allow_discount=True, french=True)

    error = books.refused("Invoice", books.sale(books.line("100.00"), _discount(10)))

    assert error["code"] == "6000"


def test_a_discount_line_without_amount_is_incomplete(open_books: OpenBooks) -> None:
    books = open_books(allow_discount=True)
    discount = {**_discount(0), "Amount": None}

    assert books.refused("Invoice", books.sale(books.line("1.00"), discount))["code"] == "6090"


def test_more_than_750_taxable_lines_are_refused(books: Books) -> None:
    lines = [books.line("1.00") for _ in range(751)]

    assert books.refused("Invoice", books.sale(*lines))["code"] == "6000"
    assert books.make("Invoice", books.sale(*lines[1:]))["TotalAmt"] == 787.5


def test_mail_is_not_sent_without_an_address(books: Books) -> None:
    assert books.refused("Invoice", books.sale(EmailStatus="NeedToSend"))["code"] == "6420"


def test_a_bad_address_for_mail_is_refused_and_a_list_is_taken(books: Books) -> None:
    bad = books.sale(BillEmail={"Address": "nobody"})
    several = books.sale(BillEmail={"Address": "a@example.com, b@example.com"})

    assert books.refused("Invoice", bad)["code"] == "2210"
    assert books.make("Invoice", several)["BillEmail"]["Address"].startswith("a@")


def test_missing_addresses_come_from_the_customer(books: Books) -> None:
    customer = books.customer(BillAddr={"Line1": "1 High Street", "City": "Leeds"})

    invoice = books.make("Invoice", books.sale(CustomerRef={"value": customer}))

    assert invoice["BillAddr"]["City"] == "Leeds"


def test_custom_fields_are_three_short_texts(books: Books) -> None:
    def field(number: str, text: str) -> Json:
        return {"DefinitionId": number, "Type": "StringType", "StringValue": text}

    fits, long, unknown = field("1", "x" * 31), field("1", "x" * 32), field("4", "x")

    assert books.make("Invoice", books.sale(CustomField=[fits]))["CustomField"] == [fits]
    assert books.refused("Invoice", books.sale(CustomField=[long]))["code"] == "2050"
    assert books.refused("Invoice", books.sale(CustomField=[unknown]))["code"] == "3000"


def test_the_due_date_follows_from_the_term(books: Books) -> None:
    invoice = books.make("Invoice", books.sale(SalesTermRef={"value": "3"}))

    assert invoice["DueDate"] == "2026-04-13"


def test_a_document_without_a_date_gets_the_pacific_date(books: Books) -> None:
    books.emulator.clock.set("2026-03-15T05:30:00")
    sale = books.sale()
    del sale["TxnDate"]

    assert books.make("SalesReceipt", sale)["TxnDate"] == "2026-03-14"


def test_an_impossible_date_is_refused(books: Books) -> None:
    assert books.refused("Invoice", books.sale(TxnDate="2026-02-30"))["code"] == "2060"


def test_no_document_number_means_none_where_the_caller_numbers(books: Books) -> None:
    assert "DocNumber" not in books.make("Invoice", books.sale())


def test_a_company_that_numbers_itself_collides_with_numbers_sent(open_books: OpenBooks) -> None:
    books = open_books(doc_number_custom=False)

    numbers = [
        books.make("Invoice", books.sale(**sent))["DocNumber"]
        for sent in ({"DocNumber": "1002"}, {}, {})
    ]

    assert numbers == ["1002", "1001", "1002"]


def test_duplicate_numbers_are_refused_only_where_the_company_warns(open_books: OpenBooks) -> None:
    silent, warning = open_books(), open_books(warn_duplicate_numbers=True)
    for books in (silent, warning):
        books.make("Invoice", books.sale(DocNumber="W-1"))

    assert silent.make("Invoice", silent.sale(DocNumber="W-1"))["DocNumber"] == "W-1"
    error = warning.refused("SalesReceipt", warning.sale(DocNumber="w-1"))
    assert error["code"] == "6140"


def test_a_duplicate_number_can_be_insisted_on(open_books: OpenBooks) -> None:
    books = open_books(warn_duplicate_numbers=True)
    books.make("Invoice", books.sale(DocNumber="W-1"))

    again = books.make("Invoice", books.sale(DocNumber="W-1"), include="allowduplicatedocnum")

    assert again["DocNumber"] == "W-1"


@pytest.mark.parametrize(("password", "code"), [(True, "6210"), (False, "6200")])
def test_closed_books_take_nothing_up_to_their_day(
    open_books: OpenBooks, *, password: bool, code: str
) -> None:
    books = open_books(book_close_date="2026-03-14", book_close_password=password)

    assert books.refused("Invoice", books.sale(TxnDate="2026-03-14"))["code"] == code
    assert books.make("Invoice", books.sale(TxnDate="2026-03-15"))


def test_a_document_cannot_leave_the_closed_books(books: Books) -> None:
    invoice = books.make("Invoice", books.sale(TxnDate="2026-03-01"))
    books.emulator.control.close_books("2026-03-10")
    change = {"Id": invoice["Id"], "SyncToken": "0", "sparse": True, "TxnDate": "2026-04-01"}

    assert books.refused("Invoice", change)["code"] == "6210"


def test_a_lapsed_subscription_reads_but_does_not_write(books: Books) -> None:
    invoice = books.make("Invoice", books.sale())
    books.emulator.control.lapse_subscription()

    error = books.refused("Customer", {"DisplayName": "Late"})

    assert error["code"] == "6190"
    assert books.read("Invoice", invoice["Id"])["Id"] == invoice["Id"]


def test_what_is_on_a_deposit_is_locked(books: Books) -> None:
    receipt = books.make("SalesReceipt", books.sale())
    deposit = books.emulator.control.deposit([receipt["Id"]])
    handle = {"Id": receipt["Id"], "SyncToken": "0", "sparse": True}

    for parameters in ({}, {"operation": "delete"}, {"operation": "update", "include": "void"}):
        assert books.refused("SalesReceipt", handle, **parameters)["code"] == "6540"
    books.emulator.control.undeposit(deposit)
    assert books.make("SalesReceipt", handle)["SyncToken"] == "1"


def test_inventory_items_need_a_quantity_and_a_late_enough_date(open_books: OpenBooks) -> None:
    books = open_books(inventory=True)
    item = books.item(
        Type="Inventory",
        TrackQtyOnHand=True,
        QtyOnHand=10,
        InvStartDate="2026-03-10",
        AssetAccountRef=books.account("Inventory Asset"),
    )

    without = books.sale(books.line("5.00", item=item))
    early = books.sale(books.line("5.00", item=item, Qty=1), TxnDate="2026-03-09")
    books.make("SalesReceipt", books.sale(books.line("5.00", item=item, Qty=4)))

    assert books.refused("SalesReceipt", without)["code"] == "6520"
    assert books.refused("SalesReceipt", early)["code"] == "6270"
    assert books.read("Item", item)["QtyOnHand"] == 6


def test_classes_are_refused_where_they_are_not_tracked(open_books: OpenBooks) -> None:
    off, on = open_books(), open_books(track_classes=True)
    wholesale = on.make("Class", {"Name": "Wholesale"})["Id"]
    line = off.line("1.00", ClassRef={"value": wholesale})

    assert off.refused("Invoice", off.sale(line))["code"] == "5030"
    stored = on.make("Invoice", on.sale(line))["Line"][0]["SalesItemLineDetail"]
    assert stored["ClassRef"]["name"] == "Wholesale"


def test_a_foreign_currency_is_refused_while_they_are_off(books: Books) -> None:
    sale = books.sale(CurrencyRef={"value": "USD"})

    assert books.refused("Invoice", sale)["code"] == "6000"
    assert books.make("Invoice", books.sale(CurrencyRef={"value": "CAD"}))


def test_several_currencies_need_one_named_that_is_the_customers(open_books: OpenBooks) -> None:
    books = open_books(multicurrency=True)
    american = books.customer("Ann", CurrencyRef={"value": "USD"})
    sale = books.sale(CustomerRef={"value": american})

    assert books.refused("Invoice", sale)["element"] == "CurrencyRef"
    assert books.refused("Invoice", {**sale, "CurrencyRef": {"value": "CAD"}})["code"] == "6000"


def test_a_foreign_document_without_a_rate_is_taken_one_to_one(open_books: OpenBooks) -> None:
    books = open_books(multicurrency=True)
    american = books.customer("Ann", CurrencyRef={"value": "USD"})
    sale = books.sale(CustomerRef={"value": american}, CurrencyRef={"value": "USD"})

    trapped = books.make("Invoice", sale)
    right = books.make("Invoice", {**sale, "ExchangeRate": 1.4})

    assert (trapped["ExchangeRate"], trapped["HomeTotalAmt"]) == (1, 105)
    assert right["HomeTotalAmt"] == 147


def rate_of(books: Books, currency: str, **asked: str) -> Json:
    """What the company answers when it is asked for a rate."""
    parameters = {"sourcecurrencycode": currency, **asked}
    answer: Json = books.client.get("/exchangerate", params=parameters).json()
    return answer


def test_a_company_of_one_currency_has_no_list_of_rates(books: Books) -> None:
    assert rate_of(books, "USD")["Fault"]["Error"][0]["code"] == "5030"


def test_the_list_of_rates_answers_with_the_newest_up_to_a_day(
    open_books: OpenBooks,
) -> None:
    books = open_books(multicurrency=True)
    for day, rate in (("2026-07-01", "1.35"), ("2026-07-03", "1.36")):
        books.emulator.control.set_exchange_rate("USD", day, rate)

    found = rate_of(books, "USD", asofdate="2026-07-02")
    today = rate_of(books, "USD")

    assert found["ExchangeRate"]["Rate"] == 1.35
    assert found["ExchangeRate"]["AsOfDate"] == "2026-07-01"
    assert found["ExchangeRate"]["TargetCurrencyCode"] == "CAD"
    assert today["ExchangeRate"]["Rate"] == 1.36


def test_a_currency_without_a_rate_is_not_found(open_books: OpenBooks) -> None:
    books = open_books(multicurrency=True)
    books.emulator.control.set_exchange_rate("USD", "2026-07-01", "1.35")

    early = rate_of(books, "USD", asofdate="2026-06-30")
    unknown = rate_of(books, "EUR", asofdate="2026-07-01")

    assert early["Fault"]["Error"][0]["code"] == "610"
    assert unknown["Fault"]["Error"][0]["code"] == "610"


def test_money_goes_on_an_account_of_its_currency_or_of_the_home_one(open_books: OpenBooks) -> None:
    books = open_books(multicurrency=True)
    control = books.emulator.control
    dollars = control.add_account("USD Bank", "Bank", "Checking", "USD")
    euros = control.add_account("EUR Bank", "Bank", "Checking", "EUR")
    american = books.customer("Ann", CurrencyRef={"value": "USD"})
    sale = books.sale(CustomerRef={"value": american}, CurrencyRef={"value": "USD"})
    sale = {**sale, "ExchangeRate": 1.4}

    assert books.make("SalesReceipt", {**sale, "DepositToAccountRef": {"value": dollars}})
    refused = books.refused("SalesReceipt", {**sale, "DepositToAccountRef": {"value": euros}})

    assert refused["code"] == "6000"
    assert books.make("SalesReceipt", sale)


def test_a_service_on_a_liability_is_made_in_the_pages_and_not_by_the_api(books: Books) -> None:
    control = books.emulator.control
    liability = books.account("Gift Cards")

    refused = books.refused("Item", books.item_body(IncomeAccountRef=liability))
    made = control.add_service("Gift card", liability["value"])
    sold = books.make("SalesReceipt", books.sale(books.line("50.00", EXEMPT, made)))

    assert refused["code"] == "6430"
    assert books.read("Item", made)["IncomeAccountRef"]["name"] == "Gift Cards"
    assert sold["TotalAmt"] == 50
