"""Documents and refunds are values: equal by content, never changed once made."""

from dataclasses import FrozenInstanceError
from datetime import date
from typing import Any

import pytest

from udsync_pipelines.domain.documents import Invoice, Payment, SalesReceipt
from udsync_pipelines.domain.refund import Refund
from udsync_pipelines_tests.domain.records import NOON, euros, order_line

LINES = (order_line(),)
TOTALS: dict[str, Any] = {"lines": LINES, "total": euros("12.00"), "total_tax": euros("2.00")}
DAY = date(2026, 3, 9)


def _documents() -> list[Any]:
    return [
        SalesReceipt(order_id="501", number="W-1", customer_id=None, dated_on=DAY, **TOTALS),
        Invoice(order_id="501", number="W-1", customer_id="9", dated_on=DAY, due_on=DAY, **TOTALS),
        Payment("501", "W-1", DAY, euros("12.00"), "bacs"),
        Refund("77", "501", euros("12.00"), euros("2.00"), "broken", LINES, NOON),
    ]


def test_two_documents_with_the_same_content_are_equal() -> None:
    assert _documents() == _documents()


@pytest.mark.parametrize("position", range(4))
def test_a_document_cannot_be_changed_once_it_is_made(position: int) -> None:
    document = _documents()[position]

    with pytest.raises(FrozenInstanceError):
        document.order_id = "502"
