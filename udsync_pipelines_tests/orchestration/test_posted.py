"""Counts of a plan as ledgers of the books: what was done, and the money in it."""

from decimal import Decimal

from udsync_pipelines.orchestration.posted import Posted, added, less, planned, posted

DONE = {
    "quickbooks.invoice.create": 3,
    "quickbooks.invoice.created": 2,
    "quickbooks.invoice.unknown": 1,
    "quickbooks.invoice.cents.CAD": 123_456,
    "quickbooks.invoice.cents.USD": 7,
    "quickbooks.order.parked": 4,
    "order.created": 288,
    "blocked.quickbooks": None,
}


def test_ledgers_hold_their_own_counts_and_money_in_units_of_its_currency() -> None:
    found = posted(DONE)

    assert found == {
        "invoice": Posted(
            {"created": 2, "unknown": 1}, {"CAD": Decimal("1234.56"), "USD": Decimal("0.07")}
        )
    }


def test_what_is_only_planned_is_no_writing_that_was_done() -> None:
    counts = {"quickbooks.item.create": 5, "quickbooks.item.link": 1}

    assert posted(counts) == {}
    assert planned(counts) == {"item": Posted({"created": 5, "linked": 1})}


def test_several_syncs_add_up_in_the_order_of_the_ledgers() -> None:
    orders = {"payment": Posted({"created": 1}, {"CAD": Decimal("2.50")})}
    products = {"item": Posted({"created": 2})}
    again = {"payment": Posted({"updated": 1}, {"CAD": Decimal("0.50"), "USD": Decimal(1)})}

    total = added([orders, products, again])

    assert list(total) == ["item", "payment"]
    assert total["payment"] == Posted(
        {"created": 1, "updated": 1}, {"CAD": Decimal("3.00"), "USD": Decimal(1)}
    )


def test_the_part_that_was_there_before_is_taken_off() -> None:
    before = {"item": Posted({"created": 2}, {"CAD": Decimal(1)})}
    after = {"item": Posted({"created": 5, "found": 1}, {"CAD": Decimal(3)})}

    assert less(after, before) == {"item": Posted({"created": 3, "found": 1}, {"CAD": Decimal(2)})}
    assert less(after, {}) == after


def test_refused_and_doubtful_writes_touch_no_ledger() -> None:
    refused = Posted({"rejected": 3, "unknown": 1, "kept": 2})
    found = Posted({"found": 1, "linked": 1, "updated": 1})

    assert (refused.touched, refused.written) == (0, 0)
    assert (found.touched, found.written) == (3, 1)
