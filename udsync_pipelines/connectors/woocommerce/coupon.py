"""WooCommerce's coupon: its wire form, what of it matters, and a frozen value."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from udsync_pipelines.connectors.woocommerce.content_hash import EVERYWHERE, HashRules
from udsync_pipelines.connectors.woocommerce.wire import (
    AmountOrZero,
    GmtOrNone,
    PlainText,
    Text,
    WireModel,
    parse,
)
from udsync_pipelines.domain.identity import Entity

HASH_RULES = HashRules(
    volatile={
        **EVERYWHERE,
        "date_expires": "the site's local time of date_expires_gmt",
        "usage_count": "moves with every order, not with the coupon",
        "used_by": "moves with every order, not with the coupon",
    },
    money=frozenset({"amount", "minimum_amount", "maximum_amount"}),
)


@dataclass(frozen=True, slots=True)
class Coupon:
    """A coupon. `amount` is a percentage or an amount of the shop's currency, as `kind` says."""

    id: str
    code: str
    kind: str
    amount: Decimal
    description: str
    status: str
    gives_free_shipping: bool
    expires_at: datetime | None
    created_at: datetime | None
    modified_at: datetime | None


class WooCoupon(WireModel):
    """A coupon of `wc/v3/coupons`."""

    id: int
    code: PlainText
    discount_type: str
    amount: AmountOrZero
    description: Text = ""
    status: Text = ""
    free_shipping: bool = False
    date_expires_gmt: GmtOrNone = None
    date_created_gmt: GmtOrNone = None
    date_modified_gmt: GmtOrNone = None


def canonical(raw: bytes) -> Coupon:
    """The coupon of one archived record.

    Raises:
        RecordRejectedError: a field is missing or unreadable.
    """
    coupon = parse(WooCoupon, Entity.COUPON, raw)
    return Coupon(
        id=str(coupon.id),
        code=coupon.code,
        kind=coupon.discount_type,
        amount=coupon.amount,
        description=coupon.description,
        status=coupon.status,
        gives_free_shipping=coupon.free_shipping,
        expires_at=coupon.date_expires_gmt,
        created_at=coupon.date_created_gmt,
        modified_at=coupon.date_modified_gmt,
    )
