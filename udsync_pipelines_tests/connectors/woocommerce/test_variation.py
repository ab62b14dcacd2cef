"""Recorded variations become canonical variations."""

import orjson
import pytest

from udsync_pipelines.connectors.woocommerce import variation as woo
from udsync_pipelines.errors import RecordRejectedError
from udsync_pipelines_tests.connectors.woocommerce.recordings import body, dump, raw


def test_all_recorded_variations_are_read_with_their_product() -> None:
    for row in dump("variations"):
        assert woo.canonical(orjson.dumps(row), None).product_id == str(row["_parent_id"])


def test_a_variation_is_named_by_its_attributes() -> None:
    (sent,) = (row for row in dump("variations") if row["id"] == 62)

    variation = woo.canonical(orjson.dumps(sent), None)

    assert variation.attributes == {"Colour": "Green", "Size": "L"}
    assert variation.name == "Green, L"


def test_a_variation_without_a_sku_shows_that_of_its_parent() -> None:
    variation = woo.canonical(raw("products/variation_without_own_sku"), None)
    (parent,) = (row for row in dump("products") if str(row["id"]) == variation.product_id)

    assert variation.sku == parent["sku"]


def test_stock_that_the_parent_manages_is_not_managed_here() -> None:
    sent = {**body("products/variation_single"), "manage_stock": "parent"}

    assert not woo.canonical(orjson.dumps(sent), None).manages_stock


def test_the_archived_parent_names_the_product_where_the_row_does_not() -> None:
    sent = {
        name: value
        for name, value in body("products/variation_single").items()
        if name != "parent_id"
    }

    variation = woo.canonical(orjson.dumps(sent), b'{"id": 53}')

    assert variation.product_id == "53"
    with pytest.raises(RecordRejectedError, match="which product"):
        woo.canonical(orjson.dumps(sent), None)
