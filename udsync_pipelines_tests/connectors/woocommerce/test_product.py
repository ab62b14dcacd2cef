"""Recorded products become canonical products."""

from decimal import Decimal

import orjson
import pytest

from udsync_pipelines.connectors.woocommerce import product as woo
from udsync_pipelines.domain.product import Product
from udsync_pipelines.errors import RecordRejectedError
from udsync_pipelines_tests.connectors.woocommerce.recordings import body, dump, raw

SIMPLE = body("products/single_simple")


def single(case: str) -> Product:
    return woo.canonical(raw(f"products/single_{case}"))


def test_all_recorded_products_are_read() -> None:
    products = [woo.canonical(orjson.dumps(row)) for row in dump("products")]

    assert len(products) == 44
    assert {"draft", "private", "publish"} <= {product.status for product in products}


def test_html_in_names_and_categories_is_made_plain_text() -> None:
    product = single("quotes_ampersand_markup_name")

    assert product.name == '5" Nail & Bolt  of 10\tTabbed'
    assert "Tools & Hardware" in single("simple").categories


def test_no_price_is_none_and_a_price_of_zero_is_zero() -> None:
    assert single("no_price").price is None
    assert single("zero_price").price == Decimal(0)


def test_stock_that_is_not_managed_is_none_and_never_zero() -> None:
    unmanaged = woo.canonical(
        orjson.dumps({**SIMPLE, "manage_stock": False, "stock_quantity": None})
    )

    assert unmanaged.stock_quantity is None
    assert not unmanaged.manages_stock


def test_stock_may_be_negative_or_a_fraction_and_is_exact() -> None:
    product = woo.canonical(
        orjson.dumps({**body("products/single_simple"), "stock_quantity": -0.1})
    )

    assert product.stock_quantity == Decimal("-0.1")


def test_a_variable_product_names_its_variations() -> None:
    product = single("variable")

    assert product.kind == "variable"
    assert len(product.variation_ids) > 1


def test_a_trashed_product_is_read_with_its_status() -> None:
    assert single("trashed").status == "trash"


def test_an_unreadable_price_parks_the_product() -> None:
    with pytest.raises(RecordRejectedError, match="field price is not an amount"):
        woo.canonical(orjson.dumps({**body("products/single_simple"), "price": "about ten"}))
