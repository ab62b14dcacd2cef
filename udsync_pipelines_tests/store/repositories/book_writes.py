"""Writes for the books of a tenant, as a plan would make them."""

from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import uuid4

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.posting.compose import compose_order
from udsync_pipelines.posting.customers import customer_of_order
from udsync_pipelines.posting.documents import Composition
from udsync_pipelines.posting.draft_json import AnyDraft
from udsync_pipelines.posting.items import item_of_line
from udsync_pipelines.store.repositories.write_ledger import PostgresWriteLedger
from udsync_pipelines.sync.books.ports import Posted
from udsync_pipelines.sync.books.writes import Key, Role, Write, WriteAction
from udsync_pipelines.sync.plan import Intent, IntentState, Plan, PlannedRecord
from udsync_pipelines_tests.posting.books import CANADA, POLICY
from udsync_pipelines_tests.posting.shop import line, money, order
from udsync_pipelines_tests.store.repositories.syncing import Tenant
from udsync_pipelines_tests.sync.books.shop import gross

SALE = Key(Entity.ORDER, "77", Role.SALE)
PAYMENT = Key(Entity.ORDER, "77", Role.PAYMENT)
CUSTOMER = Key(Entity.CUSTOMER, "12", Role.CUSTOMER)
ITEM = Key(Entity.PRODUCT, "10", Role.ITEM)
POSTED = Posted(
    "invoice/5",
    "v1",
    money("21.00").amount,
    money("1.00").amount,
    "CAD",
    "WC-77",
    receipt={"id": "5", "intuit_tid": "1-65"},
)


def write_ledger(tenant: Tenant) -> PostgresWriteLedger:
    """The writes of a tenant's store and company."""
    return PostgresWriteLedger(tenant.database, tenant.id, tenant.store, tenant.target)


def drafts(net: str = "20.00") -> dict[Key, AnyDraft]:
    """What one order needs: its customer, its item, its invoice and the payment."""
    sold = order(line(net, {"1": str(gross(net) - Decimal(net))}), payment_method="cheque")
    made = compose_order(sold, POLICY, CANADA)
    assert isinstance(made, Composition)
    sale, payment = made.documents
    customer = customer_of_order(sold, POLICY, CANADA)
    return {CUSTOMER: customer, ITEM: item_of_line(sold.lines[0]), SALE: sale, PAYMENT: payment}


def writes_of(batch: Intent, first: int = 1, net: str = "20.00") -> list[Write]:
    """The writes of one order, each depending on those before it."""
    made: list[Write] = []
    for place, (key, draft) in enumerate(drafts(net).items()):
        made.append(
            Write(
                id=uuid4(),
                plan_id=batch.plan_id,
                batch_id=batch.id,
                position=first + place,
                key=key,
                action=WriteAction.CREATE,
                state=IntentState.PLANNED,
                draft=draft,
                source_hash=b"content",
                depends_on=tuple(one.id for one in made),
            )
        )
    return made


def sent(tenant: Tenant, write: Write, request_id: str = "u-1") -> Write:
    """The write once it was sent."""
    write = replace(write, request_id=request_id)
    write_ledger(tenant).send(write)
    return write


def settled(tenant: Tenant, write: Write, posted: Posted = POSTED, **changes: Any) -> None:
    """Let a write be settled with this answer."""
    write_ledger(tenant).settle(write, replace(posted, **changes), None)


SOLD = PlannedRecord("77", b"content")


def stored(tenant: Tenant, plan: Plan | None = None, **batch: object) -> tuple[Intent, list[Write]]:
    """A planned batch of one order with its four writes."""
    made = tenant.batch(plan or tenant.plan(), SOLD, **batch)
    writes = writes_of(made, first=made.position + 1)
    write_ledger(tenant).plan_batch(made, writes, park=True)
    return made, writes


def held(tenant: Tenant, write: Write) -> Write:
    """The write as it is stored now."""
    return write_ledger(tenant).states([write.id])[write.id]


def states(tenant: Tenant, batch: Intent) -> list[IntentState]:
    """Where the writes of a batch stand."""
    return [write.state for write in write_ledger(tenant).writes(batch.id)]
