"""Products become items with names that the books take."""

from decimal import Decimal

import pytest

from udsync_pipelines.domain.product import Product, Variation
from udsync_pipelines.posting.items import (
    ItemKind,
    item_names,
    item_of_line,
    item_of_product,
    item_of_variation,
)
from udsync_pipelines_tests.posting.shop import line


def product(name: str, sku: str = "MUG-1", *, is_virtual: bool = False) -> Product:
    return Product(
        id="10",
        kind="simple",
        status="publish",
        name=name,
        sku=sku,
        description="Holds tea",
        price=Decimal("12.50"),
        regular_price=None,
        sale_price=None,
        tax_status="taxable",
        tax_class="",
        manages_stock=False,
        stock_quantity=None,
        stock_status="instock",
        is_virtual=is_virtual,
        is_downloadable=False,
        categories=(),
        variation_ids=(),
        created_at=None,
        modified_at=None,
    )


def variation(**attributes: str) -> Variation:
    return Variation(
        id="34",
        product_id="10",
        status="publish",
        name="Large, Blue",
        sku="MUG-L",
        description="",
        price=Decimal("15.00"),
        regular_price=None,
        sale_price=None,
        tax_status="taxable",
        tax_class="",
        manages_stock=False,
        stock_quantity=None,
        stock_status="instock",
        attributes=attributes,
        created_at=None,
        modified_at=None,
    )


def test_a_product_keeps_its_name_sku_and_price() -> None:
    item = item_of_product(product("Mug"))

    assert (item.key, item.name, item.sku) == ("product/10", "Mug", "MUG-1")
    assert (item.kind, item.price) == (ItemKind.NON_INVENTORY, Decimal("12.50"))


def test_a_virtual_product_is_a_service() -> None:
    assert item_of_product(product("Lesson", is_virtual=True)).kind is ItemKind.SERVICE


def test_a_colon_in_a_name_would_be_a_path_and_is_replaced() -> None:
    assert item_of_product(product("Mug: blue")).name == "Mug - blue"


def test_a_variation_is_named_by_its_parent_and_options() -> None:
    item = item_of_variation(variation(Size="Large", Colour="Blue"), product("Mug"))

    assert (item.key, item.name) == ("variation/34", "Mug - Large - Blue")
    assert item.description == "Holds tea"


def test_a_variation_without_options_keeps_its_own_name() -> None:
    assert item_of_variation(variation(), product("Mug")).name == "Mug - Large, Blue"


def test_a_long_name_is_cut_and_keeps_its_sku() -> None:
    item = item_of_product(product("Mug " * 40))

    assert len(item.name) <= 100
    assert item.name.endswith("… (MUG-1)")


def test_duplicates_get_the_sku_and_then_the_shops_id() -> None:
    assert list(item_names(item_of_product(product("Mug")))) == ["Mug", "Mug (MUG-1)", "Mug #P10"]


def test_every_name_of_a_long_sku_still_fits() -> None:
    item = item_of_product(product("Mug", sku="S" * 200))

    assert all(0 < len(name) <= 100 for name in item_names(item))


def test_a_product_without_name_is_named_by_sku_or_id() -> None:
    assert item_of_product(product("")).name == "MUG-1"
    assert item_of_product(product("", sku="")).name == "Product 10"


def test_an_orders_line_tells_the_item_of_an_unknown_product() -> None:
    item = item_of_line(line("5.00", sku="MUG-1", variation_id="34"))

    assert (item.key, item.name, item.sku) == ("variation/34", "Mug", "MUG-1")
    assert item_of_line(line("5.00")).key == "product/10"


def test_a_line_without_product_has_no_item() -> None:
    with pytest.raises(ValueError, match="belongs to no product"):
        item_of_line(line("5.00", product_id=None))
