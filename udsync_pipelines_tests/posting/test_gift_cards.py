"""Gift cards and tips are owed, not earned, however a plugin writes them on the order."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from udsync_pipelines.domain.order import Discount, LineKind, Order, OrderLine
from udsync_pipelines.domain.product import Product
from udsync_pipelines.errors import ConfigurationError, RecordRejectedError
from udsync_pipelines.posting.compose import compose_order
from udsync_pipelines.posting.documents import Composition, DraftLineKind
from udsync_pipelines.posting.explain import explain
from udsync_pipelines.posting.policy import GiftCardPolicy, PostingPolicy, TipPolicy
from udsync_pipelines.posting.refunds import compose_refund
from udsync_pipelines_tests.posting.books import CANADA, policy
from udsync_pipelines_tests.posting.shop import line, money, order, refund

CARDS = policy(
    gift_cards=GiftCardPolicy(
        item="60",
        sold=(
            "product:900",
            "sku:GIFT-*",
            "type:gift-card",
            "category:Gift cards",
            "name:Voucher*",
        ),
        redeemed=("coupon:card-*", "fee:Gift card*", "meta:_ywgc_*"),
    ),
    tips=TipPolicy(item="61", lines=("fee:Tip*",)),
)
Lines = list[tuple[DraftLineKind, str, str, str]]


def composed(sold: Order, rules: PostingPolicy = CARDS) -> Composition:
    made = compose_order(sold, rules, CANADA)
    assert isinstance(made, Composition)
    return made


def lines_of(made: Composition) -> Lines:
    """Kind, item, amount and tax code of each line."""
    return [(one.kind, one.item.id, str(one.amount), one.tax_code) for one in made.sale.lines]


def product(**changes: Any) -> Product:
    values: dict[str, Any] = {
        **dict.fromkeys(("sku", "description", "tax_status", "tax_class", "stock_status"), ""),
        **dict.fromkeys(("price", "regular_price", "sale_price", "stock_quantity")),
        **dict.fromkeys(("created_at", "modified_at")),
        **dict.fromkeys(("manages_stock", "is_virtual", "is_downloadable"), False),
        "id": "10",
        "kind": "simple",
        "status": "publish",
        "name": "Mug",
        "categories": (),
        "variation_ids": (),
    }
    return Product(**{**values, **changes})


@pytest.mark.parametrize(
    "card",
    [
        line("50.00", product_id="900"),
        line("50.00", variation_id="900"),
        line("50.00", sku="gift-50"),
        line("50.00", name="Voucher of 50"),
        line("50.00", product=product(kind="gift-card")),
        line("50.00", product=product(categories=("Gift cards",))),
    ],
    ids=["product", "variation", "sku", "name", "type", "category"],
)
def test_a_gift_card_that_is_sold_goes_on_the_liability_item_out_of_scope(card: OrderLine) -> None:
    made = composed(order(card, line("20.00", {"1": "1.00"})))

    assert lines_of(made) == [
        (DraftLineKind.GIFT_CARD, "60", "50.00", "4"),
        (DraftLineKind.PRODUCT, "10", "20.00", "5"),
    ]
    assert any("owed to the holder" in sentence for sentence in explain(made, CANADA))


def test_a_gift_card_that_the_shop_taxed_keeps_its_tax_code() -> None:
    made = composed(order(line("50.00", {"1": "2.50"}, product_id="900")))

    assert lines_of(made) == [(DraftLineKind.GIFT_CARD, "60", "50.00", "5")]
    assert made.sale.total_tax == Decimal("2.50")


def test_a_negative_fee_without_tax_redeems_a_card_out_of_scope() -> None:
    fee = line("-15.00", kind=LineKind.FEE, name="Gift card ABCD")

    made = composed(order(line("20.00", {"1": "1.00"}), fee))

    assert lines_of(made)[1] == (DraftLineKind.GIFT_CARD, "60", "-15.00", "4")
    assert (made.sale.total, made.sale.total_tax) == (Decimal("6.00"), Decimal("1.00"))


def test_a_negative_fee_over_which_the_shop_spread_tax_keeps_the_taxed_share() -> None:
    fee = line("-10.00", {"1": "-0.50"}, kind=LineKind.FEE, name="Gift card ABCD")

    made = composed(order(line("20.00", {"1": "1.00"}), fee))

    assert lines_of(made)[1] == (DraftLineKind.GIFT_CARD, "60", "-10.00", "5")
    assert made.sale.total_tax == Decimal("0.50")


def test_a_coupon_that_is_a_card_leaves_revenue_whole_and_tax_as_charged() -> None:
    lowered = line("8.00", {"1": "0.40"}, subtotal=money("10.00"), quantity=Decimal(2))
    card = Discount("CARD-77", money("2.00"), money("0.10"))

    made = composed(order(lowered, discounts=(card,)))

    assert lines_of(made) == [
        (DraftLineKind.PRODUCT, "10", "10.00", "5"),
        (DraftLineKind.GIFT_CARD, "60", "-2.00", "5"),
    ]
    assert made.sale.lines[0].quantity == Decimal(2)
    assert (made.sale.total, made.sale.total_tax) == (Decimal("8.40"), Decimal("0.40"))


def test_a_coupon_beside_a_card_takes_only_its_own_part_of_the_discount() -> None:
    lowered = line("6.00", {"1": "0.30"}, subtotal=money("10.00"))
    other = Discount("summer", money("1.00"), money("0.05"))
    card = Discount("card-1", money("3.00"), money("0.15"))

    made = composed(order(lowered, line("5.00", {"1": "0.25"}), discounts=(other, card)))

    assert [(amount, item) for _, item, amount, _ in lines_of(made)] == [
        ("9.00", "10"),
        ("-3.00", "60"),
        ("5.00", "10"),
    ]


def test_a_card_coupon_takes_no_more_than_the_lines_were_lowered_by() -> None:
    lowered = line("8.00", subtotal=money("10.00"))
    card = Discount("card-1", money("30.00"), money("0.00"))

    made = composed(order(lowered, discounts=(card,)))

    assert [amount for _, _, amount, _ in lines_of(made)] == ["10.00", "-2.00"]


@pytest.mark.parametrize(
    "told",
    [
        "15",
        15,
        {"ABCD": "10.00", "EFGH": 5},
        [{"code": "ABCD", "amount": 15.0}],
        {"ABCD": {"total": "15.00", "balance": "99"}},
    ],
    ids=["text", "number", "by code", "list", "objects"],
)
def test_a_field_of_the_order_tells_what_cards_paid_of_it(told: object) -> None:
    sold = order(
        line("20.00", {"1": "1.00"}), total=money("6.00"), meta={"_ywgc_applied_gift_cards": told}
    )

    made = composed(sold)

    assert lines_of(made)[1] == (DraftLineKind.GIFT_CARD, "60", "-15.00", "4")
    assert (made.sale.total, made.rounding_lines) == (Decimal("6.00"), 0)


def test_a_field_is_left_alone_where_the_order_adds_up_without_it() -> None:
    fee = line("-15.00", kind=LineKind.FEE, name="Gift card")
    sold = order(line("20.00"), fee, meta={"_ywgc_applied_gift_cards": {"ABCD": "15.00"}})

    assert [amount for _, _, amount, _ in lines_of(composed(sold))] == ["20.00", "-15.00"]


@pytest.mark.parametrize("told", ["some text", None, float("nan")])
def test_a_field_without_an_amount_is_parked_by_its_name(told: object) -> None:
    sold = order(line("20.00"), total=money("5.00"), meta={"_ywgc_cards": told})

    with pytest.raises(RecordRejectedError, match="_ywgc_cards") as parked:
        composed(sold)

    assert parked.value.code == "gift_card_unreadable"


def test_a_tip_goes_on_its_liability_item() -> None:
    made = composed(order(line("20.00"), line("3.00", kind=LineKind.FEE, name="Tip for the crew")))

    assert lines_of(made)[1] == (DraftLineKind.TIP, "61", "3.00", "4")
    assert any("owed to the staff" in sentence for sentence in explain(made, CANADA))


def test_shipping_is_never_taken_for_a_card() -> None:
    shipping = line("5.00", kind=LineKind.SHIPPING, name="Voucher delivery")

    assert lines_of(composed(order(line("1.00"), shipping)))[1][1] == "1"


@pytest.mark.parametrize(
    ("sold", "field"),
    [
        (order(line("50.00", product_id="900")), "gift_cards.item"),
        (order(line("9.00", kind=LineKind.FEE, name="Tip")), "tips.item"),
    ],
)
def test_a_card_or_tip_without_an_item_is_parked_by_the_field_to_fill(
    sold: Order, field: str
) -> None:
    rules = replace(
        CARDS,
        gift_cards=replace(CARDS.gift_cards, item=""),
        tips=replace(CARDS.tips, item=""),
    )

    with pytest.raises(RecordRejectedError) as parked:
        composed(sold, rules)

    assert (parked.value.code, field in str(parked.value.cure)) == ("item_missing", True)


def test_returning_a_card_and_a_tip_takes_them_off_the_liability_again() -> None:
    card = line("50.00", product_id="900")
    tip = line("3.00", kind=LineKind.FEE, name="Tip")
    sold = order(card, tip, line("20.00", {"1": "1.00"}))
    given = refund("53.00", *sold.lines[:2])

    made = compose_refund(given, sold, [given], CARDS, CANADA)

    assert isinstance(made, Composition)
    assert lines_of(made) == [
        (DraftLineKind.GIFT_CARD, "60", "50.00", "4"),
        (DraftLineKind.TIP, "61", "3.00", "4"),
    ]


def test_a_whole_refund_gives_the_card_its_money_back() -> None:
    lowered = line("8.00", {"1": "0.40"}, subtotal=money("10.00"))
    sold = order(lowered, discounts=(Discount("card-1", money("2.00"), money("0.10")),))
    given = refund("8.40")

    made = compose_refund(given, sold, [given], CARDS, CANADA)

    assert isinstance(made, Composition)
    assert lines_of(made) == lines_of(composed(sold))


@pytest.mark.parametrize(
    ("cards", "said"),
    [
        (GiftCardPolicy(sold=("GIFT",)), "gift_cards.sold must be written KIND:PATTERN"),
        (GiftCardPolicy(sold=("coupon:x",)), "gift_cards.sold must begin with"),
        (GiftCardPolicy(redeemed=("sku: ",)), "gift_cards.redeemed must be written"),
    ],
)
def test_a_selector_that_selects_nothing_is_refused_by_its_field(
    cards: GiftCardPolicy, said: str
) -> None:
    with pytest.raises(ConfigurationError, match=said):
        policy(gift_cards=cards)
