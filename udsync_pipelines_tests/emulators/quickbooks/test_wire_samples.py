"""The shapes of known requests and answers: members and kinds, not values."""

from collections.abc import Callable
from typing import Any

import httpx

from udsync_pipelines_tests.emulators.quickbooks.books import Books, Json

OpenBooks = Callable[..., Books]

SALES_RECEIPT_MEMBERS = {
    "domain": str,
    "sparse": bool,
    "Id": str,
    "SyncToken": str,
    "MetaData": dict,
    "CustomField": list,
    "DocNumber": str,
    "TxnDate": str,
    "CurrencyRef": dict,
    "PrivateNote": str,
    "Line": list,
    "TxnTaxDetail": dict,
    "CustomerRef": dict,
    "GlobalTaxCalculation": str,
    "TotalAmt": float,
    "PrintStatus": str,
    "EmailStatus": str,
    "BillEmail": dict,
    "Balance": int,
    "PaymentMethodRef": dict,
    "PaymentRefNum": str,
    "DepositToAccountRef": dict,
}


def _sample(books: Books) -> Json:
    return {
        "DocNumber": "W-10482",
        "TxnDate": "2026-03-14",
        "CustomerRef": {"value": books.customer("Web customer")},
        "GlobalTaxCalculation": "TaxExcluded",
        "PrivateNote": "woo order 10482",
        "PaymentRefNum": "ch_3Q",
        "PaymentMethodRef": {"value": "3"},
        "DepositToAccountRef": books.account("Undeposited Funds"),
        "BillEmail": {"Address": "a@example.com"},
        "Line": [
            {
                "LineNum": 1,
                "Amount": 50.0,
                "Description": "Alder board",
                "DetailType": "SalesItemLineDetail",
                "SalesItemLineDetail": {
                    "ItemRef": {"value": books.item("Alder board")},
                    "Qty": 2,
                    "UnitPrice": 25.0,
                    "TaxCodeRef": {"value": "5"},
                },
            },
            {
                "LineNum": 2,
                "Amount": 12.5,
                "Description": "Shipping",
                "DetailType": "SalesItemLineDetail",
                "SalesItemLineDetail": {
                    "ItemRef": {"value": "SHIPPING_ITEM_ID"},
                    "TaxCodeRef": {"value": "5"},
                },
            },
        ],
    }


def test_a_canadian_sales_receipt_has_the_known_members(open_books: OpenBooks) -> None:
    books = open_books(allow_shipping=True)

    answer = books.post("SalesReceipt", _sample(books)).json()

    receipt = answer["SalesReceipt"]
    assert set(answer) == {"SalesReceipt", "time"}
    assert receipt.keys() == SALES_RECEIPT_MEMBERS.keys()
    for name, kind in SALES_RECEIPT_MEMBERS.items():
        assert isinstance(receipt[name], kind), name


def test_the_sampled_sales_receipt_comes_to_the_known_cents(open_books: OpenBooks) -> None:
    books = open_books(allow_shipping=True)

    receipt = books.make("SalesReceipt", _sample(books))

    assert receipt["TotalAmt"] == 65.63
    assert receipt["TxnTaxDetail"] == {
        "TotalTax": 3.13,
        "TaxLine": [
            {
                "Amount": 3.13,
                "DetailType": "TaxLineDetail",
                "TaxLineDetail": {
                    "TaxRateRef": {"value": "1"},
                    "PercentBased": True,
                    "TaxPercent": 5,
                    "NetAmountTaxable": 62.5,
                },
            }
        ],
    }


def test_times_have_a_pacific_offset_and_stamps_whole_seconds(books: Books) -> None:
    books.emulator.clock.set(1_773_502_013.589)

    answer = books.post("Customer", {"DisplayName": "Ann"}).json()

    assert answer["time"] == "2026-03-14T08:26:53.589-07:00"
    assert answer["Customer"]["MetaData"] == {
        "CreateTime": "2026-03-14T08:26:53-07:00",
        "LastUpdatedTime": "2026-03-14T08:26:53-07:00",
    }


def test_a_deletion_answers_three_members(books: Books) -> None:
    invoice = books.make("Invoice", books.sale())

    answer = books.post(
        "Invoice", {"Id": invoice["Id"], "SyncToken": "0"}, operation="delete"
    ).json()

    assert answer["Invoice"] == {"domain": "QBO", "status": "Deleted", "Id": invoice["Id"]}
    assert "time" in answer


def test_a_validation_fault_has_the_known_texts(books: Books) -> None:
    answer = books.post("Invoice", books.sale(DocNumber="9" * 45))

    fault = answer.json()["Fault"]
    assert fault["type"] == "ValidationFault"
    assert fault["Error"] == [
        {
            "Message": "String length is either shorter or longer than supported by specification",
            "Detail": "String length specified does not match the supported length. "
            "Min:0 Max:21 supported. Supplied length:45",
            "code": "2050",
            "element": "DocNumber",
        }
    ]


def test_a_missing_member_has_the_known_texts(books: Books) -> None:
    error = books.refused("RefundReceipt", books.sale())

    assert error == {
        "Message": "Required param missing, need to supply the required value for the API",
        "Detail": "Required parameter DepositToAccountRef is missing in the request",
        "code": "2020",
        "element": "DepositToAccountRef",
    }


def test_queries_have_their_three_shapes(books: Books) -> None:
    empty = books.ask("select * from Invoice").json()
    books.make("Invoice", books.sale())
    count = books.ask("select count(*) from Invoice").json()
    found = books.ask("select * from Invoice").json()

    assert (set(empty), empty["QueryResponse"]) == ({"QueryResponse", "time"}, {})
    assert count["QueryResponse"] == {"totalCount": 1}
    assert {"Invoice", "startPosition", "maxResults"} <= set(found["QueryResponse"])


def test_a_token_answer_has_the_known_members(books: Books) -> None:
    emulator = books.emulator
    form = {"grant_type": "refresh_token", "refresh_token": emulator.refresh_token}
    pair = (emulator.options.client_id, emulator.options.client_secret)

    answer = httpx.post(emulator.oauth_url, data=form, auth=pair).json()

    assert {name: type(value) for name, value in answer.items()} == {
        "token_type": str,
        "access_token": str,
        "expires_in": int,
        "refresh_token": str,
        "x_refresh_token_expires_in": int,
    }


def test_amounts_are_numbers_and_members_without_value_are_left_out(books: Books) -> None:
    invoice = books.make("Invoice", books.sale(PrivateNote="", BillEmail=None))

    def values(document: Any) -> list[Any]:
        if isinstance(document, dict):
            return [one for value in document.values() for one in values(value)]
        if isinstance(document, list):
            return [one for value in document for one in values(value)]
        return [document]

    assert None not in values(invoice)
    assert isinstance(invoice["TotalAmt"], int | float)
    assert isinstance(invoice["Line"][0]["Amount"], int | float)
