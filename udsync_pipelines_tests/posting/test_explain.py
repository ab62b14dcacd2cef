"""A composed document is explained in sentences."""

from decimal import Decimal

from udsync_pipelines.domain.order import LineKind, Order
from udsync_pipelines.posting.compose import compose_order
from udsync_pipelines.posting.documents import Composition, Remedy
from udsync_pipelines.posting.explain import explain
from udsync_pipelines.posting.refunds import compose_refund
from udsync_pipelines_tests.posting.books import CANADA, POLICY
from udsync_pipelines_tests.posting.shop import line, money, order, refund


def explained(sold: Order) -> tuple[str, ...]:
    return explain(compose_order(sold, POLICY, CANADA), CANADA)


def test_a_receipt_is_told_with_its_lines_and_codes() -> None:
    sentences = explained(order(line("20.00", {"1": "1.00"}, quantity=Decimal(2))))

    assert sentences == (
        "Sales receipt WC-77 of 2026-07-01 comes to 21.00 CAD: 20.00 net and 1.00 tax.",
        "2 x Mug: 20.00, tax code GST.",
    )


def test_an_invoice_tells_when_it_is_due_and_what_pays_it() -> None:
    sentences = explained(order(line("20.00"), payment_method="bacs"))

    assert sentences[0].startswith("Invoice WC-77 of 2026-07-01, due on 2026-07-31 comes to")
    assert "covers invoice WC-77; its reference is WC-77." in sentences[2]


def test_a_split_line_is_explained() -> None:
    sold = order(
        line("0.10", {"1": "0.00"}),
        line("20.00", {"1": "1.00"}),
        total=money("21.10"),
        total_tax=money("1.00"),
    )

    assert explained(sold)[-1].startswith("One line was split in two with the same item")


def test_a_moved_cent_is_explained() -> None:
    small = line("0.09", {"1": "0.00"})
    sold = order(small, small, total=money("0.19"), total_tax=money("0.01"))

    assert explained(sold)[3].startswith("One cent was moved between two lines")


def test_an_override_is_explained() -> None:
    made = compose_order(order(line("20.00")), POLICY, CANADA)
    assert isinstance(made, Composition)

    sentences = explain(Composition(made.documents, Remedy.OVERRIDE), CANADA)

    assert "these books keep a tax they are sent" in sentences[-1]


def test_rounding_and_goodwill_lines_say_why_they_are_there() -> None:
    sold = order(line("10.00"), total=money("10.02"))
    back = refund("1.00")

    goodwill = explain(compose_refund(back, sold, [back], POLICY, CANADA), CANADA)

    assert "does not add up by that much" in explained(sold)[2]
    assert "given back without lines" in goodwill[1]


def test_a_skipped_order_says_why() -> None:
    assert explained(order(line("1.00"), status="pending")) == (
        "Nothing is posted. Orders that are pending are not posted by the policy.",
    )


def test_a_negative_fee_is_told_by_its_two_lines() -> None:
    fee = line("-2.84", {"1": "-0.12"}, kind=LineKind.FEE, name="Loyalty")

    sentences = explained(order(line("40.00", {"1": "2.00"}), fee))

    assert "Loyalty: -2.40, tax code GST." in sentences
    assert "Loyalty: -0.44, tax code Zero-rated." in sentences
