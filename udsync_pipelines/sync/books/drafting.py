"""From archived records of the shop to drafts for the books."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

from udsync_pipelines.domain.customer import Customer
from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.domain.order import Order
from udsync_pipelines.domain.product import Product, Variation
from udsync_pipelines.domain.refund import Refund
from udsync_pipelines.errors import RecordRejectedError
from udsync_pipelines.posting.company import Company
from udsync_pipelines.posting.compose import compose_order
from udsync_pipelines.posting.customers import CustomerDraft, customer_of, customer_of_order
from udsync_pipelines.posting.documents import Composition, Skipped
from udsync_pipelines.posting.draft_json import AnyDraft
from udsync_pipelines.posting.items import (
    ItemDraft,
    item_of_line,
    item_of_product,
    item_of_variation,
)
from udsync_pipelines.posting.policy import CustomerCreation, CustomerStrategy, PostingPolicy
from udsync_pipelines.posting.refunds import compose_refund
from udsync_pipelines.sync.books.writes import Key, Role
from udsync_pipelines.sync.plan import Parked
from udsync_pipelines.sync.ports import Archive, Source
from udsync_pipelines.sync.records import ArchivedRecord, CanonicalRecord

SOLD_BY_THEMSELVES = frozenset({"simple", "subscription", "booking", "bundle"})
"""Kinds of product that are items. A variable product is sold as its variations."""

PUBLISHED = frozenset({"publish"})

RecordT = TypeVar("RecordT", bound=CanonicalRecord)


@dataclass(frozen=True, slots=True)
class Drafted:
    """What a record is to be in the books: its drafts by role, or why it has none.

    `creates` is False for a customer that is only kept up to date, not created by itself.
    """

    record: ArchivedRecord
    drafts: tuple[tuple[Role, AnyDraft], ...] = ()
    skipped: Skipped | None = None
    composition: Composition | None = None
    order: Order | None = None
    creates: bool = True


@dataclass(frozen=True)
class Drafter:
    """Drafts the records of one batch. Deterministic: the same archive gives the same drafts."""

    source: Source
    archive: Archive
    policy: PostingPolicy
    company: Company
    records: Sequence[ArchivedRecord]
    _read: dict[tuple[Entity, str], CanonicalRecord] = field(default_factory=dict)

    def draft(self, record: ArchivedRecord) -> Drafted:
        """The drafts of one record.

        Raises:
            RecordRejectedError: it must be parked; the message says why.
        """
        match record.entity:
            case Entity.ORDER:
                return self._order(record)
            case Entity.REFUND:
                return self._refund(record)
            case Entity.CUSTOMER:
                return self._customer(record)
            case Entity.VARIATION:
                return self._variation(record)
            case _:
                return self._product(record)

    def customer(self, key: Key, order: Order) -> CustomerDraft:
        """The customer of an order: the shop's account as it is archived, else by its address."""
        archived = self._archived(Entity.CUSTOMER, key.source_id.partition("@")[0], Customer)
        if archived is None:
            return customer_of_order(order, self.policy, self.company)
        return customer_of(archived, order.currency, self.company)

    def item(self, key: Key, order: Order) -> ItemDraft:
        """The item of an order's line: the product as it is archived, else by the line itself."""
        if key.entity is Entity.PRODUCT:
            product = self._archived(Entity.PRODUCT, key.source_id, Product)
            if product is not None:
                return item_of_product(product)
        else:
            variation = self._archived(Entity.VARIATION, key.source_id, Variation)
            parent = variation and self._archived(Entity.PRODUCT, variation.product_id, Product)
            if variation is not None and parent:
                return item_of_variation(variation, parent)
        for line in order.lines:
            of_variation = key.entity is Entity.VARIATION and line.variation_id == key.source_id
            if of_variation or (not line.variation_id and line.product_id == key.source_id):
                return item_of_line(line)
        raise RecordRejectedError(
            f"Neither the shop nor order {order.number} says what {key.entity} {key.source_id} is.",
            code="item_unknown",
            record=f"order/{order.id}",
            cure="Sync the products with --full, then sync the orders again.",
        )

    def learn(self, keys: Iterable[Key]) -> None:
        """Read from the archive, at once, what the drafts of these customers and items need."""
        wanted: dict[Entity, set[str]] = {}
        for key in keys:
            if ":" not in key.source_id:  # a guest is nowhere but in orders
                wanted.setdefault(key.entity, set()).add(key.source_id.partition("@")[0])
        for entity, ids in wanted.items():
            for record in self.archive.newest(entity, ids):
                self._remember(record)

    def _remember(self, record: ArchivedRecord) -> None:
        try:
            found = self.source.canonical(record.entity, record.raw, record.parent_raw)
            self._read[record.entity, record.source_id] = found
            if isinstance(found, Variation) and record.parent_raw is not None:
                parent = self.source.canonical(Entity.PRODUCT, record.parent_raw, None)
                self._read[Entity.PRODUCT, found.product_id] = parent
        except RecordRejectedError:
            return  # the order itself says enough of it

    def _archived(self, entity: Entity, source_id: str, kind: type[RecordT]) -> RecordT | None:
        found = self._read.get((entity, source_id))
        return found if isinstance(found, kind) else None

    def _order(self, record: ArchivedRecord) -> Drafted:
        order = self._canonical(record, Order)
        made = compose_order(order, self.policy, self.company)
        if isinstance(made, Skipped):
            return Drafted(record, skipped=made)
        roles = (Role.SALE, Role.PAYMENT)
        return Drafted(record, tuple(zip(roles, made.documents)), None, made, order)  # noqa: B905 - a sale that is paid at once has one

    def _refund(self, record: ArchivedRecord) -> Drafted:
        refund = self._canonical(record, Refund)
        if record.parent_raw is None:
            raise RecordRejectedError(
                f"Its order {refund.order_id} is not in the archive.",
                code="order_unknown",
                record=f"refund/{refund.id}",
                cure="Sync the orders with --full.",
            )
        order = _as(Order, self.source.canonical(Entity.ORDER, record.parent_raw, None))
        siblings = self._refunds.get(refund.order_id, ())
        made = compose_refund(refund, order, siblings, self.policy, self.company)
        if isinstance(made, Skipped):
            return Drafted(record, skipped=made)
        return Drafted(record, ((Role.REFUND, made.sale),), None, made, order)

    def _customer(self, record: ArchivedRecord) -> Drafted:
        if self.policy.customer_strategy is CustomerStrategy.WEB:
            reason = "Sales are booked on one web customer by the posting policy."
            return Drafted(record, skipped=Skipped("web_customer", reason))
        customer = self._canonical(record, Customer)
        draft = customer_of(customer, self.company.home_currency, self.company)
        always = self.policy.customer_creation is CustomerCreation.ALWAYS
        return Drafted(record, ((Role.CUSTOMER, draft),), creates=always)

    def _product(self, record: ArchivedRecord) -> Drafted:
        product = self._canonical(record, Product)
        if product.kind not in SOLD_BY_THEMSELVES:
            reason = f"A {product.kind} product is no item of its own."
            return Drafted(record, skipped=Skipped("no_item", reason))
        is_published = product.status in PUBLISHED
        return Drafted(record, ((Role.ITEM, item_of_product(product)),), creates=is_published)

    def _variation(self, record: ArchivedRecord) -> Drafted:
        variation = self._canonical(record, Variation)
        if record.parent_raw is None:
            reason = f"Its product {variation.product_id} is not in the archive."
            return Drafted(record, skipped=Skipped("product_unknown", reason))
        parent = _as(Product, self.source.canonical(Entity.PRODUCT, record.parent_raw, None))
        is_published = {variation.status, parent.status} <= PUBLISHED
        draft = item_of_variation(variation, parent)
        return Drafted(record, ((Role.ITEM, draft),), creates=is_published)

    @cached_property
    def _refunds(self) -> Mapping[str, Sequence[Refund]]:
        """All refunds of the orders whose refunds are in this batch."""
        orders = {
            _as(Refund, self._canonical(record, Refund)).order_id
            for record in self.records
            if record.entity is Entity.REFUND
        }
        found: dict[str, list[Refund]] = {}
        for record in self.archive.children(Entity.REFUND, orders):
            refund = self._canonical(record, Refund)
            found.setdefault(refund.order_id, []).append(refund)
        return found

    def _canonical(self, record: ArchivedRecord, kind: type[RecordT]) -> RecordT:
        return _as(kind, self.source.canonical(record.entity, record.raw, record.parent_raw))


def parked_of(record: ArchivedRecord, error: RecordRejectedError) -> Parked:
    """A record that cannot go on, with the sentence of the error."""
    return Parked(
        source_id=record.source_id,
        content_hash=record.content_hash,
        code=error.code,
        reason=error.message,
        cure=error.cure or "Correct it in the shop or the books; the next sync tries it again.",
    )


def _as(kind: type[RecordT], record: CanonicalRecord) -> RecordT:
    if not isinstance(record, kind):
        raise TypeError(f"the source gave a {type(record).__name__}, not a {kind.__name__}")
    return record
