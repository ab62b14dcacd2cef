"""Where a person sees an object in QuickBooks' own pages.

The addresses pass through the sign-in, which opens the company that they name: the shorter form
`/app/invoice?txnId=…` shows the same number in whichever company the browser was last in, and
loses the number when nobody is signed in. Intuit's samples build the sign-in's addresses so
(`deeplinkcompanyid`, `pagereq`); its reference does not promise them.
"""

from types import MappingProxyType
from urllib.parse import urlencode

from udsync_pipelines.connectors.quickbooks.address import PRODUCTION, SANDBOX, RealmId

_SIGN_IN = MappingProxyType(
    {PRODUCTION: "https://qbo.intuit.com/login", SANDBOX: "https://sandbox.qbo.intuit.com/login"}
)
_PAGES = MappingProxyType(
    {
        "customer": "customerdetail?nameId={}",
        "sales_receipt": "salesreceipt?txnId={}",
        "invoice": "invoice?txnId={}",
        "payment": "recvpayment?txnId={}",
        "refund_receipt": "refundreceipt?txnId={}",
        "credit_memo": "creditmemo?txnId={}",
    }
)


def books_page(base_url: str, realm: RealmId, target_id: str) -> str:
    """Where QuickBooks shows the object of a binding, such as `sales_receipt/12`.

    Empty for an object without a page of its own, and for a company that is not at Intuit.
    """
    kind, _, number = target_id.partition("/")
    sign_in, page = _SIGN_IN.get(base_url), _PAGES.get(kind)
    if sign_in is None or page is None:
        return ""
    query = {"deeplinkcompanyid": realm, "pagereq": page.format(number)}
    return f"{sign_in}?{urlencode(query)}"
