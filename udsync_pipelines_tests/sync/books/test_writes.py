"""Keys, request ids and digests: the same on every attempt, different for any other write."""

from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.posting.compose import compose_order
from udsync_pipelines.posting.customers import CustomerDraft
from udsync_pipelines.posting.documents import Composition, ItemRef, ItemSource
from udsync_pipelines.posting.draft_json import AnyDraft
from udsync_pipelines.posting.items import ItemDraft, ItemKind
from udsync_pipelines.sync.books.writes import (
    Key,
    Role,
    Write,
    WriteAction,
    by_record,
    customer_key,
    customer_symbol,
    item_key,
    needed_keys,
    request_id,
)
from udsync_pipelines.sync.plan import IntentState
from udsync_pipelines_tests.posting.books import CANADA, POLICY
from udsync_pipelines_tests.posting.shop import line, order

MUG = ItemDraft("product/10", "Mug", "", "", ItemKind.NON_INVENTORY)
ADA = CustomerDraft("customer/12", "Ada Byron")


def composed(**changes: Any) -> Composition:
    made = compose_order(order(line("20.00", {"1": "1.00"}), **changes), POLICY, CANADA)
    assert isinstance(made, Composition)
    return made


def write(draft: AnyDraft | None = None, **differences: Any) -> Write:
    """The creation of a sale, with differences."""
    made = Write(
        id=UUID(int=1),
        plan_id=UUID(int=2),
        batch_id=UUID(int=3),
        position=0,
        key=Key(Entity.ORDER, "77", Role.SALE),
        action=WriteAction.CREATE,
        state=IntentState.APPROVED,
        draft=draft or composed().documents[0],
        source_hash=b"1",
    )
    return replace(made, **differences)


def test_the_writes_of_each_record_come_together_in_the_order_of_their_stages() -> None:
    sale, payment = composed(payment_method="cheque").documents
    first, other = (Key(Entity.ORDER, number, Role.SALE) for number in ("77", "78"))
    paid = write(payment, key=replace(first, role=Role.PAYMENT))
    taken_back = write(payment, key=replace(other, role=Role.PAYMENT), action=WriteAction.DELETE)
    sold, resold = write(sale, key=first), write(sale, key=other)

    assert by_record([paid, resold, sold, taken_back]) == [[sold, paid], [taken_back, resold]]


def test_a_request_id_is_the_same_on_every_attempt_of_any_plan() -> None:
    again = write(
        id=uuid4(),
        plan_id=uuid4(),
        batch_id=uuid4(),
        position=9,
        state=IntentState.UNKNOWN,
        request_id="u-earlier",
        source_hash=b"2",
        depends_on=(uuid4(),),
        reason="It failed.",
    )

    assert request_id("4620", write()) == request_id("4620", again)
    assert request_id("4620", write()).startswith("u-")
    assert len(request_id("4620", write())) == 34


@pytest.mark.parametrize(
    "other",
    [
        write(key=Key(Entity.ORDER, "78", Role.SALE)),
        write(key=Key(Entity.ORDER, "77", Role.PAYMENT)),
        write(key=Key(Entity.REFUND, "77", Role.SALE)),
        write(composed(customer_id="13").documents[0]),
        write(action=WriteAction.UPDATE),
        write(base_version="v1"),
        write(target_id="sales_receipt/9"),
        write(name="Ada"),
    ],
)
def test_another_write_has_another_request_id_and_digest(other: Write) -> None:
    assert request_id("4620", other) != request_id("4620", write())
    assert other.digest() != write().digest()


def test_the_same_write_to_another_company_has_another_request_id() -> None:
    assert request_id("4620", write()) != request_id("4621", write())


def test_updates_from_different_versions_are_different_requests() -> None:
    first, second = (
        write(action=WriteAction.UPDATE, target_id="sales_receipt/9", base_version=version)
        for version in ("v1", "v2")
    )

    assert request_id("4620", first) != request_id("4620", second)


def test_a_digest_is_about_what_is_written_not_about_when() -> None:
    assert len(write().digest()) == 16
    assert write().digest() == write(position=7, state=IntentState.SENT, id=uuid4()).digest()


@pytest.mark.parametrize(
    ("draft", "role", "kind"),
    [
        (composed().documents[0], Role.SALE, "sales_receipt"),
        (composed(payment_method="cheque").documents[0], Role.SALE, "invoice"),
        (composed(payment_method="cheque").documents[1], Role.PAYMENT, "payment"),
        (ADA, Role.CUSTOMER, "customer"),
        (MUG, Role.ITEM, "item"),
    ],
)
def test_the_kind_of_a_write_is_what_it_becomes(draft: AnyDraft, role: Role, kind: str) -> None:
    assert write(draft, key=Key(Entity.ORDER, "77", role)).kind == kind


@pytest.mark.parametrize(
    ("symbol", "source_id"),
    [
        ("customer/12", "12"),
        ("customer/12@USD", "12@USD"),
        ("guest:0f", "guest:0f"),
        ("order:77", "order:77"),
        ("web:CAD", "web:CAD"),
    ],
)
def test_a_customers_symbol_and_key_lead_to_each_other(symbol: str, source_id: str) -> None:
    key = customer_key(symbol)

    assert key == Key(Entity.CUSTOMER, source_id, Role.CUSTOMER)
    assert customer_symbol(key) == symbol
    assert str(key) == f"customer/{source_id} customer"


def test_items_of_the_shop_have_keys_and_those_of_the_books_none() -> None:
    refs = [ItemRef(source, "5") for source in ItemSource]

    keys = {ref.source: item_key(ref) for ref in refs}

    assert keys == {
        ItemSource.PRODUCT: Key(Entity.PRODUCT, "5", Role.ITEM),
        ItemSource.VARIATION: Key(Entity.VARIATION, "5", Role.ITEM),
        ItemSource.BOOKS: None,
    }


def test_documents_need_their_customer_and_each_item_once() -> None:
    sold = [line("5.00", product_id="10"), line("6.00", product_id="10"), line("7.00")]
    made = compose_order(
        order(*sold, line("1.00", product_id=None), payment_method="cheque"), POLICY, CANADA
    )
    assert isinstance(made, Composition)
    sale, payment = made.documents

    customer = Key(Entity.CUSTOMER, "12", Role.CUSTOMER)
    assert needed_keys(sale) == (customer, Key(Entity.PRODUCT, "10", Role.ITEM))
    assert needed_keys(payment) == (customer,)
    assert needed_keys(ADA) == needed_keys(MUG) == ()
