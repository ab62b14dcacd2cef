"""Faults that an emulated company finds by itself, in bodies as a shop or a mistake makes them."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from udsync_pipelines.connectors.quickbooks.entities import BookEntity
from udsync_pipelines.connectors.quickbooks.fault_rules import Fault, rule_of
from udsync_pipelines.errors import UdsyncError
from udsync_pipelines_tests.connectors.quickbooks.companies import Books

Provocation = Callable[[Books], object]
ADA = {"DisplayName": "Ada Byron"}


def customer(**members: Any) -> Provocation:
    """Create a customer with these members."""
    return lambda books: books.create(BookEntity.CUSTOMER, {**ADA, **members})


def nameless(books: Books) -> None:
    books.create(BookEntity.CUSTOMER, {"Notes": "came on foot"})


def twice(books: Books) -> None:
    books.customer()
    books.customer()


def changed(books: Books, **members: Any) -> None:
    """Change a customer, of which these members are sent otherwise."""
    row = books.create(BookEntity.CUSTOMER, ADA)
    body = {"Id": row["Id"], "SyncToken": row["SyncToken"], "Notes": "later", **members}
    books.client.update(BookEntity.CUSTOMER, body, request_id=books.request_id())


def changed_meanwhile(books: Books) -> None:
    row = books.create(BookEntity.CUSTOMER, ADA)
    books.company.control.edit("Customer", row["Id"], {"Notes": "by hand"})
    body = {"Id": row["Id"], "SyncToken": row["SyncToken"], "Notes": "by us"}
    books.client.update(BookEntity.CUSTOMER, body, request_id=books.request_id())


def inactive(books: Books) -> None:
    row = books.create(BookEntity.CUSTOMER, ADA)
    books.company.control.inactivate("Customer", row["Id"])
    now = books.client.read(BookEntity.CUSTOMER, row["Id"])
    body = {"Id": row["Id"], "SyncToken": now["SyncToken"], "Notes": "by us"}
    books.client.update(BookEntity.CUSTOMER, body, request_id=books.request_id())


def sale(**members: Any) -> Provocation:
    """Create a sales receipt with these members."""
    return lambda books: books.create(
        BookEntity.SALES_RECEIPT, {**books.sale(books.customer(), books.item()), **members}
    )


def line(**members: Any) -> Provocation:
    """Create a sales receipt whose one line has these members in its detail."""

    def provoke(books: Books) -> None:
        body = books.sale(books.customer(), books.item())
        body["Line"][0]["SalesItemLineDetail"].update(members)
        books.create(BookEntity.SALES_RECEIPT, body)

    return provoke


def untaxed(books: Books) -> None:
    body = books.sale(books.customer(), books.item())
    del body["Line"][0]["SalesItemLineDetail"]["TaxCodeRef"]
    books.create(BookEntity.SALES_RECEIPT, body)


def into_income(books: Books) -> None:
    account = {"value": books.id_of(BookEntity.ACCOUNT, "Sales")}
    sale(DepositToAccountRef=account)(books)


def dated_in_a_closed_period(books: Books) -> None:
    body = books.sale(books.customer(), books.item())
    books.company.control.close_books("2099-12-31")
    books.create(BookEntity.SALES_RECEIPT, body)


def delete_what_was_deposited(books: Books) -> None:
    row = books.create(BookEntity.SALES_RECEIPT, books.sale(books.customer(), books.item()))
    books.company.control.deposit([row["Id"]])
    books.client.delete(
        BookEntity.SALES_RECEIPT, row["Id"], row["SyncToken"], request_id=books.request_id()
    )


def paid(**members: Any) -> Provocation:
    """Create a payment of a new customer."""
    return lambda books: books.create(
        BookEntity.PAYMENT, {"CustomerRef": {"value": books.customer()}, **members}
    )


def paid_to_a_receipt(books: Books) -> None:
    body = books.sale(books.customer(), books.item())
    row = books.create(BookEntity.SALES_RECEIPT, body)
    linked = [{"TxnId": row["Id"], "TxnType": "SalesReceipt"}]
    payment = {
        "CustomerRef": body["CustomerRef"],
        "TotalAmt": 10,
        "Line": [{"Amount": 10, "LinkedTxn": linked}],
    }
    books.create(BookEntity.PAYMENT, payment)


def lapsed(books: Books) -> None:
    books.company.control.lapse_subscription()
    books.customer()


DISCOUNT = [{"DetailType": "DiscountLineDetail", "DiscountLineDetail": {"PercentBased": True}}]
PROVOKED: Mapping[str, tuple[str, Provocation]] = {
    "no name": ("6080", nameless),
    "a colon in a name": ("2040", customer(DisplayName="Ada: Byron")),
    "a name without an end": ("2050", customer(DisplayName="A" * 600)),
    "an address without an at sign": ("2210", customer(PrimaryEmailAddr={"Address": "ada"})),
    "a child without a parent": ("6150", customer(Job=True)),
    "terms that are not there": ("2500", customer(SalesTermRef={"value": "9999"})),
    "a member that is not known": ("2010", customer(Nonsense="1")),
    "a name that is taken": ("6240", twice),
    "an id that is none": ("2030", lambda books: changed(books, Id="abc")),
    "an id that nobody has": ("610", lambda books: changed(books, Id="999999")),
    "a change by hand meanwhile": ("5010", changed_meanwhile),
    "no line": ("2020", sale(Line=[])),
    "a line of an unknown kind": ("2170", sale(Line=[{"DetailType": "Gift", "Amount": 1}])),
    "an amount that is not price times quantity": ("6070", line(Qty=2, UnitPrice=30)),
    "tax where none applies": (
        "6170",
        sale(GlobalTaxCalculation="NotApplicable", TxnTaxDetail={"TotalTax": 1}),
    ),
    "mail without an address": ("6420", sale(EmailStatus="NeedToSend")),
    "money put into income": ("6430", into_income),
    "a field that the company has not": (
        "3000",
        sale(CustomField=[{"DefinitionId": "9", "Type": "StringType", "StringValue": "x"}]),
    ),
    "a closed period": ("6210", dated_in_a_closed_period),
    "a deposited receipt": ("6540", delete_what_was_deposited),
    "a payment of a receipt": ("620", paid_to_a_receipt),
    "a class where there are none": ("5030", line(ClassRef={"value": "1"})),
    "a subscription that ended": ("6190", lapsed),
}
BY_WORDS: Mapping[str, tuple[str, Provocation]] = {
    "tax_code_missing": ("GST/HST rate", untaxed),
    "amount_missing": ("must set a transaction amount", paid()),
    "inactive": ("list element that has been deleted", inactive),
    "record_inconsistent": (
        "DetailTypeEnum is missing",
        sale(TxnTaxDetail={"TotalTax": 1, "TaxLine": [{"Amount": 1}]}),
    ),
}


@pytest.mark.parametrize("name", PROVOKED)
def test_what_the_company_finds_by_itself_becomes_the_error_of_its_code(
    books: Books, name: str
) -> None:
    code, provoke = PROVOKED[name]

    with pytest.raises(UdsyncError) as caught:
        provoke(books)

    assert [fault.code for fault in getattr(caught.value, "faults", ())] in ([code], [])
    assert caught.value.code == rule_of(Fault(code)).code
    assert caught.value.cure == rule_of(Fault(code)).cure.format(request_id=caught.value.request_id)
    assert caught.value.request_id


@pytest.mark.parametrize("code", BY_WORDS)
def test_a_business_rule_is_told_by_the_words_of_its_detail(books: Books, code: str) -> None:
    words, provoke = BY_WORDS[code]

    with pytest.raises(UdsyncError, match=words) as caught:
        provoke(books)

    assert caught.value.code == code
