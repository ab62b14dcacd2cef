"""Recorded coupons."""

from datetime import UTC, datetime
from decimal import Decimal

import orjson

from udsync_pipelines.connectors.woocommerce import coupon as woo
from udsync_pipelines_tests.connectors.woocommerce.recordings import dump


def test_recorded_coupons_are_read_with_exact_amounts_and_utc_times() -> None:
    coupons = {
        coupon.code: coupon
        for coupon in (woo.canonical(orjson.dumps(row)) for row in dump("coupons"))
    }

    assert len(coupons) == 6
    assert coupons["expired"].expires_at == datetime(2025, 1, 1, 7, tzinfo=UTC)
    assert coupons["save10"].amount == Decimal("10.00")
    assert coupons["save10"].kind == "percent"
