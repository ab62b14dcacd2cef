"""The port of WooCommerce's arithmetic, held against every recorded order."""

from typing import Any

import pytest

from udsync_pipelines.emulators.woocommerce.amounts import CENT, parse, show
from udsync_pipelines.emulators.woocommerce.arithmetic import Mode, Part, Totals, add_up
from udsync_pipelines.emulators.woocommerce.coupons import Coupon, DiscountLine, discounts_of
from udsync_pipelines.emulators.woocommerce.store import recording
from udsync_pipelines.emulators.woocommerce.taxation import TaxTable

Json = dict[str, Any]

ORDERS = recording()["order"]
PRODUCTS = {product["id"]: product for product in recording()["product"]}
COUPONS = {
    row["code"]: Coupon(row["id"], row["code"], row["discount_type"], parse(row["amount"]) // CENT)
    for row in recording()["coupon"]
}
TAXES = TaxTable(recording()["tax"])
FIGURES = (
    "total", "total_tax", "cart_tax", "shipping_tax", "shipping_total", "discount_total",
    "discount_tax",
)  # fmt: skip
# The order does not tell how the shop rounded when it was made; these were made at subtotal level.
ROUNDED_AT_SUBTOTAL = range(355, 363)


def order_number(order: Json) -> str:
    return str(order["id"])


def net_of(line: Json, *, gross_prices: bool) -> int:
    """Return the six decimals that WooCommerce kept of a line whose price held tax."""
    return (
        parse(round(line["price"] * line["quantity"], 6)) if gross_prices else parse(line["total"])
    )


def parts_of(order: Json) -> tuple[list[Part], Totals]:
    place = order["shipping"] if order["shipping"]["country"] else order["billing"]
    rates = TAXES.at(place["country"] or "CA", place["state"] or "AB")
    mode = Mode(order["prices_include_tax"], order["id"] in ROUNDED_AT_SUBTOTAL)
    parts = []
    for line in order["line_items"]:
        net = net_of(line, gross_prices=mode.prices_include_tax)
        before = parse(line["subtotal"]) if line["subtotal"] != line["total"] else net
        taxable = PRODUCTS.get(line["product_id"], {}).get("tax_status") != "none"
        kind = line["tax_class"]
        parts.append(Part("line", net, rates.get(kind, ()), before, taxable, kind))
    for fee in order["fee_lines"]:
        taxable = fee["tax_status"] == "taxable"
        parts.append(Part("fee", parse(fee["total"]), rates[""], 0, taxable, fee["tax_class"]))
    for shipping in order["shipping_lines"]:
        parts.append(Part("shipping", parse(shipping["total"]), rates[""]))
    return parts, add_up(parts, mode, rates)


@pytest.mark.parametrize("order", ORDERS, ids=order_number)
def test_a_recorded_order_is_added_up_to_the_recorded_cents(order: Json) -> None:
    _, totals = parts_of(order)

    assert {name: show(getattr(totals, name)) for name in FIGURES} == {
        name: order[name] for name in FIGURES
    }


@pytest.mark.parametrize("order", ORDERS, ids=order_number)
def test_every_line_of_a_recorded_order_gets_its_recorded_taxes(order: Json) -> None:
    lines = [*order["line_items"], *order["fee_lines"], *order["shipping_lines"]]

    parts, totals = parts_of(order)

    assert [
        [{"id": rate, "total": show(tax)} for rate, tax in part.taxes.items()] for part in parts
    ] == [[{"id": tax["id"], "total": tax["total"]} for tax in line["taxes"]] for line in lines]
    assert [show(part.total_tax) for part in parts] == [line["total_tax"] for line in lines]
    assert {
        rate: (show(totals.cart_taxes.get(rate, 0)), show(totals.shipping_taxes.get(rate, 0)))
        for rate in {*totals.cart_taxes, *totals.shipping_taxes}
    } == {
        line["rate_id"]: (line["tax_total"], line["shipping_tax_total"])
        for line in order["tax_lines"]
    }


@pytest.mark.parametrize(
    "order",
    [order for order in ORDERS if order["coupon_lines"] and not order["prices_include_tax"]],
    ids=order_number,
)
def test_coupons_come_off_the_lines_as_recorded(order: Json) -> None:
    prices = [
        DiscountLine(parse(line["subtotal"]) // CENT, line["quantity"])
        for line in order["line_items"]
    ]

    taken = [discounts_of(COUPONS[coupon["code"]], prices) for coupon in order["coupon_lines"]]

    assert [show(sum(shares)) for shares in zip(*taken, strict=True)] == [
        show(parse(line["subtotal"]) - parse(line["total"])) for line in order["line_items"]
    ]


def test_a_fee_takes_off_no_more_than_the_order_is_worth() -> None:
    line = Part("line", parse("10.00"), (), parse("10.00"))
    fee = Part("fee", parse("-25.00"))

    totals = add_up([line, fee], Mode(), {})

    assert show(fee.total) == "-10.00"
    assert show(totals.total) == "0.00"


def test_compound_rates_tax_the_taxes_before_them() -> None:
    rates = [
        TAXES.at("CA", "AB")[""][0],
        TAXES.at("CA", "QC")[""][1]._replace(compound=True),
    ]
    line = Part("line", parse("100.00"), rates, parse("100.00"))

    totals = add_up([line], Mode(), {"": rates})

    assert show(totals.total_tax) == "15.47"
