"""A document that is posted anew after a void has a number and a marker of its own."""

from dataclasses import replace

import pytest

from udsync_pipelines.posting.compose import compose_order
from udsync_pipelines.posting.documents import Composition, Draft, PaymentDraft, SalesDraft
from udsync_pipelines.posting.reissuing import issue_of, reissued
from udsync_pipelines_tests.posting.books import CANADA, POLICY
from udsync_pipelines_tests.posting.shop import line, order


def drafts(number: str = "77") -> tuple[SalesDraft, PaymentDraft]:
    """An invoice and its payment."""
    sold = order(line("20.00", {"1": "1.00"}), number=number, payment_method="cheque")
    made = compose_order(sold, POLICY, CANADA)
    assert isinstance(made, Composition)
    sale, payment = made.documents
    assert isinstance(sale, SalesDraft)
    assert isinstance(payment, PaymentDraft)
    return sale, payment


def test_a_first_issue_is_the_draft_itself() -> None:
    sale, payment = drafts()

    assert (reissued(sale, 1), reissued(payment, 1)) == (sale, payment)
    assert issue_of(sale) == 1


def test_a_second_sale_has_another_number_marker_and_note_and_nothing_else() -> None:
    sale, _ = drafts()

    again = reissued(sale, 2)

    assert isinstance(again, SalesDraft)
    assert again.number == f"{sale.number}-v2"
    assert again.marker == f"{sale.marker}#2"
    assert again.private_note.split()[0] == again.marker
    changed = {"number": sale.number, "marker": sale.marker, "private_note": sale.private_note}
    assert replace(again, **changed) == sale  # type: ignore[arg-type] # three texts


def test_a_second_payment_has_another_reference() -> None:
    _, payment = drafts()

    again = reissued(payment, 3)

    assert isinstance(again, PaymentDraft)
    assert again.reference == f"{payment.reference}-v3"
    assert issue_of(again) == 3


def test_a_sale_that_the_company_numbers_is_known_by_its_marker_alone() -> None:
    sale, _ = drafts()

    again = reissued(replace(sale, number=None), 2)

    assert isinstance(again, SalesDraft)
    assert again.number is None
    assert issue_of(again) == 2


@pytest.mark.parametrize(("record", "number"), [("order/7", "WC-7-v2"), ("refund/9", "WC-R9-v2")])
def test_the_id_stands_in_for_a_number_that_would_be_too_long(record: str, number: str) -> None:
    sale, _ = drafts()
    long = replace(sale, number="WC-1234567890123456", marker=f"udsync:WC:{record}")

    again: Draft = reissued(long, 2)

    assert isinstance(again, SalesDraft)
    assert again.number == number
