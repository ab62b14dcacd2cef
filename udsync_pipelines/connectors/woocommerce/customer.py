"""WooCommerce's customer: its wire form, what of it matters, and the canonical customer."""

from udsync_pipelines.connectors.woocommerce.content_hash import EVERYWHERE, HashRules
from udsync_pipelines.connectors.woocommerce.wire import (
    GmtOrNone,
    Meta,
    Text,
    WireModel,
    WooAddress,
    parse,
)
from udsync_pipelines.domain.customer import Customer
from udsync_pipelines.domain.identity import Entity

HASH_RULES = HashRules(
    volatile={
        **EVERYWHERE,
        "avatar_url": "made from the e-mail address and the site's settings",
    },
)


class WooCustomer(WireModel):
    """A registered customer of `wc/v3/customers`. Names may be empty, dates may be null."""

    id: int
    email: Text = ""
    first_name: Text = ""
    last_name: Text = ""
    username: Text = ""
    role: Text = ""
    billing: WooAddress = WooAddress()
    shipping: WooAddress = WooAddress()
    is_paying_customer: bool = False
    date_created_gmt: GmtOrNone = None
    date_modified_gmt: GmtOrNone = None
    meta_data: Meta


def canonical(raw: bytes) -> Customer:
    """The canonical customer of one archived customer. Names are as typed, not HTML.

    Raises:
        RecordRejectedError: a field is missing or unreadable.
    """
    customer = parse(WooCustomer, Entity.CUSTOMER, raw)
    return Customer(
        id=str(customer.id),
        email=customer.email,
        first_name=customer.first_name,
        last_name=customer.last_name,
        username=customer.username,
        role=customer.role,
        billing=customer.billing.canonical(),
        shipping=customer.shipping.canonical(),
        is_paying_customer=customer.is_paying_customer,
        created_at=customer.date_created_gmt,
        modified_at=customer.date_modified_gmt,
        meta=customer.meta_data,
    )
