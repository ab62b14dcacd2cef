"""Orders become documents: forms, dates, numbers, negative fees, remedies, parking."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from udsync_pipelines.domain.order import LineKind
from udsync_pipelines.posting.company import RateComponent, RatePeriod, TaxCode
from udsync_pipelines.posting.compose import compose_order
from udsync_pipelines.posting.documents import (
    DraftKind,
    DraftLineKind,
    ItemRef,
    ItemSource,
    PaymentDraft,
    Remedy,
    Skipped,
)
from udsync_pipelines.posting.policy import (
    ClosedPeriodRule,
    DateBasis,
    ItemPolicy,
    TaxPolicy,
)
from udsync_pipelines_tests.posting.books import (
    CANADA,
    MANY_CURRENCIES,
    POLICY,
    policy,
)
from udsync_pipelines_tests.posting.composing import composed, rejected
from udsync_pipelines_tests.posting.shop import line, money, order


def test_a_paid_order_is_one_sales_receipt() -> None:
    made = composed(order(line("20.00", {"1": "1.00"}, quantity=Decimal(2))))

    receipt = made.sale
    assert made.documents == (receipt,)
    assert (receipt.kind, receipt.number, receipt.customer) == (
        DraftKind.SALES_RECEIPT,
        "WC-77",
        "customer/12",
    )
    assert (receipt.total, receipt.total_tax) == (Decimal("21.00"), Decimal("1.00"))
    assert (receipt.account_id, receipt.payment_method_id) == ("36", "2")
    assert receipt.payment_reference == "ch_1"
    assert receipt.private_note.startswith("udsync:WC:order/77\n")
    assert receipt.lines[0].item == ItemRef(ItemSource.PRODUCT, "10")
    assert (receipt.lines[0].quantity, receipt.lines[0].unit_price) == (
        Decimal(2),
        Decimal("10.00"),
    )
    assert receipt.lines[0].tax_code == "5"


def test_an_on_account_order_is_an_invoice_and_its_payment() -> None:
    sold = order(line("20.00", {"1": "1.00"}), payment_method="bacs")

    invoice, payment = composed(sold).documents

    assert (invoice.kind, payment.kind) == (DraftKind.INVOICE, DraftKind.PAYMENT)
    assert isinstance(payment, PaymentDraft)
    assert (payment.amount, payment.pays_number) == (Decimal("21.00"), "WC-77")
    assert (payment.reference, payment.account_id) == ("WC-77", "35")
    assert composed(sold).sale.due_on == date(2026, 7, 31)
    assert composed(sold).sale.account_id is None


def test_an_order_on_hold_gets_its_invoice_only_by_policy() -> None:
    sold = order(line("20.00"), payment_method="bacs", status="on-hold", paid_at=None)
    early = policy(invoice_statuses=frozenset({"on-hold"}))

    assert isinstance(compose_order(sold, POLICY, CANADA), Skipped)
    assert [each.kind for each in composed(sold, early).documents] == [DraftKind.INVOICE]


def test_a_payment_is_never_dated_before_its_invoice() -> None:
    early = datetime(2026, 6, 1, tzinfo=UTC)
    payment = composed(order(line("20.00"), payment_method="bacs", paid_at=early)).documents[1]

    assert payment.dated_on == date(2026, 7, 1)


def test_an_order_of_nothing_is_a_receipt_over_zero() -> None:
    made = composed(order(line("0.00")))

    assert made.sale.total == made.sale.total_tax == 0
    assert len(made.sale.lines) == 1


def test_an_invoice_over_zero_has_no_payment() -> None:
    made = composed(order(line("0.00"), payment_method="bacs"))

    assert [each.kind for each in made.documents] == [DraftKind.INVOICE]


def test_documents_are_dated_in_the_stores_zone() -> None:
    late = datetime(2026, 7, 2, 5, 30, tzinfo=UTC)  # 23:30 of the day before in Edmonton

    assert composed(order(line("1.00"), created_at=late)).sale.dated_on == date(2026, 7, 1)


@pytest.mark.parametrize(
    ("basis", "day"), [(DateBasis.PAID, date(2026, 7, 5)), (DateBasis.COMPLETED, date(2026, 7, 1))]
)
def test_the_date_basis_falls_back_to_the_creation(basis: DateBasis, day: date) -> None:
    paid = datetime(2026, 7, 5, 18, tzinfo=UTC)
    sold = order(line("1.00"), paid_at=paid, completed_at=None)

    assert composed(sold, policy(date_basis=basis)).sale.dated_on == day


def test_closed_books_park_or_redate_by_policy() -> None:
    closed = replace(CANADA, book_close_date=date(2026, 7, 31))
    redating = policy(closed_period=ClosedPeriodRule.REDATE)

    assert rejected(order(line("1.00")), company=closed).code == "period_closed"
    assert composed(order(line("1.00")), redating, closed).sale.dated_on == date(2026, 8, 1)


def test_orders_before_the_start_are_left_out_with_their_reason() -> None:
    result = compose_order(order(line("1.00")), policy(start_on=date(2026, 7, 2)), CANADA)

    assert isinstance(result, Skipped)
    assert (result.code, "2026-07-01" in result.reason) == ("before_start", True)


def test_books_that_number_themselves_get_no_number_but_the_marker() -> None:
    receipt = composed(order(line("1.00")), company=replace(CANADA, has_custom_numbers=False)).sale

    assert receipt.number is None
    assert receipt.marker == "udsync:WC:order/77"
    assert receipt.marker in receipt.private_note


def test_a_long_order_number_gives_way_to_the_id() -> None:
    sold = order(line("1.00"), number="2026-07-01-000000000077")

    assert composed(sold).sale.number == "WC-77"


def test_a_negative_fee_is_taxed_by_the_share_that_the_shop_taxed() -> None:
    goods = line("40.00", {"1": "2.00"})
    fee = line("-2.84", {"1": "-0.12"}, kind=LineKind.FEE)

    made = composed(order(goods, fee))

    fees = [each for each in made.sale.lines if each.kind is DraftLineKind.FEE]
    assert [(each.amount, each.tax_code) for each in fees] == [
        (Decimal("-2.40"), "5"),
        (Decimal("-0.44"), "3"),
    ]
    assert made.remedy is Remedy.AS_IS
    assert made.sale.total_tax == Decimal("1.88")


def test_a_negative_fee_over_two_tax_classes_is_shared_between_codes() -> None:
    standard = line("50.00", {"2": "2.50", "3": "3.50"})
    reduced = line("50.00", {"2": "2.50"})
    fee = line("-10.00", {"2": "-0.50", "3": "-0.35"}, kind=LineKind.FEE)

    fees = composed(order(standard, reduced, fee)).sale.lines[2:]

    assert {each.tax_code: each.amount for each in fees} == {
        "7": Decimal("-5.00"),
        "5": Decimal("-5.00"),
    }


def test_one_line_is_split_where_rounding_differs() -> None:
    sold = order(
        line("0.10", {"1": "0.00"}),
        line("20.00", {"1": "1.00"}),
        total=money("21.10"),
        total_tax=money("1.00"),
    )

    made = composed(sold)

    assert (made.remedy, made.splits) == (Remedy.SPLIT, 1)
    assert [each.amount for each in made.sale.lines if each.origin_id == "1"] == [
        Decimal("0.09"),
        Decimal("0.01"),
    ]
    assert [each.quantity for each in made.sale.lines] == [1, None, 1]


def test_a_cent_moves_where_no_split_reaches_the_tax() -> None:
    sold = order(
        line("0.09", {"1": "0.00"}),
        line("0.09", {"1": "0.00"}),
        total=money("0.19"),
        total_tax=money("0.01"),
    )

    made = composed(sold)

    assert (made.remedy, made.moved_cents, made.splits) == (Remedy.MOVED_CENT, 1, 0)
    assert sorted(each.amount for each in made.sale.lines) == [Decimal("0.08"), Decimal("0.10")]


def test_counterparts_are_the_last_resort_for_lines_of_cents() -> None:
    sold = order(line("0.06", {"1": "0.00"}), total=money("0.07"), total_tax=money("0.01"))

    made = composed(sold, policy(moved_cents_limit=0))

    assert [each.amount for each in made.sale.lines] == [Decimal("0.10"), Decimal("-0.04")]
    assert made.remedy is Remedy.SPLIT


def test_two_equal_small_parts_lower_a_tax_that_one_cut_cannot_lower() -> None:
    sold = order(
        line("7.00", {"2": "0.35", "3": "0.49"}),
        line("840.99"),
        line("-7.74", {"2": "0.00", "3": "0.00"}, kind=LineKind.FEE),
        total=money("841.08"),
        total_tax=money("0.83"),
    )

    made = composed(sold)

    assert (made.remedy, made.splits, made.sale.total_tax) == (Remedy.SPLIT, 2, Decimal("0.83"))
    assert [each.amount for each in made.sale.lines if each.origin_id == "1"] == [
        Decimal("6.48"),
        Decimal("0.26"),
        Decimal("0.26"),
    ]


def test_a_tax_beyond_rounding_is_parked_with_both_numbers() -> None:
    error = rejected(order(line("100.00", {"1": "9.00"})))

    assert error.code == "tax_not_explained"
    assert "charged 9.00 tax, the books would work out 5.00" in error.message
    assert "difference of 4.00" in error.message


def test_an_unmapped_rate_is_parked_by_its_name() -> None:
    error = rejected(order(line("10.00", {"6": "1.00"})))

    assert error.code == "tax_code_unmapped"
    assert "QST 9.975 % (rate 6)" in error.message


def test_a_tax_code_that_the_books_lost_is_parked() -> None:
    lost = replace(CANADA, tax_codes=tuple(each for each in CANADA.tax_codes if each.id != "5"))

    assert rejected(order(line("10.00", {"1": "0.50"})), company=lost).code == "tax_code_missing"


def test_a_missing_item_is_parked_by_its_role() -> None:
    rules = policy(items=ItemPolicy())

    error = rejected(order(line("5.00", kind=LineKind.SHIPPING)), rules)

    assert (error.code, "no item for shipping" in error.message) == ("item_missing", True)


def test_a_product_that_is_gone_goes_on_the_unmatched_item() -> None:
    receipt = composed(order(line("5.00", product_id=None))).sale

    assert receipt.lines[0].item == ItemRef(ItemSource.BOOKS, "3")


def test_a_variation_comes_before_its_product() -> None:
    receipt = composed(order(line("5.00", variation_id="34"))).sale

    assert receipt.lines[0].item == ItemRef(ItemSource.VARIATION, "34")


def test_a_rounding_line_appears_only_when_the_order_does_not_add_up() -> None:
    made = composed(order(line("10.00", {"1": "0.50"}), total=money("10.52")))

    rounding = made.sale.lines[-1]
    assert made.rounding_lines == 1
    assert (rounding.kind, rounding.amount, rounding.tax_code) == (
        DraftLineKind.ROUNDING,
        Decimal("0.02"),
        "4",
    )


def test_an_order_far_from_adding_up_is_parked_with_its_sums() -> None:
    error = rejected(order(line("10.00", {"1": "0.50"}), total=money("12.00")))

    assert error.code == "order_does_not_add_up"
    assert "lines come to 10.00 and its tax to 0.50, but its total is 12.00" in error.message


def test_an_order_below_zero_is_parked() -> None:
    assert rejected(order(line("-1.00", kind=LineKind.FEE))).code == "below_zero"


def test_an_order_with_parts_of_a_cent_is_parked() -> None:
    sold = order(line("1.005"), currency="CAD")

    assert rejected(sold).code == "too_many_decimals"


def test_lines_finer_than_a_cent_still_sum_to_the_total() -> None:
    sold = order(line("1.005"), line("1.005"), line("3.00"))

    assert composed(sold).sale.net_total == Decimal("5.01")


def test_more_lines_than_a_document_holds_are_parked() -> None:
    assert rejected(order(*[line("1.00")] * 751)).code == "too_many_lines"


def test_foreign_orders_keep_their_currency_where_the_books_do() -> None:
    sold = order(line("10.00", currency="USD"), currency="USD")

    receipt = composed(sold, company=MANY_CURRENCIES).sale

    assert (receipt.currency, receipt.customer) == ("USD", "customer/12@USD")
    assert rejected(sold).code == "currency_not_supported"


def test_books_without_sales_tax_take_untaxed_orders_without_any_code() -> None:
    off = replace(CANADA, has_sales_tax=False, tax_codes=())
    rules = policy(taxes=TaxPolicy())

    receipt = composed(order(line("10.00")), rules, off).sale

    assert [each.tax_code for each in receipt.lines] == [""]
    assert rejected(order(line("10.00")), rules, CANADA).code == "tax_code_unmapped"


def test_books_without_sales_tax_park_what_the_shop_taxed() -> None:
    off = replace(CANADA, has_sales_tax=False)

    error = rejected(order(line("10.00", {"1": "0.50"})), company=off)

    assert (error.code, "charged 0.50 tax" in error.message) == ("sales_tax_off", True)


def test_a_changed_rate_counts_from_its_day() -> None:
    periods = (
        RatePeriod(Decimal(15), until_on=date(2026, 6, 30)),
        RatePeriod(Decimal(14), from_on=date(2026, 7, 1)),
    )
    changed = TaxCode("11", "HST NS", (RateComponent("6", Decimal(14), periods=periods),))
    books = replace(CANADA, tax_codes=(changed,))
    before = order(line("10.00", {"7": "1.50"}), created_at=datetime(2026, 6, 30, 18, tzinfo=UTC))

    assert composed(before, company=books).sale.total_tax == Decimal("1.50")
    assert composed(order(line("10.00", {"7": "1.40"})), company=books).sale.total_tax == Decimal(
        "1.40"
    )
    assert rejected(order(line("10.00", {"7": "1.50"})), company=books).code == "tax_not_explained"


def test_a_small_line_is_parted_evenly_where_its_tax_must_vanish() -> None:
    small = line("0.24", {"1": "0.01"})
    fee = line("-0.08", {"1": "0.00"}, kind=LineKind.FEE)
    sold = order(small, fee, fee, total=money("0.08"), total_tax=money("0.00"))

    made = composed(sold)

    assert [each.amount for each in made.sale.lines][:3] == [Decimal("0.08")] * 3
    assert made.splits == 2
