"""What the pre-flight finds, and which of it must be decided before the first posting."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from udsync_pipelines.domain.order import LineKind, Order
from udsync_pipelines.domain.party import Address
from udsync_pipelines.posting.company import BooksItem, Company, Regime
from udsync_pipelines.posting.held import HeldDocument, Sale, is_of_sale, other_programs
from udsync_pipelines.posting.policy import (
    AutomatedTaxRule,
    ClosedPeriodRule,
    GiftCardPolicy,
    ItemPolicy,
    NewItemPolicy,
    PostingPolicy,
    TaxPolicy,
    TipPolicy,
)
from udsync_pipelines.posting.preflight import (
    HeldMoney,
    PreflightFinding,
    Weight,
    old_money,
    other_connectors,
    policy_findings,
    posted_already,
    scope_findings,
)
from udsync_pipelines.posting.scope import Scope
from udsync_pipelines_tests.posting.books import CANADA, MANY_CURRENCIES, POLICY, policy
from udsync_pipelines_tests.posting.shop import line, money, order

DAY = date(2026, 7, 1)
SALE = Sale("77", "1077", DAY, Decimal("21.00"), "CAD", "Ada Byron", "ada@example.com")


def held(**changes: Any) -> HeldDocument:
    """A document over 21.00 that has nothing to do with order 77 but its amount."""
    values: dict[str, Any] = {
        "target_id": "invoice/9",
        "number": "501",
        "dated_on": date(2026, 7, 2),
        "total": Decimal("21.00"),
        "currency": "CAD",
        "customer": "Charles Babbage",
    }
    return HeldDocument(**{**values, **changes})


def scope_of(
    *orders: Order, rules: PostingPolicy = POLICY, company: Company = CANADA
) -> list[PreflightFinding]:
    scope = Scope(rules, company)
    for one in orders:
        scope.add(one)
    return [*scope_findings(scope, rules, company)]


def codes(findings: list[PreflightFinding]) -> dict[str, Weight]:
    return {one.code: one.weight for one in findings}


@pytest.mark.parametrize(
    "changes",
    [
        {"number": "1077"},
        {"number": "#1077"},
        {"number": "WOO-1077"},
        {"notes": "Order 1077 from the web shop"},
        {"notes": "woo #1077"},
        {"dated_on": DAY, "email": "ADA@example.com"},
        {"dated_on": DAY, "customer": "ada  byron"},
    ],
    ids=["number", "hash", "prefix", "note", "hash in note", "e-mail and day", "name and day"],
)
def test_a_document_by_hand_of_the_same_order_is_recognised(changes: dict[str, Any]) -> None:
    assert is_of_sale(held(**changes), SALE)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"number": "51077"},
        {"number": "10770"},
        {"notes": "Order 10771"},
        {"dated_on": DAY},
        {"customer": "Ada Byron", "email": "ada@example.com"},
    ],
    ids=["nothing", "longer number", "other number", "other note", "day only", "person only"],
)
def test_a_document_of_another_order_is_left_alone(changes: dict[str, Any]) -> None:
    assert not is_of_sale(held(**changes), SALE)


def test_an_anonymous_sale_is_no_ones_by_day_alone() -> None:
    nobody = replace(SALE, customer="", email="")

    assert not is_of_sale(held(dated_on=DAY, customer="", email=""), nobody)
    assert not is_of_sale(held(number="X"), replace(nobody, number=""))


def test_a_document_in_the_books_asks_whether_it_is_the_order() -> None:
    found = posted_already([SALE], [held(number="1077"), held(total=Decimal("20.99"))])

    (finding,) = found
    assert (finding.code, finding.subject) == ("preflight.posted_already", "order/77")
    assert finding.weight is Weight.DECIDE
    assert [answer.name for answer in finding.answers] == ["ours", "post_anyway"]
    assert "invoice 1077 of 2026-07-02" in finding.sentence
    assert finding.about == "invoice/9"


def test_an_amount_in_another_currency_is_another_amount() -> None:
    assert posted_already([SALE], [held(number="1077", currency="USD")]) == []


def test_a_program_shows_by_its_name_or_by_numbers_of_one_stem() -> None:
    by_name = [held(notes="Created by Synder", number=str(n)) for n in (1, 2)]
    by_stem = [held(number=f"WOO-{n}") for n in range(5)]
    too_few = [held(number=f"ETSY-{n}") for n in range(4)]
    by_hand = [held(number=str(1000 + n)) for n in range(9)]
    ours = [held(number=f"WC-{n}", notes=f"udsync:WC:order/{n}") for n in range(9)]

    found = other_programs([*by_name, *by_stem, *too_few, *by_hand, *ours], "WC")

    assert {name: len(documents) for name, documents in found.items()} == {
        "Synder": 2,
        "a program that numbers WOO-…": 5,
    }


def test_another_connector_must_be_switched_off_or_known() -> None:
    (finding,) = other_connectors([held(notes="via Webgility")], POLICY)

    assert (finding.code, finding.subject) == ("preflight.other_connector", "Webgility")
    assert [answer.name for answer in finding.answers] == ["stopped", "go_on"]
    assert finding.weight is Weight.DECIDE


def test_money_that_waits_too_long_in_a_clearing_account_is_asked_about() -> None:
    today = date(2026, 7, 31)
    waiting = [
        HeldMoney("37", "Undeposited Funds", Decimal("90.00"), date(2026, 6, 30)),
        HeldMoney("36", "Stripe", Decimal("90.00"), date(2026, 7, 1)),
        HeldMoney("35", "PayPal", Decimal(0), date(2026, 1, 1)),
    ]

    (finding,) = old_money(waiting, today)

    assert (finding.subject, finding.weight) == ("account/37", Weight.DECIDE)
    assert "holds 90.00" in finding.sentence
    assert "31 days" in finding.sentence


def test_a_whole_policy_in_fitting_books_has_nothing_to_say() -> None:
    assert [*policy_findings(POLICY, CANADA)] == []
    assert scope_of(order(line("20.00", {"1": "1.00"}, sku="", name="Shipping"))) == []


def test_each_choice_that_is_lacking_or_not_served_is_asked_about_by_its_field() -> None:
    rules = policy(items=ItemPolicy("98", "2", "3", "99", ""), new_items=NewItemPolicy("", "81"))

    found = [*policy_findings(rules, CANADA)]

    assert [(one.code, one.subject) for one in found] == [
        ("preflight.policy_wrong", "items.shipping"),
        ("preflight.policy_wrong", "items.rounding"),
        ("preflight.policy_incomplete", "items.refunds"),
        ("preflight.policy_incomplete", "new_items.income_account_id"),
    ]
    assert {one.weight for one in found} == {Weight.PARKS}
    assert {answer.name for one in found for answer in one.answers} == {"park"}


def test_tax_codes_are_not_asked_for_where_sales_tax_is_off() -> None:
    rules = policy(taxes=TaxPolicy())

    assert [one.subject for one in policy_findings(rules, CANADA)] == ["taxes.untaxed"]
    assert [*policy_findings(rules, replace(CANADA, has_sales_tax=False))] == []


def test_documents_that_the_company_numbers_itself_are_worth_a_notice() -> None:
    (finding,) = policy_findings(POLICY, replace(CANADA, has_custom_numbers=False))

    assert (finding.code, finding.weight) == ("preflight.custom_numbers_off", Weight.NOTICE)
    assert finding.answers == ()


def test_orders_that_the_books_cannot_hold_are_counted_by_reason() -> None:
    company = replace(CANADA, has_sales_tax=False, book_close_date=date(2026, 7, 31))
    taxed = order(line("20.00", {"6": "1.00"}, name="Shipping"))
    foreign = order(line("5.00", currency="USD", name="Shipping"), currency="USD")

    found = scope_of(taxed, foreign, company=company)

    assert codes(found) == {
        "preflight.sales_tax_off": Weight.PARKS,
        "preflight.currency_off": Weight.PARKS,
        "preflight.tax_unmapped": Weight.PARKS,
        "preflight.closed_books": Weight.PARKS,
    }
    assert next(one.subject for one in found if "unmapped" in one.code) == "taxes.codes.6"
    assert any("is parked" in one.sentence for one in found)
    assert {answer.name for one in found for answer in one.answers} == {"park"}


def test_tax_that_the_books_work_out_is_to_be_compared_or_parks() -> None:
    automated = replace(CANADA, regime=Regime.US_AUTOMATED)
    taxed = order(line("20.00", {"1": "1.00"}, name="Shipping"))
    comparing = policy(automated_tax=AutomatedTaxRule.COMPARE)

    (finding,) = scope_of(taxed, company=automated)

    assert (finding.code, finding.subject) == ("preflight.automated_tax", "automated_tax")
    assert finding.weight is Weight.PARKS
    assert scope_of(taxed, rules=comparing, company=automated) == []


def test_closed_books_say_when_documents_are_dated_later_instead() -> None:
    company = replace(CANADA, book_close_date=date(2026, 7, 31))
    rules = policy(closed_period=ClosedPeriodRule.REDATE)

    (finding,) = scope_of(order(line("5.00", name="Fees")), rules=rules, company=company)

    assert "is dated later" in finding.sentence
    assert [answer.name for answer in finding.answers] == ["go_on"]


def test_currencies_that_the_books_keep_are_no_finding() -> None:
    foreign = order(line("5.00", currency="USD", name="Fees"), currency="USD")

    assert scope_of(foreign, company=MANY_CURRENCIES) == []


def test_lines_that_sound_like_cards_or_tips_are_noticed_until_selected() -> None:
    sold = order(
        line("50.00", name="Gift Card (not taxable)"),
        line("3.00", kind=LineKind.FEE, name="Tip"),
        line("-5.00", {"1": "-0.25"}, kind=LineKind.FEE, name="Loyalty"),
        line("9.00", kind=LineKind.SHIPPING, name="Voucher post"),
    )
    chosen = policy(
        gift_cards=GiftCardPolicy("60", ("name:gift card*",)), tips=TipPolicy("61", ("fee:tip",))
    )

    assert codes(scope_of(sold)) == {
        "preflight.gift_cards": Weight.NOTICE,
        "preflight.tips": Weight.NOTICE,
        "preflight.new_items": Weight.NOTICE,
    }
    assert scope_of(sold, rules=chosen) == []


def test_products_that_match_no_item_are_counted_once() -> None:
    company = replace(CANADA, items=(*CANADA.items, BooksItem("9", "Old", "Service", "M-1")))
    sold = order(
        line("5.00", sku="m-1", name="Mug"),
        line("5.00", name="rounding"),
        line("5.00", sku="S-1", name="Shirt"),
        line("5.00", variation_id="34", name="Shirt - L"),
        line("5.00", product_id=None, name="Custom"),
    )

    (finding,) = scope_of(sold, sold, company=company)

    assert "2 products of these orders" in finding.sentence


def test_the_span_of_the_scope_leaves_out_what_the_policy_does() -> None:
    scope = Scope(policy(start_on=DAY), CANADA)
    early = order(line("1.00"), created_at=datetime(2026, 6, 1, tzinfo=UTC))
    late = order(line("1.00"), created_at=datetime(2026, 7, 9, 12, tzinfo=UTC), total=money("1.00"))
    company_only = Address(company="Acme")

    assert (scope.first_on, scope.last_on) == (None, None)
    for one in (early, order(line("1.00"), status="pending"), order(line("1.00")), late):
        scope.add(replace(one, billing=company_only))

    assert (scope.first_on, scope.last_on) == (DAY, date(2026, 7, 9))
    assert [sale.customer for sale in scope.sales] == ["Acme", "Acme"]
