"""An order that is posted, what is live of it in the books, and what a person decides."""

from decimal import Decimal

import pytest

from udsync_pipelines.posting.documents import PaymentDraft, SalesDraft
from udsync_pipelines.sync.plan import Approval, SyncOptions
from udsync_pipelines_tests.sync.books.company import Held
from udsync_pipelines_tests.sync.books.world import BooksWorld

AGREED = SyncOptions(approve=Approval.everything)


@pytest.fixture
def posted(world: BooksWorld) -> BooksWorld:
    """One order, posted as a sales receipt."""
    world.shop.sell(1, "20.00")
    world.sync()
    world.books.calls.clear()
    return world


@pytest.fixture
def on_account(world: BooksWorld) -> BooksWorld:
    """One order, posted as an invoice that is paid."""
    world.shop.sell(1, "20.00", method="cheque")
    world.sync()
    world.books.calls.clear()
    return world


def live(world: BooksWorld) -> dict[str, Decimal]:
    """Kind → total of the documents that were neither voided nor deleted; one of a kind."""
    found = [
        one
        for one in world.books.held.values()
        if not one.is_voided and one.target_id.partition("/")[0] not in ("customer", "item")
    ]
    kinds = [one.target_id.partition("/")[0] for one in found]
    assert len(set(kinds)) == len(kinds)
    return {kind: one.total or Decimal(0) for kind, one in zip(kinds, found, strict=True)}


def decided(world: BooksWorld, choice: str, record: str = "order/1") -> None:
    """Take a choice, and sync."""
    world.ledger.decide(record, choice)
    world.sync()


def number_of(held: Held) -> str:
    draft = held.draft
    assert isinstance(draft, SalesDraft | PaymentDraft)
    return (draft.reference if isinstance(draft, PaymentDraft) else draft.number) or ""


def cancel(world: BooksWorld, method: str = "stripe") -> None:
    world.shop.sell(1, "20.00", method=method, status="cancelled")
    world.sync()
