"""A generated store as a whole: index rows for the database, bodies on request."""

from collections.abc import Iterator, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from udsync_pipelines.emulators.woocommerce.amounts import CENT, parse, show
from udsync_pipelines.emulators.woocommerce.clock import gmt_text, local_text, wall_seconds
from udsync_pipelines.emulators.woocommerce.coupons import Coupon
from udsync_pipelines.emulators.woocommerce.generated.catalogue import made_product, sellables
from udsync_pipelines.emulators.woocommerce.generated.orders import Composed, Orders
from udsync_pipelines.emulators.woocommerce.generated.people import customer_document, email_of
from udsync_pipelines.emulators.woocommerce.generated.refunds import refunds_of
from udsync_pipelines.emulators.woocommerce.generated.schedule import (
    FIRST_CUSTOMER,
    FIRST_ORDER,
    STEP,
    Head,
    Schedule,
    refund_place,
)
from udsync_pipelines.emulators.woocommerce.indexing import row_of
from udsync_pipelines.emulators.woocommerce.options import StoreOptions
from udsync_pipelines.emulators.woocommerce.records import Row
from udsync_pipelines.emulators.woocommerce.refund_documents import refund_summary
from udsync_pipelines.emulators.woocommerce.taxation import TaxTable

Json = dict[str, Any]


class GeneratedStore:
    """Orders, refunds, customers and products beyond the recorded ones."""

    def __init__(
        self, options: StoreOptions, recorded: dict[str, Sequence[Json]], until: int
    ) -> None:
        self._options = options
        self._zone = ZoneInfo(options.zone)
        self._until = until
        self._template = recorded["product"][0]
        customers = options.customers if options.orders else 0
        self._products = options.products if options.orders else 0
        self._customers = customers
        self.schedule = Schedule(
            orders=options.orders,
            seed=options.seed,
            until=until,
            customers=customers,
            one_second=options.one_second,
        )
        self.orders = Orders(
            seed=options.seed,
            taxes=TaxTable(recorded["tax"]),
            goods=sellables(
                recorded["product"], recorded["variation"], options.seed, self._products
            ),
            coupons=[_coupon(row) for row in recorded["coupon"] if row["code"] != "expired"],
            zone=self._zone,
            site=options.site_url,
        )

    def rows(self) -> Iterator[Row]:
        """Yield the index rows of everything generated."""
        for number in range(self._products):
            yield row_of("product", self._product(number), self._zone)
        for number in range(self._customers):
            yield self._customer_row(FIRST_CUSTOMER + number)
        for head in self.schedule.heads():
            yield self._order_row(head)
            for place, created in enumerate(head.refund_times):
                yield self._refund_row(head, place, created)

    def body(self, kind: str, record_id: int) -> bytes | None:
        """Return the JSON of a generated record, or None for a kind that is never generated."""
        if kind == "order":
            return orjson.dumps(self.order((record_id - FIRST_ORDER) // STEP))
        if kind == "refund":
            index, place = refund_place(record_id)
            return orjson.dumps(self._refunds(self.schedule.head(index))[place])
        if kind == "customer":
            return orjson.dumps(self._customer(record_id))
        if kind == "product":
            from_first = record_id - self._product(0)["id"]
            return orjson.dumps(self._product(from_first))
        return None

    def composed(self, index: int) -> Composed:
        """Return an order's parts and totals without its JSON."""
        return self.orders.compose(self.schedule.head(index))

    def figures(self, order_id: int) -> Json:
        """Return what sums need of an order nobody has changed, quicker than all its JSON."""
        index = (order_id - FIRST_ORDER) // STEP
        composed = self.composed(index)
        return {
            "currency": composed.currency,
            "total": show(composed.totals.total),
            "total_tax": show(composed.totals.total_tax),
            "shipping_total": show(composed.totals.shipping_total),
            "discount_total": show(composed.totals.discount_total),
            "refunds": self.order(index)["refunds"] if composed.head.refunds else [],
        }

    def order(self, index: int) -> Json:
        """Return generated order ``index`` (from 0)."""
        head = self.schedule.head(index)
        order = self.orders.document(self.orders.compose(head), [])
        if head.refunds:
            made = refunds_of(head, order, self._zone, self._options.site_url)
            order["refunds"] = [refund_summary(refund) for refund in reversed(made)]
        return order

    def _refunds(self, head: Head) -> list[Json]:
        order = self.orders.document(self.orders.compose(head), [])
        return refunds_of(head, order, self._zone, self._options.site_url)

    def _product(self, number: int) -> Json:
        return made_product(self._template, self._options.seed, number)

    def _customer_times(self, customer_id: int) -> tuple[int, int]:
        created = self._until - 86_400 * (1 + (customer_id * 7919) % 700)
        return created, created + (customer_id * 104_729) % 86_400

    def _customer(self, customer_id: int) -> Json:
        created, modified = self._customer_times(customer_id)
        dates = {
            "date_created": local_text(created, self._zone),
            "date_created_gmt": gmt_text(created),
            "date_modified": local_text(modified, self._zone),
            "date_modified_gmt": gmt_text(modified),
        }
        billing = self.orders.people.billing_of(customer_id)
        site = self._options.site_url
        return customer_document(customer_id, billing, (dates, customer_id % 3 > 0), site)

    def _customer_row(self, customer_id: int) -> Row:
        created, modified = self._customer_times(customer_id)
        email = email_of(customer_id)
        name = email.partition("@")[0]
        return Row(
            kind="customer",
            id=customer_id,
            status="customer",
            created=created,
            modified=modified,
            name=name,
            email=email,
        )

    def _order_row(self, head: Head) -> Row:
        return Row(
            kind="order",
            id=head.order_id,
            status=head.status,
            created=head.created,
            modified=head.modified,
            created_wall=wall_seconds(head.created, self._zone),
            modified_wall=wall_seconds(head.modified, self._zone),
            customer=head.customer,
            email=email_of(head.customer) if head.customer else "",
        )

    def _refund_row(self, head: Head, place: int, created: int) -> Row:
        wall = wall_seconds(created, self._zone)
        return Row(
            kind="refund",
            id=head.order_id + 1 + place,
            parent=head.order_id,
            created=created,
            modified=created,
            created_wall=wall,
            modified_wall=wall,
        )


def _coupon(row: Json) -> Coupon:
    return Coupon(row["id"], row["code"], row["discount_type"], parse(row["amount"]) // CENT)
