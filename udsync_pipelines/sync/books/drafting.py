"""From archived records of the shop to drafts for the books."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import cast

import orjson

from udsync_pipelines.domain.customer import Customer
from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.domain.order import Order
from udsync_pipelines.domain.product import Product, Variation
from udsync_pipelines.domain.refund import Refund
from udsync_pipelines.errors import RecordRejectedError
from udsync_pipelines.mapping.profile import Profile
from udsync_pipelines.posting.company import Company
from udsync_pipelines.posting.compose import compose_order
from udsync_pipelines.posting.customers import CustomerDraft, customer_of, customer_of_order
from udsync_pipelines.posting.documents import Composition, PaymentDraft, SalesDraft, Skipped
from udsync_pipelines.posting.draft_json import AnyDraft
from udsync_pipelines.posting.exchange import NO_RATES, Rates, with_rates
from udsync_pipelines.posting.items import (
    ItemDraft,
    item_of_line,
    item_of_product,
    item_of_variation,
)
from udsync_pipelines.posting.policy import (
    BundleRule,
    CustomerCreation,
    CustomerStrategy,
    PostingPolicy,
)
from udsync_pipelines.posting.refunds import SALE_NOT_POSTED, compose_refund
from udsync_pipelines.posting.selectors import OF_CATALOGUE, patterns, selects_product
from udsync_pipelines.posting.texts import (
    Texts,
    composed_with,
    merged,
    texts_of,
    with_texts,
)
from udsync_pipelines.sync.books.questions import AskedError
from udsync_pipelines.sync.books.writes import Key, Role
from udsync_pipelines.sync.entities import PARENTS
from udsync_pipelines.sync.plan import Parked
from udsync_pipelines.sync.ports import Archive, Source
from udsync_pipelines.sync.records import ArchivedRecord, CanonicalRecord

SOLD_BY_THEMSELVES = frozenset({"simple", "subscription", "booking", "bundle"})
"""Kinds of product that are items. A variable product is sold as its variations."""

PUBLISHED = "publish"

_ROLE_OF: Mapping[type[AnyDraft], Role] = {SalesDraft: Role.SALE, PaymentDraft: Role.PAYMENT}


_LEFT = Skipped(
    "left_to_books", "The books hold it already by another hand, as was decided: it is not posted."
)


@dataclass(frozen=True, slots=True)
class Found:
    """An archived record as it is understood: its texts by the profile, and what it belongs to.

    `archived` of a parent is that of the record that it came with.
    """

    archived: ArchivedRecord
    record: CanonicalRecord
    texts: Texts = field(default_factory=dict)
    parent: "Found | None" = None


@dataclass(frozen=True, slots=True)
class Drafted:
    """What a record is to be in the books: its drafts by role, or why it has none.

    `order` and `texts` are those of the order that it is or belongs to. `creates` is False for
    what is only kept up to date, not created by itself.
    """

    record: ArchivedRecord
    drafts: tuple[tuple[Role, AnyDraft], ...] = ()
    skipped: Skipped | None = None
    composition: Composition | None = None
    order: Order | None = None
    texts: Texts = field(default_factory=dict)
    creates: bool = True


@dataclass(frozen=True)
class Drafter:
    """Drafts the records of one batch. Deterministic: the same archive gives the same drafts."""

    source: Source
    archive: Archive
    policy: PostingPolicy
    company: Company
    profiles: Mapping[Entity, Profile]
    records: Sequence[ArchivedRecord]
    rates: Rates = NO_RATES
    left_to_books: Collection[str] = frozenset()
    _read: dict[tuple[Entity, str], Found] = field(default_factory=dict)
    _products: dict[str, Product] = field(default_factory=dict)

    def draft(self, record: ArchivedRecord) -> Drafted:
        """The drafts of one record.

        Raises:
            RecordRejectedError: it must be parked; the message says why.
        """
        found = self._found(record)
        match found.record:
            case Order() as order:
                return self._order(order, found)
            case Refund() as refund:
                return self._refund(refund, found)
            case Customer() as customer:
                return self._customer(customer, found)
            case Variation() as variation:
                return self._variation(variation, found)
            case product:
                return self._product(product, found)

    def customer(self, key: Key, order: Order, texts: Texts) -> CustomerDraft:
        """The customer of an order: the shop's account as it is archived, else by its address.

        `texts` are those of the order; an account has its own.
        """
        archived = self._read.get((Entity.CUSTOMER, key.source_id.partition("@")[0]))
        if archived is None or not isinstance(archived.record, Customer):
            draft = customer_of_order(order, self.policy, self.company)
            return with_texts(draft, texts)
        return with_texts(
            customer_of(archived.record, order.currency, self.company), archived.texts
        )

    def item(self, key: Key, order: Order) -> ItemDraft:
        """The item of an order's line: the product as it is archived, else by the line itself."""
        archived = self._read.get((key.entity, key.source_id))
        if archived is not None and isinstance(archived.record, Product):
            return with_texts(item_of_product(archived.record), archived.texts)
        if archived is not None and isinstance(archived.record, Variation):
            parent = archived.parent
            if parent is not None and isinstance(parent.record, Product):
                return _item_of_variation(archived, archived.record, parent, parent.record)
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
                # What cannot be read is parked by its own sync; the order says enough of it.
                with suppress(RecordRejectedError):
                    self._read[entity, record.source_id] = self._found(record)

    def _order(self, bare: Order, found: Found) -> Drafted:
        if bare.id in self.left_to_books:
            return Drafted(found.archived, skipped=_LEFT)
        order = self._with_products(bare)
        made = compose_order(order, self.policy, self.company)
        if isinstance(made, Skipped):
            return Drafted(found.archived, skipped=made)
        made = composed_with(self._valued(made, order), found.texts)
        drafts = tuple((_ROLE_OF[type(draft)], draft) for draft in made.documents)
        return Drafted(found.archived, drafts, None, made, order, found.texts)

    def _refund(self, refund: Refund, found: Found) -> Drafted:
        parent = found.parent
        if parent is None or not isinstance(parent.record, Order):
            raise RecordRejectedError(
                f"Its order {refund.order_id} is not in the archive.",
                code="order_unknown",
                record=f"refund/{refund.id}",
                cure="Sync the orders with --full.",
            )
        if parent.record.id in self.left_to_books:
            return Drafted(found.archived, skipped=_LEFT, order=parent.record)
        order = self._with_products(parent.record)
        if self.lost_its_order(found.archived):
            gone = Skipped(SALE_NOT_POSTED, "Its order was deleted in the shop.")
            return Drafted(found.archived, skipped=gone, order=order)
        siblings = self._siblings(found.archived)
        made = compose_refund(refund, order, siblings, self.policy, self.company)
        if isinstance(made, Skipped):
            return Drafted(found.archived, skipped=made, order=order)
        made = composed_with(self._valued(made, order), merged(parent.texts, found.texts))
        return Drafted(found.archived, ((Role.REFUND, made.sale),), None, made, order, parent.texts)

    def _customer(self, customer: Customer, found: Found) -> Drafted:
        if self.policy.customer_strategy is CustomerStrategy.WEB:
            reason = "Sales are booked on one web customer by the posting policy."
            return Drafted(found.archived, skipped=Skipped("web_customer", reason))
        draft = customer_of(customer, self.company.home_currency, self.company)
        always = self.policy.customer_creation is CustomerCreation.ALWAYS
        drafts = ((Role.CUSTOMER, with_texts(draft, found.texts)),)
        return Drafted(found.archived, drafts, creates=always)

    def _product(self, product: Product, found: Found) -> Drafted:
        if product.kind not in SOLD_BY_THEMSELVES:
            reason = f"A {product.kind} product is no item of its own."
            return Drafted(found.archived, skipped=Skipped("no_item", reason))
        if selects_product(self.policy.gift_cards.sold, product):
            reason = "Gift cards go on the item that the posting policy names for them."
            return Drafted(found.archived, skipped=Skipped("gift_card", reason))
        draft = with_texts(item_of_product(product), found.texts)
        is_published = product.status == PUBLISHED
        return Drafted(found.archived, ((Role.ITEM, draft),), creates=is_published)

    def _variation(self, variation: Variation, found: Found) -> Drafted:
        parent = found.parent
        if parent is None or not isinstance(parent.record, Product):
            reason = f"Its product {variation.product_id} is not in the archive."
            return Drafted(found.archived, skipped=Skipped("product_unknown", reason))
        draft = _item_of_variation(found, variation, parent, parent.record)
        is_published = {variation.status, parent.record.status} == {PUBLISHED}
        return Drafted(found.archived, ((Role.ITEM, draft),), creates=is_published)

    def _valued(self, made: Composition, order: Order) -> Composition:
        return with_rates(made, order, self.policy, self.company, self.rates)

    def _with_products(self, order: Order) -> Order:
        """The order with what the catalogue says of its lines, where the policy looks at that."""
        if not self._asks_catalogue:
            return order
        wanted = {line.product_id for line in order.lines if line.product_id}
        unread = wanted - set(self._products)
        for record in self.archive.newest(Entity.PRODUCT, unread) if unread else ():
            with suppress(RecordRejectedError):
                product = self.source.canonical(Entity.PRODUCT, record.raw, None)
                self._products[record.source_id] = cast("Product", product)
        lines = tuple(
            replace(line, product=self._products.get(line.product_id or "")) for line in order.lines
        )
        return replace(order, lines=lines)

    @property
    def _asks_catalogue(self) -> bool:
        policy = self.policy
        selectors = (*policy.gift_cards.sold, *policy.tips.lines)
        of_catalogue = any(patterns(selectors, kind) for kind in OF_CATALOGUE)
        return of_catalogue or policy.bundles is BundleRule.CHILDREN

    @cached_property
    def _refunds(self) -> Mapping[bytes, Sequence[ArchivedRecord]]:
        """All refunds of the orders whose refunds are in this batch, by the order's JSON."""
        orders = {order.id for order in map(self._order_of, self.records) if order is not None}
        found: dict[bytes, list[ArchivedRecord]] = {}
        for record in self.archive.children(Entity.REFUND, orders):
            found.setdefault(record.parent_raw or b"", []).append(record)
        return found

    def lost_its_order(self, record: ArchivedRecord) -> bool:
        """Whether a refund belongs to an order that the shop no longer has."""
        order = self._order_of(record)
        return order is not None and order.id in self._deleted_orders

    @cached_property
    def _deleted_orders(self) -> frozenset[str]:
        """Of the orders whose refunds are in this batch, those that the shop no longer has."""
        orders = {order.id for order in map(self._order_of, self.records) if order is not None}
        newest = self.archive.newest(Entity.ORDER, orders)
        return frozenset(one.source_id for one in newest if one.deleted_at is not None)

    def _siblings(self, archived: ArchivedRecord) -> Sequence[Refund]:
        """All refunds of the same order.

        Raises:
            RecordRejectedError: one of them cannot be read, so what is left of the sale is unknown.
        """
        siblings = map(self._sibling, self._refunds.get(archived.parent_raw or b"", ()))
        return [refund for refund in siblings if isinstance(refund, Refund)]

    def _sibling(self, archived: ArchivedRecord) -> CanonicalRecord:
        try:
            return self.source.canonical(Entity.REFUND, archived.raw, archived.parent_raw)
        except RecordRejectedError as error:
            raise _waits_for_refund(archived, error) from error

    def _order_of(self, record: ArchivedRecord) -> Order | None:
        if record.entity is not Entity.REFUND or record.parent_raw is None:
            return None
        with suppress(RecordRejectedError):
            order = self.source.canonical(Entity.ORDER, record.parent_raw, None)
            return order if isinstance(order, Order) else None
        return None

    def _found(self, archived: ArchivedRecord) -> Found:
        """A record as it is archived, with its texts and the record it belongs to.

        Raises:
            RecordRejectedError: it, or what it belongs to, cannot be understood.
        """
        record = self.source.canonical(archived.entity, archived.raw, archived.parent_raw)
        parent = None
        if archived.parent_raw is not None:
            entity = PARENTS[archived.entity]
            whole = self.source.canonical(entity, archived.parent_raw, None)
            texts = self._texts(entity, whole, archived.parent_raw)
            parent = Found(archived, whole, texts)
        texts = self._texts(archived.entity, record, archived.raw)
        return Found(archived, record, texts, parent)

    def _texts(self, entity: Entity, record: CanonicalRecord, raw: bytes) -> Texts:
        profile = self.profiles.get(entity)
        reads_raw = profile is not None and profile.reads_raw
        return texts_of(profile, record, orjson.loads(raw) if reads_raw else {})


def parked_of(record: ArchivedRecord, error: RecordRejectedError) -> Parked:
    """A record that cannot go on, with the sentence of the error."""
    return Parked(
        source_id=record.source_id,
        content_hash=record.content_hash,
        code=error.code,
        reason=error.message,
        cure=error.cure or "Correct it in the shop or the books; the next sync tries it again.",
        question=error.question if isinstance(error, AskedError) else None,
    )


def _waits_for_refund(record: ArchivedRecord, error: RecordRejectedError) -> RecordRejectedError:
    return RecordRejectedError(
        f"It waits for refund {record.source_id} of the same order, which is parked: "
        f"{error.message}",
        code="waits_for_refund",
        cure="Settle that refund first; this follows by itself.",
    )


def _item_of_variation(
    found: Found, variation: Variation, parent: Found, product: Product
) -> ItemDraft:
    draft = item_of_variation(variation, product)
    return with_texts(draft, merged(parent.texts, found.texts))
