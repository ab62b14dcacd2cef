"""Where QuickBooks shows its objects to people."""

from urllib.parse import parse_qs, urlsplit

import pytest

from udsync_pipelines.connectors.quickbooks.address import PRODUCTION, SANDBOX, RealmId
from udsync_pipelines.connectors.quickbooks.pages import books_page

REALM = RealmId("9341454")


@pytest.mark.parametrize(
    ("target_id", "page"),
    [
        ("customer/58", "customerdetail?nameId=58"),
        ("sales_receipt/12", "salesreceipt?txnId=12"),
        ("invoice/13", "invoice?txnId=13"),
        ("payment/14", "recvpayment?txnId=14"),
        ("refund_receipt/15", "refundreceipt?txnId=15"),
        ("credit_memo/16", "creditmemo?txnId=16"),
    ],
)
def test_an_object_opens_in_the_company_that_it_belongs_to(target_id: str, page: str) -> None:
    address = urlsplit(books_page(PRODUCTION, REALM, target_id))

    assert (address.scheme, address.netloc, address.path) == ("https", "qbo.intuit.com", "/login")
    assert parse_qs(address.query) == {"deeplinkcompanyid": [REALM], "pagereq": [page]}


def test_a_sandbox_company_opens_at_the_host_of_sandboxes() -> None:
    address = books_page(SANDBOX, REALM, "invoice/13")

    assert address == (
        "https://sandbox.qbo.intuit.com/login?deeplinkcompanyid=9341454"
        "&pagereq=invoice%3FtxnId%3D13"
    )


@pytest.mark.parametrize(
    ("base_url", "target_id"),
    [
        ("http://127.0.0.1:9001", "invoice/13"),
        (PRODUCTION, "item/7"),
        (PRODUCTION, "woo_orders/77"),
    ],
)
def test_what_people_cannot_open_at_intuit_has_no_page(base_url: str, target_id: str) -> None:
    assert books_page(base_url, REALM, target_id) == ""
