"""Recorded tax rates."""

from decimal import Decimal

import orjson

from udsync_pipelines.connectors.woocommerce import tax_rate as woo
from udsync_pipelines_tests.connectors.woocommerce.recordings import dump

RECORDED = tuple(woo.canonical(orjson.dumps(row)) for row in dump("taxes"))


def test_rates_are_exact_to_the_fourth_decimal() -> None:
    assert len(RECORDED) == 11
    assert Decimal("9.9750") in {rate.percent for rate in RECORDED}


def test_the_standard_class_is_written_as_order_lines_write_it() -> None:
    assert {rate.tax_class for rate in RECORDED} == {"", "reduced-rate", "zero-rate"}


def test_every_rate_on_an_order_line_is_one_of_the_recorded_rates() -> None:
    used = {
        str(tax["id"])
        for row in dump("orders")
        for line in row["line_items"]
        for tax in line["taxes"]
    }

    assert used <= {rate.id for rate in RECORDED}
