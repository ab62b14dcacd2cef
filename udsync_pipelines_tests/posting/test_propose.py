"""A proposed policy explains each part and guesses nothing."""

from dataclasses import replace
from decimal import Decimal

import orjson
import pytest

from udsync_pipelines.connectors.woocommerce.tax_rate import canonical
from udsync_pipelines.domain.order import LineKind
from udsync_pipelines.emulators.woocommerce.store import recording
from udsync_pipelines.posting.checking import missing_choices, wrong_choices
from udsync_pipelines.posting.company import Account, BooksItem, Regime, regime_of
from udsync_pipelines.posting.policy import DocumentForm, GatewayPolicy, PostingPolicy
from udsync_pipelines.posting.proposal import (
    Confidence,
    Finding,
    Proposal,
    ShopGateway,
    ShopRate,
    ShopSide,
)
from udsync_pipelines.posting.propose import propose
from udsync_pipelines.posting.propose_taxes import observed_rate_sets
from udsync_pipelines_tests.posting.books import CANADA, POLICY, TAX_MAP, code
from udsync_pipelines_tests.posting.shop import line, order, recorded

GATEWAYS = (
    ShopGateway("cod", "Cash on delivery"),
    ShopGateway("stripe", "Credit Card (Stripe)"),
    ShopGateway("cheque", "Check payments"),
    ShopGateway("bacs", "Direct bank transfer"),
    ShopGateway(""),
)


def recorded_rates() -> list[ShopRate]:
    rates = [canonical(orjson.dumps(row)) for row in dict(recording())["tax"]]
    return [
        ShopRate(
            id=rate.id,
            name=rate.name,
            percent=rate.percent,
            tax_class=rate.tax_class,
            country=rate.country,
            state=rate.state,
            priority=rate.priority,
            is_compound=rate.is_compound,
            is_for_shipping=rate.is_for_shipping,
        )
        for rate in rates
    ]


def shop(*rates: ShopRate, **changes: object) -> ShopSide:
    usual = ShopSide("America/Edmonton", rates or recorded_rates(), GATEWAYS)
    return replace(usual, **changes)  # type: ignore[arg-type]  # each test names real fields


def finding(proposal: Proposal, field: str) -> Finding:
    return next(each for each in proposal.findings if each.field == field)


def test_the_recorded_stores_tax_map_is_proposed_from_rate_components() -> None:
    proposal = propose(shop(), CANADA)

    assert {rates: proposal.policy.taxes.codes.get(rates) for rates in TAX_MAP} == TAX_MAP


def test_every_set_of_rates_on_recorded_lines_is_proposed_or_reported() -> None:
    seen = observed_rate_sets(pair[0] for pair in recorded())

    proposal = propose(shop(rate_sets=seen), CANADA)

    assert set(seen) <= set(proposal.policy.taxes.codes)


def test_a_rate_that_no_code_has_stays_open_with_its_place() -> None:
    british = ShopRate("11", "VAT", Decimal(20), country="GB")
    proposal = propose(shop(british, rate_sets=[frozenset({"11"})]), CANADA)

    open_rate = finding(proposal, "taxes.codes.11")

    assert (open_rate.confidence, open_rate.value) == (Confidence.OPEN, None)
    assert open_rate.sentence == (
        "No tax code of the books has the rates of VAT 20 % (GB): add or choose one."
    )


def test_a_tax_of_another_country_must_be_confirmed_though_its_height_fits() -> None:
    gst = ShopRate("9", "GST", Decimal(5), country="CA")
    abroad, at_home = replace(CANADA, country="GB"), replace(CANADA, country="")

    found = finding(propose(shop(gst), abroad), "taxes.codes.9")
    usual = finding(propose(shop(gst), CANADA), "taxes.codes.9")
    unknown = finding(propose(shop(gst), at_home), "taxes.codes.9")

    assert (found.confidence, found.value) == (Confidence.CONFIRM, usual.value)
    assert found.sentence.endswith(
        "But it is a tax of CA, and these books are of GB: have this confirmed by whoever files "
        "the return, or choose another."
    )
    assert usual.confidence is unknown.confidence is Confidence.CERTAIN


def test_equal_rates_of_several_provinces_are_told_apart_by_state() -> None:
    rate = ShopRate("20", "HST", Decimal(15), country="CA", state="PE")

    found = finding(propose(shop(rate), CANADA), "taxes.codes.20")

    assert (found.confidence, found.value) == (Confidence.LIKELY, "14")
    assert found.choices == ("12", "13", "14")


def test_equal_rates_without_a_telling_name_are_not_guessed() -> None:
    side = shop(ShopRate("20", "HST", Decimal(15)), rate_sets=[frozenset({"20"})])

    found = finding(propose(side, CANADA), "taxes.codes.20")

    assert (found.confidence, found.value) == (Confidence.OPEN, None)
    assert found.choices == ("12", "13", "14")


def test_a_compound_rate_is_not_the_same_as_a_plain_one() -> None:
    plain = ShopRate("1", "GST", Decimal(5), state="QC")
    compound = ShopRate("2", "QST", Decimal("9.975"), state="QC", priority=2, is_compound=True)

    side = shop(plain, compound, rate_sets=[frozenset({"1", "2"})])

    found = finding(propose(side, CANADA), "taxes.codes.1+2")

    assert found.confidence is Confidence.OPEN


def test_a_deleted_rate_on_old_orders_is_asked_about() -> None:
    side = shop(ShopRate("1", "GST", Decimal(5)), rate_sets=[frozenset({"99"})])

    found = finding(propose(side, CANADA), "taxes.codes.99")

    assert found.confidence is Confidence.OPEN
    assert "no longer has 99" in found.sentence


def test_the_code_of_untaxed_lines_must_be_confirmed() -> None:
    found = finding(propose(shop(), CANADA), "taxes.untaxed")

    assert (found.value, found.confidence) == ("3", Confidence.CONFIRM)
    assert set(found.choices) == {"2", "3", "4"}


def test_untaxed_codes_with_strange_names_stay_open() -> None:
    books = replace(CANADA, tax_codes=(code("1", "A", ("1", "0", "")), code("2", "B")))

    assert finding(propose(shop(), books), "taxes.untaxed").confidence is Confidence.OPEN


def test_items_are_proposed_by_name_and_missing_ones_reported() -> None:
    books = replace(CANADA, items=(BooksItem("8", "Shipping and delivery", "Service"),))

    proposal = propose(shop(), books)

    assert proposal.policy.items.shipping == "8"
    assert finding(proposal, "items.shipping").confidence is Confidence.LIKELY
    rounding = finding(proposal, "items.rounding")
    assert (rounding.value, rounding.confidence) == (None, Confidence.LIKELY)
    assert rounding.creates == "Rounding"
    assert "creates the service Rounding" in rounding.sentence


def test_a_rate_that_no_order_bears_needs_no_decision_yet() -> None:
    proposal = propose(shop(ShopRate("11", "VAT", Decimal(20), country="GB")), CANADA)

    unseen = finding(proposal, "taxes.codes.11")

    assert (unseen.confidence, unseen.value) == (Confidence.CONFIRM, None)
    assert unseen.sentence.endswith("No order read so far bears it; one that does will be parked.")


def test_items_are_not_created_without_accounts_for_them() -> None:
    proposal = propose(shop(), replace(CANADA, items=(), accounts=()))

    shipping = finding(proposal, "items.shipping")

    assert (shipping.confidence, shipping.creates) == (Confidence.OPEN, "")
    assert shipping.sentence.startswith("The books have no item for shipping: create one")


def test_an_inactive_item_of_the_name_is_neither_used_nor_doubled() -> None:
    idle = BooksItem("8", "Rounding", "Service", is_active=False)

    rounding = finding(propose(shop(), replace(CANADA, items=(idle,))), "items.rounding")

    assert (rounding.confidence, rounding.creates) == (Confidence.OPEN, "")
    assert "make it active" in rounding.sentence


def test_two_items_that_sound_alike_are_not_guessed() -> None:
    books = replace(
        CANADA,
        items=(
            BooksItem("8", "Shipping local", "Service"),
            BooksItem("9", "Shipping far", "Service"),
        ),
    )

    found = finding(propose(shop(), books), "items.shipping")

    assert (found.value, found.choices) == (None, ("8", "9"))


def test_gateways_get_accounts_methods_and_forms() -> None:
    gateways = propose(shop(), CANADA).policy.gateways

    assert gateways["stripe"] == GatewayPolicy("36", "2")
    assert gateways["cod"] == GatewayPolicy("37", "1")
    assert gateways["bacs"].form is DocumentForm.INVOICE_AND_PAYMENT
    assert gateways["*"] == GatewayPolicy("37")
    assert "" not in gateways


def test_a_gateway_with_two_fitting_accounts_stays_open() -> None:
    more = Account("99", "Stripe Reserve", "Other Current Asset", "OtherCurrentAssets")
    books = replace(CANADA, accounts=(*CANADA.accounts, more))

    assert finding(propose(shop(), books), "gateways.stripe.account_id").value is None


def test_books_that_number_documents_themselves_are_reported() -> None:
    proposal = propose(shop(), replace(CANADA, has_custom_numbers=False, has_sales_tax=False))

    fields = {each.field for each in proposal.open}

    assert {"company.custom_numbers", "company.sales_tax"} <= fields


def test_books_that_work_tax_out_by_themselves_are_told_the_choice() -> None:
    automated = replace(CANADA, regime=Regime.US_AUTOMATED)

    told = finding(propose(shop(), automated), "automated_tax")

    assert (told.value, told.confidence) == (None, Confidence.CONFIRM)
    assert "automated_tax=compare" in told.sentence
    assert "automated_tax" not in {each.field for each in propose(shop(), CANADA).findings}


def test_every_finding_is_explained_by_a_sentence() -> None:
    for each in propose(shop(), CANADA).findings:
        assert each.sentence.endswith(".")
        assert (each.value is None) >= (each.confidence is Confidence.OPEN)


def test_the_proposal_for_the_recorded_store_passes_the_check() -> None:
    proposed = propose(shop(), CANADA).policy

    assert (missing_choices(proposed), wrong_choices(proposed, CANADA)) == ({}, {})


def test_the_check_names_all_that_the_books_cannot_serve() -> None:
    rules = PostingPolicy(gateways={"cod": GatewayPolicy("79", "9")})

    missing, wrong = missing_choices(rules), wrong_choices(rules, CANADA)

    assert missing["taxes.untaxed"].startswith("Choose a tax code for lines without tax (taxes.un")
    assert missing["items.shipping"] == "Choose an item for shipping (items.shipping)."
    assert [*wrong] == ["gateways.cod.account_id", "gateways.cod.payment_method_id"]
    assert "Sales of Product Income for cod is no bank" in wrong["gateways.cod.account_id"]
    assert "Payment method 9 for cod" in wrong["gateways.cod.payment_method_id"]


def test_the_check_finds_inactive_and_taxed_codes() -> None:
    taxes = replace(POLICY.taxes, untaxed="5", out_of_scope="404")

    problems = wrong_choices(replace(POLICY, taxes=taxes), CANADA)

    assert "GST adds tax" in problems["taxes.untaxed"]
    assert "404 for rounding lines is not offered" in problems["taxes.out_of_scope"]


def test_negative_fees_do_not_add_sets_of_rates() -> None:
    fee = line("-2.00", {"1": "-0.05", "4": "-0.01"}, kind=LineKind.FEE)

    assert observed_rate_sets([order(line("9.00", {"1": "0.45"}), fee)]) == [frozenset({"1"})]


@pytest.mark.parametrize(
    ("country", "automated", "regime"),
    [
        ("CA", True, Regime.GLOBAL),
        ("GBR", False, Regime.GLOBAL),
        ("US", False, Regime.US_MANUAL),
        ("usa", True, Regime.US_AUTOMATED),
    ],
)
def test_the_regime_follows_country_and_preference(
    country: str, automated: bool, regime: Regime
) -> None:
    assert regime_of(country, is_automated=automated) is regime
