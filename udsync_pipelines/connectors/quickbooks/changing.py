"""How an object that is there becomes another: sparsely, or wholly where a text is to be emptied.

A sparse update leaves alone what is not sent, so it cannot empty anything. A full update empties
what is not sent, so it sends what QuickBooks holds beside what is ours.
"""

from collections.abc import Mapping

from udsync_pipelines.connectors.quickbooks.wire import Row

_EMPTIED = (
    *("CustomerMemo", "BillEmail", "BillAddr", "ShipAddr", "ShipMethodRef", "TrackingNum"),
    *("CustomField", "PaymentRefNum", "PaymentMethodRef"),
)
"""Members of documents that we fill, and that may be empty. Others have defaults of the books."""

# Amounts follow from the lines; tax that is sent again would stay as it was (reference, writing).
_NOT_SENT_AGAIN = ("MetaData", "TxnTaxDetail", "LinkedTxn", "domain", "sparse", "status", "time")


def changes_of(row: Row, payload: Mapping[str, object]) -> tuple[Mapping[str, object], bool]:
    """The body that brings an object to the payload, and whether it is sent sparsely."""
    handle = {"Id": row["Id"], "SyncToken": row["SyncToken"]}
    emptied = [name for name in _EMPTIED if row.get(name) and name not in payload]
    if not emptied:
        return {**payload, **handle}, True
    left_out = (*emptied, *_NOT_SENT_AGAIN)
    held = {name: value for name, value in row.items() if name not in left_out}
    return {**held, **payload, **handle}, False
