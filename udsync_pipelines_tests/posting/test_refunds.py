"""Refunds become documents over exactly what was given back."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from udsync_pipelines.domain.order import LineKind, Order
from udsync_pipelines.domain.refund import Refund
from udsync_pipelines.errors import RecordRejectedError
from udsync_pipelines.posting.company import Company, RateComponent, RatePeriod, TaxCode
from udsync_pipelines.posting.documents import Composition, DraftKind, SalesDraft, Skipped
from udsync_pipelines.posting.policy import GatewayPolicy, PostingPolicy, RefundForm
from udsync_pipelines.posting.refunds import compose_refund
from udsync_pipelines_tests.posting.books import CANADA, POLICY, policy
from udsync_pipelines_tests.posting.shop import line, order, refund

GOODS = line("40.00", {"1": "2.00"}, quantity=Decimal(4))
SHIPPING = line("12.50", {"1": "0.63"}, kind=LineKind.SHIPPING)
BOOK = line("20.00")
SALE = order(GOODS, SHIPPING, BOOK)  # 72.50 net, 2.63 tax, 75.13 in all


def composed(
    back: Refund,
    sold: Order = SALE,
    others: Sequence[Refund] = (),
    rules: PostingPolicy = POLICY,
    company: Company = CANADA,
) -> Composition:
    result = compose_refund(back, sold, [*others, back], rules, company)
    assert isinstance(result, Composition)
    return result


def rejected(
    back: Refund, sold: Order = SALE, others: Sequence[Refund] = (), rules: PostingPolicy = POLICY
) -> RecordRejectedError:
    with pytest.raises(RecordRejectedError) as caught:
        compose_refund(back, sold, [*others, back], rules, CANADA)
    assert caught.value.record == f"refund/{back.id}"
    return caught.value


def amounts(document: SalesDraft) -> list[tuple[str, Decimal, str]]:
    return [(str(each.item), each.amount, each.tax_code) for each in document.lines]


def by_code(document: SalesDraft) -> dict[str, Decimal]:
    codes = {each.tax_code for each in document.lines}
    return {
        code: sum((each.amount for each in document.lines if each.tax_code == code), Decimal(0))
        for code in codes
    }


def test_a_refund_of_units_gives_back_their_item_and_tax() -> None:
    units = line("10.00", {"1": "0.50"}, id="1")

    document = composed(refund("10.50", units)).sale

    assert (document.kind, document.number) == (DraftKind.REFUND_RECEIPT, "WC-77-R901")
    assert amounts(document) == [("product/10", Decimal("10.00"), "5")]
    assert (document.total, document.total_tax) == (Decimal("10.50"), Decimal("0.50"))
    assert (document.account_id, document.customer) == ("36", "customer/12")
    assert document.lines[0].quantity == 1
    assert document.dated_on == date(2026, 7, 3)


def test_shipping_and_fees_are_given_back_on_their_items() -> None:
    fee = line("3.50", {"1": "0.18"}, kind=LineKind.FEE)
    sold = order(GOODS, SHIPPING, fee)
    back = refund("16.81", replace(SHIPPING, id="2"), replace(fee, id="3"))

    assert amounts(composed(back, sold).sale) == [
        ("books/1", Decimal("12.50"), "5"),
        ("books/2", Decimal("3.50"), "5"),
    ]


def test_a_goodwill_amount_is_split_over_the_orders_tax_codes() -> None:
    document = composed(refund("5.00")).sale

    assert by_code(document) == {"5": Decimal("3.50"), "3": Decimal("1.33")}
    assert document.total_tax == Decimal("0.17")
    assert {str(each.item) for each in document.lines} == {"books/5"}


def test_lines_and_a_goodwill_amount_stand_on_one_document() -> None:
    back = refund("21.00", replace(BOOK, id="3"))

    document = composed(back).sale

    assert document.lines[0].amount == Decimal("20.00")
    assert sum(each.amount for each in document.lines[1:]) + document.total_tax == 1


def test_less_paid_back_than_the_lines_say_is_what_counts() -> None:
    back = refund("5.00", replace(BOOK, id="3"))

    assert amounts(composed(back).sale) == [("books/5", Decimal("5.00"), "3")]


def test_tax_alone_is_given_back_by_two_lines_that_cancel() -> None:
    tax_only = line("0.00", {"1": "0.50"}, id="1")

    document = composed(refund("0.50", tax_only)).sale

    assert [(each.amount, each.tax_code) for each in document.lines] == [
        (Decimal("10.00"), "5"),
        (Decimal("-10.00"), "3"),
    ]
    assert (document.total, document.total_tax) == (Decimal("0.50"), Decimal("0.50"))


def test_an_amount_without_its_tax_is_given_back_untaxed() -> None:
    net_only = line("10.00", {"1": "0.00"}, id="1")

    assert amounts(composed(refund("10.00", net_only)).sale) == [
        ("product/10", Decimal("10.00"), "3")
    ]


def test_a_whole_order_refunded_by_status_mirrors_its_sale() -> None:
    document = composed(refund("75.13")).sale

    assert amounts(document) == [
        ("product/10", Decimal("40.00"), "5"),
        ("books/1", Decimal("12.50"), "5"),
        ("product/10", Decimal("20.00"), "3"),
    ]
    assert document.total_tax == Decimal("2.63")


def test_the_rest_after_a_refund_of_units_leaves_them_out() -> None:
    first = refund("10.50", line("10.00", {"1": "0.50"}, id="1"))
    rest = refund("64.63", id="902", created_at=datetime(2026, 7, 4, tzinfo=UTC))

    document = composed(rest, others=[first]).sale

    assert document.lines[0].amount == Decimal("30.00")
    assert document.lines[0].quantity == 3
    assert document.total_tax == Decimal("2.13")


def test_the_rest_after_goodwill_takes_it_off_its_own_item() -> None:
    first = refund("5.00")
    rest = refund("70.13", id="902", created_at=datetime(2026, 7, 4, tzinfo=UTC))

    document = composed(rest, others=[first]).sale

    taken = {each.tax_code: each.amount for each in document.lines if str(each.item) == "books/5"}
    assert taken == {"5": Decimal("-3.50"), "3": Decimal("-1.33")}
    assert document.total_tax == Decimal("2.46")


def test_the_order_in_which_refunds_are_given_does_not_matter() -> None:
    first = refund("5.00")
    rest = refund("70.13", id="902", created_at=datetime(2026, 7, 4, tzinfo=UTC))

    one = compose_refund(rest, SALE, [first, rest], POLICY, CANADA)
    other = compose_refund(rest, SALE, [rest, first], POLICY, CANADA)

    assert one == other


def test_nothing_given_back_is_left_out_with_its_reason() -> None:
    result = compose_refund(refund("0.00"), SALE, [], POLICY, CANADA)

    assert isinstance(result, Skipped)
    assert (result.code, "0.00" in result.reason) == ("nothing_refunded", True)


def test_a_refund_of_an_order_that_is_not_posted_is_left_out() -> None:
    result = compose_refund(refund("1.00"), replace(SALE, status="cancelled"), [], POLICY, CANADA)

    assert isinstance(result, Skipped)
    assert result.code == "sale_not_posted"


def test_more_than_remains_is_parked_with_both_numbers() -> None:
    first = refund("70.00")
    more = refund("5.14", id="902", created_at=datetime(2026, 7, 4, tzinfo=UTC))

    error = rejected(more, others=[first])

    assert error.code == "refund_exceeds"
    assert "gives back 5.14, and only 5.13" in error.message


def test_a_refund_waits_for_its_parked_order() -> None:
    sold = order(line("100.00", {"1": "9.00"}))

    assert rejected(refund("1.00"), sold).code == "waits_for_order"


def test_a_refund_waits_for_an_earlier_parked_one() -> None:
    first = refund("80.00")
    second = refund("1.00", id="902", created_at=datetime(2026, 7, 4, tzinfo=UTC))

    assert rejected(second, others=[first]).code == "waits_for_refund"


def test_an_unpaid_invoice_is_lowered_by_a_credit_memo() -> None:
    early = policy(invoice_statuses=frozenset({"on-hold"}))
    unpaid = replace(SALE, status="on-hold", payment_method="bacs")

    document = composed(refund("5.00"), unpaid, rules=early).sale

    assert (document.kind, document.account_id) == (DraftKind.CREDIT_MEMO, None)


@pytest.mark.parametrize(
    ("form", "kind"),
    [
        (RefundForm.CREDIT_MEMO, DraftKind.CREDIT_MEMO),
        (RefundForm.REFUND_RECEIPT, DraftKind.REFUND_RECEIPT),
        (RefundForm.AUTOMATIC, DraftKind.REFUND_RECEIPT),
    ],
)
def test_the_policy_chooses_the_document_of_a_refund(form: RefundForm, kind: DraftKind) -> None:
    assert composed(refund("5.00"), rules=policy(refund_form=form)).sale.kind is kind


def test_a_refund_without_an_account_to_pay_from_is_parked() -> None:
    error = rejected(refund("5.00"), rules=policy(gateways={"*": GatewayPolicy()}))

    assert error.code == "account_missing"


def test_a_long_refund_number_still_fits_its_field() -> None:
    sold = replace(SALE, number="123456789012")
    back = refund("5.00", id="987654321")

    assert composed(back, sold).sale.number == "WC-R987654321"


def test_a_refund_in_closed_books_is_parked() -> None:
    closed = replace(CANADA, book_close_date=date(2026, 7, 31))

    with pytest.raises(RecordRejectedError, match="closed up to 2026-07-31"):
        compose_refund(refund("5.00"), SALE, [], POLICY, closed)


def test_a_refund_of_a_sale_in_closed_books_is_still_posted() -> None:
    closed = replace(CANADA, book_close_date=date(2026, 7, 1))

    assert composed(refund("5.00"), company=closed).sale.dated_on == date(2026, 7, 3)


def test_goodwill_bears_the_rates_of_the_day_it_is_given() -> None:
    periods = (
        RatePeriod(Decimal(15), until_on=date(2026, 7, 1)),
        RatePeriod(Decimal(14), from_on=date(2026, 7, 2)),
    )
    changed = TaxCode("11", "HST NS", (RateComponent("6", Decimal(14), periods=periods),))
    books = replace(CANADA, tax_codes=(changed,))
    sold = order(line("100.00", {"7": "15.00"}))

    document = composed(refund("11.40"), sold, company=books).sale

    assert (document.net_total, document.total_tax) == (Decimal("10.00"), Decimal("1.40"))
