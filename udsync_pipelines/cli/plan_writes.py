"""The writes of a plan in the books, as `udsync plan show` tells them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from udsync_pipelines.orchestration.posted import LEDGERS
from udsync_pipelines.posting.customers import CustomerDraft
from udsync_pipelines.posting.documents import PaymentDraft, SalesDraft
from udsync_pipelines.posting.items import ItemDraft
from udsync_pipelines.services.installation import Installation
from udsync_pipelines.store.repositories.write_ledger import PostgresWriteLedger
from udsync_pipelines.sync.books.writes import Role, Write, WriteAction, customer_symbol
from udsync_pipelines.sync.plan import Intent, IntentState, Plan

_PAGE = 1000
_STILL_TO_COME = (IntentState.PLANNED, IntentState.APPROVED)
_STATES = {
    IntentState.SENT: "sent, not answered yet",
    IntentState.SETTLED: "done",
    IntentState.REJECTED: "will not be done",
    IntentState.UNKNOWN: "sent, the answer was lost",
    IntentState.SUPERSEDED: "planned anew by a later sync",
}


@dataclass(frozen=True, slots=True)
class PlannedWrites:
    """All writes of a plan: by batch in their order, and by id."""

    by_batch: Mapping[UUID, Sequence[Write]]
    by_id: Mapping[UUID, Write]

    def of_batch(self, batch: Intent) -> Sequence[Write]:
        """The writes of one batch."""
        return self.by_batch.get(batch.id, ())

    def needed_by(self, write: Write) -> list[Write]:
        """What must be done before a write, by position."""
        needed = (self.by_id[one] for one in write.depends_on if one in self.by_id)
        return sorted(needed, key=lambda one: one.position)


def read_writes(
    installation: Installation, tenant_id: UUID, plan: Plan, batches: Iterable[Intent]
) -> PlannedWrites:
    """Every write of a plan; empty where no books took part. Asks no platform."""
    by_batch: dict[UUID, list[Write]] = {}
    for target in dict.fromkeys(batch.target_connection_id for batch in batches):
        ledger = PostgresWriteLedger(
            installation.state, tenant_id, plan.source_connection_id, target
        )
        position = -1
        while page := ledger.writes_of_plan(plan.id, position, _PAGE):
            for write in page:
                by_batch.setdefault(write.batch_id, []).append(write)
            position = page[-1].position
    by_id = {write.id: write for writes in by_batch.values() for write in writes}
    return PlannedWrites(by_batch, by_id)


def line_of(write: Write, needed: Sequence[Write]) -> str:
    """A write in one line for a bookkeeper, with a line for each value that it changes."""
    parts = [
        f"{_verb(write):<7} #{write.position} {write.kind.replace('_', ' ')}",
        _called(write),
        f"for {symbol_of(write)}",
        _amount(write),
        f"→ {write.target_id}" if write.target_id else "",
        f"needs {', '.join(f'{symbol_of(one)} (#{one.position})' for one in needed)}"
        if needed
        else "",
        _standing(write),
    ]
    changes = "".join(
        f"\n        {name}: {old} → {new}" for name, (old, new) in write.differences.items()
    )
    return "  ".join(part for part in parts if part) + changes


def total_lines(planned: PlannedWrites) -> Iterator[str]:
    """How many objects of each kind, and the money in those that are created."""
    wanted = [one for one in planned.by_id.values() if one.state is not IntentState.REJECTED]
    for kind, ledger in LEDGERS.items():
        own = [one for one in wanted if one.kind == kind]
        if own:
            money = " + ".join(f"{amount:,} {name}" for name, amount in _money(own).items())
            over = f", {money} in those to create" if money else ""
            yield f"QuickBooks {ledger.replace('_', ' ')}: {len(own):,}{over}"


def as_json_object(write: Write, needed: Sequence[Write]) -> dict[str, Any]:
    """A write for scripts; amounts are texts."""
    draft = write.draft
    document = draft if isinstance(draft, SalesDraft | PaymentDraft) else None
    return {
        "position": write.position,
        "action": write.action.value,
        "kind": write.kind,
        "record": f"{write.key.entity}/{write.key.source_id}",
        "symbol": symbol_of(write),
        "state": write.state.value,
        "name": _called(write),
        "target": write.target_id,
        "total": _text(_total(write)),
        "tax": _text(draft.total_tax) if isinstance(draft, SalesDraft) else None,
        "currency": document.currency if document else None,
        "exchange_rate": _text(document.exchange_rate) if document else None,
        "dated_on": document.dated_on.isoformat() if document else None,
        "needs": [{"position": one.position, "symbol": symbol_of(one)} for one in needed],
        "differences": {
            name: {"old": old, "new": new} for name, (old, new) in write.differences.items()
        },
        "code": write.code,
        "reason": write.reason,
        "cure": write.cure,
        "needs_approval": write.question is not None,
    }


def symbol_of(write: Write) -> str:
    """What other writes call it: `customer/12`, `product/7`, `order/77`."""
    if write.key.role is Role.CUSTOMER:
        return customer_symbol(write.key)
    return f"{write.key.entity}/{write.key.source_id}"


def _called(write: Write) -> str:
    """The number of a document, the name of a customer or item."""
    draft = write.draft
    match draft:
        case SalesDraft():
            return draft.number or draft.marker
        case PaymentDraft():
            return draft.reference
        case CustomerDraft():
            return write.name or draft.display_name
        case ItemDraft():
            return write.name or draft.name


def _amount(write: Write) -> str:
    draft = write.draft
    if isinstance(draft, SalesDraft):
        return f"{draft.total:,} {draft.currency}, {draft.total_tax:,} of it tax{_rate(draft)}"
    if isinstance(draft, PaymentDraft):
        return f"{draft.amount:,} {draft.currency}{_rate(draft)}"
    return ""


def _rate(draft: SalesDraft | PaymentDraft) -> str:
    return f", at {draft.exchange_rate.normalize():f}" if draft.exchange_rate else ""


def _total(write: Write) -> Decimal | None:
    money = _money_of(write)
    return money[0] if money else None


def _money_of(write: Write) -> tuple[Decimal, str] | None:
    """What a document comes to, and its currency."""
    match write.draft:
        case SalesDraft(total=total, currency=currency):
            return total, currency
        case PaymentDraft(amount=amount, currency=currency):
            return amount, currency
        case _:
            return None


def _money(writes: Iterable[Write]) -> Mapping[str, Decimal]:
    found: dict[str, Decimal] = {}
    for write in writes:
        money = _money_of(write)
        if money is not None and write.action is WriteAction.CREATE:
            found[money[1]] = found.get(money[1], Decimal(0)) + money[0]
    return found


def _standing(write: Write) -> str:
    if write.state in _STILL_TO_COME:
        return _warning(write)
    why = f": {write.reason} {write.cure or ''}".rstrip() if write.reason else ""
    return f"({_STATES[write.state]}{why})"


def _verb(write: Write) -> str:
    return "void" if write.action is WriteAction.DELETE else write.action.value


def _warning(write: Write) -> str:
    """What takes a document out of the books is said so; who approves the plan agrees to it."""
    if write.question is None:
        return ""
    return f"WARNING, takes it out of the books: {write.reason} Approving the plan agrees to it."


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else str(amount)
