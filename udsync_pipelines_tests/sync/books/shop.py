"""A shop whose records can be posted: orders of one line with tax, refunds, people, products."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import orjson

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.domain.order import Order
from udsync_pipelines.domain.party import Address
from udsync_pipelines.domain.product import Variation
from udsync_pipelines.errors import RecordRejectedError
from udsync_pipelines.posting.tax.arithmetic import to_cents
from udsync_pipelines.sync.records import CanonicalRecord
from udsync_pipelines_tests.domain.records import mug_product, registered_customer
from udsync_pipelines_tests.posting.shop import line, money, order, refund
from udsync_pipelines_tests.sync.shop import OPENED_AT, Shop

GST = Decimal("0.05")


def gross(net: str) -> Decimal:
    """What an order of this net amount comes to."""
    return Decimal(net) + to_cents(Decimal(net) * GST)


class BooksShop(Shop):
    """Orders are sold under 5 % GST; a refund gives back its amount, without lines.

    `sell` makes an order: of customer 12 and product 10, paid by card, unless it says otherwise.
    """

    def sell(self, source_id: int, net: str = "20.00", **content: Any) -> None:
        """Make or change an order."""
        self.save(Entity.ORDER, source_id, net=net, **content)

    def person(self, source_id: int, name: str, email: str = "", **content: Any) -> None:
        """Make or change a registered customer."""
        self.save(Entity.CUSTOMER, source_id, name=name, email=email, **content)

    def product(self, source_id: int, name: str, sku: str = "", **content: Any) -> None:
        """Make or change a product."""
        self.save(Entity.PRODUCT, source_id, name=name, sku=sku, **content)

    def variation(self, source_id: int, parent: int, sku: str = "", **content: Any) -> None:
        """Make or change a variation."""
        self.save(Entity.VARIATION, source_id, parent_id=parent, sku=sku, **content)

    def canonical(self, entity: Entity, raw: bytes, parent_raw: bytes | None) -> CanonicalRecord:
        content = orjson.loads(raw)
        if content.get("is_broken"):
            raise RecordRejectedError("net is not an amount.", code="bad_value")
        match entity:
            case Entity.ORDER:
                return _order(content)
            case Entity.REFUND:
                given = refund(content["amount"], id=str(content["id"]))
                return replace(given, order_id=str(content["parent_id"]))
            case Entity.CUSTOMER:
                return registered_customer(
                    id=str(content["id"]),
                    email=content["email"],
                    billing=_address(content["name"], content["email"]),
                )
            case Entity.PRODUCT:
                return mug_product(
                    id=str(content["id"]),
                    name=content["name"],
                    sku=content["sku"],
                    kind=content.get("kind", "simple"),
                    status=content.get("status", "publish"),
                )
            case _:
                return _variation(content)


def _order(content: dict[str, Any]) -> Order:
    net, currency = content["net"], content.get("currency", "CAD")
    tax = str(to_cents(Decimal(net) * GST))
    sold = line(
        net,
        {"1": tax},
        currency=currency,
        product_id=content.get("product", "10"),
        variation_id=content.get("variation"),
        name=content.get("title", "Mug"),
        sku=content.get("sku", ""),
    )
    lines = [
        sold,
        *(line("5.00", {"1": "0.25"}, product_id=each) for each in content.get("more", ())),
    ]
    made = order(
        *lines,
        id=str(content["id"]),
        number=str(content["id"]),
        status=content.get("status", "completed"),
        currency=currency,
        customer_id=content.get("customer", "12"),
        billing=_address(content.get("name", "Ada Byron"), content.get("email", "ada@example.com")),
        payment_method=content.get("method", "stripe"),
        customer_note=content.get("note", ""),
    )
    return replace(made, total=made.total + money(content.get("short", "0"), currency))


def _address(name: str, email: str) -> Address:
    first, _, last = name.partition(" ")
    return Address(first_name=first, last_name=last, email=email)


def _variation(content: dict[str, Any]) -> Variation:
    return Variation(
        id=str(content["id"]),
        product_id=str(content["parent_id"]),
        status=content.get("status", "publish"),
        name="",
        sku=content["sku"],
        description="",
        price=Decimal("10.00"),
        regular_price=None,
        sale_price=None,
        tax_status="taxable",
        tax_class="",
        manages_stock=False,
        stock_quantity=None,
        stock_status="instock",
        attributes={"Size": content.get("size", "L")},
        created_at=OPENED_AT,
        modified_at=None,
    )
