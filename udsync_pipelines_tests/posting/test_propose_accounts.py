"""Accounts proposed for new items and for the money of gateways."""

from dataclasses import replace
from datetime import date

import pytest

from udsync_pipelines.posting.checking import missing_choices, wrong_choices
from udsync_pipelines.posting.company import Account, BooksItem, Company, PaymentMethod
from udsync_pipelines.posting.policy import (
    DocumentForm,
    GatewayPolicy,
    ItemPolicy,
    NewItemPolicy,
    PostingPolicy,
)
from udsync_pipelines.posting.proposal import Confidence, Finding, ShopGateway, ShopSide
from udsync_pipelines.posting.propose import propose
from udsync_pipelines_tests.posting.books import AUTOMATED, CANADA, POLICY, code

SALES = Account("79", "Sales of Product Income", "Income", "SalesOfProductIncome")
SERVICES = Account("80", "Services", "Income", "ServiceFeeIncome")
DISCOUNTS = Account("82", "Discounts given", "Income", "DiscountsRefundsGiven")
COSTS = Account("81", "Cost of Goods Sold", "Cost of Goods Sold", "SuppliesMaterialsCogs")
CHEQUING = Account("35", "Chequing", "Bank", "Checking")
UNDEPOSITED = Account("37", "Undeposited Funds", "Other Current Asset", "UndepositedFunds")


def books(*accounts: Account) -> Company:
    return replace(CANADA, accounts=accounts)


def found(field: str, company: Company, *gateways: ShopGateway, **shop: object) -> Finding:
    side = replace(ShopSide("UTC", (), gateways), **shop)  # type: ignore[arg-type]  # real fields
    return next(each for each in propose(side, company).findings if each.field == field)


@pytest.mark.parametrize(
    ("accounts", "value", "confidence"),
    [
        ((SALES, SERVICES, DISCOUNTS), "79", Confidence.LIKELY),
        ((SERVICES, DISCOUNTS), "80", Confidence.CONFIRM),
        ((SALES, replace(SALES, id="83", name="Sales abroad")), "79", Confidence.LIKELY),
        ((replace(SALES, name="Oak"), replace(SALES, id="83", name="Elm")), None, Confidence.OPEN),
        ((replace(SALES, subkind="Grants"), SERVICES), "80", Confidence.CONFIRM),
        ((replace(SALES, is_active=False),), None, Confidence.OPEN),
        ((DISCOUNTS,), None, Confidence.OPEN),
        ((), None, Confidence.OPEN),
    ],
)
def test_what_new_items_earn_goes_to_the_most_fitting_income_account(
    accounts: tuple[Account, ...], value: str | None, confidence: Confidence
) -> None:
    finding = found("new_items.income_account_id", books(*accounts))

    assert (finding.value, finding.confidence) == (value, confidence)


def test_the_account_of_new_items_is_explained_by_its_kind() -> None:
    finding = found("new_items.expense_account_id", books(COSTS))

    assert finding.value == "81"
    assert finding.sentence == (
        "What new items cost goes to the account Cost of Goods Sold, the only one of kind Cost of "
        "Goods Sold."
    )


def test_several_accounts_for_new_items_are_listed_and_not_guessed() -> None:
    finding = found(
        "new_items.income_account_id",
        books(replace(SALES, name="Oak"), replace(SALES, id="83", name="Elm")),
    )

    assert finding.sentence == "What new items earn could go to Oak, Elm: choose one."
    assert finding.choices == ("79", "83")


def test_books_without_a_cost_account_say_what_to_create() -> None:
    finding = found("new_items.expense_account_id", books(SALES))

    assert "no account of kind Cost of Goods Sold" in finding.sentence


def test_bank_transfers_arrive_in_the_only_chequing_account() -> None:
    gateway = ShopGateway("bacs", "Direct bank transfer")

    finding = found("gateways.bacs.account_id", books(CHEQUING, UNDEPOSITED), gateway)

    assert (finding.value, finding.confidence) == ("35", Confidence.LIKELY)


def test_cheques_wait_in_undeposited_funds_until_banked() -> None:
    gateway = ShopGateway("cheque", "Check payments")

    finding = found("gateways.cheque.account_id", books(CHEQUING, UNDEPOSITED), gateway)

    assert (finding.value, finding.confidence) == ("37", Confidence.LIKELY)


def test_a_gateway_is_recognised_by_the_name_in_its_title() -> None:
    clearing = Account("40", "PayPal Clearing", "Bank", "CashOnHand")
    method = replace(
        books(CHEQUING, UNDEPOSITED, clearing), payment_methods=(PaymentMethod("7", "PayPal"),)
    )
    gateway = ShopGateway("ppcp-gateway", "PayPal")

    account = found("gateways.ppcp-gateway.account_id", method, gateway)
    shown = found("gateways.ppcp-gateway.payment_method_id", method, gateway)

    assert (account.value, account.confidence) == ("40", Confidence.LIKELY)
    assert shown.value == "7"


def test_a_gateway_that_no_account_is_named_for_must_be_confirmed() -> None:
    finding = found(
        "gateways.klarna.account_id", books(CHEQUING, UNDEPOSITED), ShopGateway("klarna")
    )

    assert (finding.value, finding.confidence) == ("37", Confidence.CONFIRM)


def test_books_without_undeposited_funds_leave_other_gateways_open() -> None:
    company = books(CHEQUING)

    others = found("gateways.*.account_id", company)
    klarna = found("gateways.klarna.account_id", company, ShopGateway("klarna"))

    assert (others.confidence, klarna.confidence) == (Confidence.OPEN, Confidence.OPEN)
    assert others.choices == ("35",)
    assert "*" not in propose(ShopSide("UTC", ()), company).policy.gateways


def test_on_account_gateways_that_the_shop_does_not_offer_have_accounts_all_the_same() -> None:
    gateways = propose(ShopSide("UTC", ()), books(CHEQUING, UNDEPOSITED)).policy.gateways

    assert gateways["bacs"] == GatewayPolicy("35", None, DocumentForm.INVOICE_AND_PAYMENT)
    assert gateways["cheque"] == GatewayPolicy("37", None, DocumentForm.INVOICE_AND_PAYMENT)


def test_a_store_without_a_named_zone_is_asked_about() -> None:
    finding = found("timezone", CANADA, timezone_doubt="The store has a fixed offset.")

    assert (finding.value, finding.confidence) == ("UTC", Confidence.CONFIRM)
    assert finding.sentence == "The store has a fixed offset."


def test_closed_books_are_named_where_the_first_day_is_asked_for() -> None:
    finding = found("start_on", replace(CANADA, book_close_date=date(2025, 12, 31)))

    assert finding.confidence is Confidence.CONFIRM
    assert "closed until 2025-12-31" in finding.sentence


def test_a_store_that_was_never_read_is_told_to_sync_first() -> None:
    finding = found("taxes.codes", CANADA, orders_seen=0)

    assert "sync the orders once, then propose again" in finding.sentence


def test_american_books_mark_untaxed_lines_as_such() -> None:
    company = replace(AUTOMATED, tax_codes=(*AUTOMATED.tax_codes, code("NON", "NON")))

    finding = found("taxes.untaxed", company)

    assert (finding.value, finding.confidence) == ("NON", Confidence.CERTAIN)


@pytest.mark.parametrize(
    ("new_items", "sentence"),
    [
        (NewItemPolicy("404", "81"), "Account 404 for new items (new_items.income_account_id) is "),
        (NewItemPolicy("81", "81"), "Account Cost of Goods Sold for new items (new_items.income"),
        (NewItemPolicy("79", "79"), "is not of kind cost of goods sold or expense."),
    ],
)
def test_the_check_names_wrong_accounts_of_new_items(
    new_items: NewItemPolicy, sentence: str
) -> None:
    problems = wrong_choices(replace(POLICY, new_items=new_items), CANADA)

    (problem,) = problems.values()
    assert sentence in problem


def test_missing_choices_are_told_apart_from_wrong_ones() -> None:
    policy = replace(POLICY, new_items=NewItemPolicy(), items=ItemPolicy("404", "2", "3", "4", "5"))

    missing, wrong = missing_choices(policy), wrong_choices(policy, CANADA)

    assert [*missing] == ["new_items.income_account_id", "new_items.expense_account_id"]
    assert missing["new_items.income_account_id"].endswith("(new_items.income_account_id).")
    assert wrong == {
        "items.shipping": "Item 404 for shipping is not active in the books: choose another."
    }


def test_one_code_that_is_gone_is_named_for_each_of_its_uses() -> None:
    taxes = replace(POLICY.taxes, untaxed="404", out_of_scope="404")

    problems = wrong_choices(replace(POLICY, taxes=taxes), CANADA)

    assert {field: problem.split(" is not")[0] for field, problem in problems.items()} == {
        "taxes.untaxed": "Tax code 404 for lines without tax",
        "taxes.out_of_scope": "Tax code 404 for rounding lines",
    }


def test_a_category_cannot_serve_as_an_item() -> None:
    company = replace(CANADA, items=(*CANADA.items, BooksItem("9", "Wood", "Category")))

    problems = wrong_choices(replace(POLICY, items=ItemPolicy("9", "2", "3", "4", "5")), company)

    assert problems == {
        "items.shipping": "Item Wood for shipping is a category: choose one that can be sold."
    }


def test_a_policy_of_defaults_lacks_what_only_a_tenant_can_choose() -> None:
    missing = missing_choices(PostingPolicy())

    assert len(missing) == 1 + 5 + 2 + 2


def test_a_set_of_rates_without_a_code_is_a_missing_choice() -> None:
    taxes = replace(POLICY.taxes, codes={frozenset({"10", "9"}): ""})

    missing = missing_choices(replace(POLICY, taxes=taxes))

    assert missing == {"taxes.codes.9+10": "Choose a tax code for rates 9+10 (taxes.codes.9+10)."}


def test_an_account_that_is_gone_is_named_for_its_gateway() -> None:
    problems = wrong_choices(replace(POLICY, gateways={"cod": GatewayPolicy("404")}), CANADA)

    assert problems == {
        "gateways.cod.account_id": "Account 404 for cod is not active in the books."
    }


def test_accounts_in_other_currencies_are_not_proposed() -> None:
    foreign = Account("41", "Klarna USD", "Bank", "Checking", "USD")
    company = books(replace(CHEQUING, currency="CAD"), UNDEPOSITED, foreign)

    klarna = found("gateways.klarna.account_id", company, ShopGateway("klarna"))
    transfer = found("gateways.bacs.account_id", company, ShopGateway("bacs"))

    assert (klarna.value, transfer.value) == ("37", "35")
    assert "41" not in klarna.choices


def test_an_account_of_a_currency_serves_the_gateways_rules_for_it_alone() -> None:
    foreign = Account("41", "Klarna USD", "Bank", "Checking", "USD")
    company = replace(CANADA, accounts=(*CANADA.accounts, foreign))
    rules = GatewayPolicy("41")

    wrong = wrong_choices(replace(POLICY, gateways={"klarna": rules}), company)
    right = wrong_choices(replace(POLICY, gateways={"klarna:USD": rules}), company)

    assert right == {}
    assert wrong == {
        "gateways.klarna.account_id": "Account Klarna USD for klarna is in USD: choose one in CAD, "
        "or name it for that currency (gateways.klarna:USD.account_id)."
    }
