"""All that a plan would change, as lines for people and as one object for scripts."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from udsync_pipelines.cli.plan_writes import PlannedWrites, as_json_object, line_of, total_lines
from udsync_pipelines.sync.plan import Action, Intent, Plan, PlannedRecord


@dataclass(frozen=True, slots=True)
class PlanChanges:
    """A plan with its batches and writes. `books` are the connections to books."""

    plan: Plan
    batches: Sequence[Intent]
    writes: PlannedWrites
    books: Collection[UUID]

    @property
    def skipped(self) -> int:
        """How many records need no write, counted at each destination."""
        return sum(batch.count(Action.SKIP) for batch in self.batches)

    def lines(self) -> Iterator[str]:
        """A line for each change, in the order in which they are made; what is parked with it."""
        for batch in self.batches:
            for record in self._changed(batch):
                name = f"{batch.entity}/{record.source_id}"
                yield f"{record.action:<7} {name}" + _fields(batch, record.source_id)
            for write in self.writes.of_batch(batch):
                yield line_of(write, self.writes.needed_by(write))
            for parked in batch.parked:
                why = f"{parked.reason} {parked.cure}"
                yield f"park    {batch.entity}/{parked.source_id}: {why}"

    def totals(self) -> Iterator[str]:
        """What it comes to in the books, a line for each ledger."""
        return total_lines(self.writes)

    def as_json(self, tenant: str) -> dict[str, Any]:
        """The plan for scripts: rows in `changes`, writes in the books in `writes`."""
        plan = self.plan
        return {
            "plan": plan.id,
            "tenant": tenant,
            "lane": plan.lane,
            "state": plan.state.value,
            "hash": plan.plan_hash,
            "dry_run": plan.options.dry_run,
            "counts": plan.counts,
            "changes": [
                {
                    "record": f"{batch.entity}/{record.source_id}",
                    "action": record.action.value,
                    "differences": _differences(batch, record.source_id),
                }
                for batch in self.batches
                for record in self._changed(batch)
            ],
            "writes": [
                as_json_object(write, self.writes.needed_by(write))
                for batch in self.batches
                for write in self.writes.of_batch(batch)
            ],
            "parked": [
                {"record": f"{batch.entity}/{parked.source_id}", "code": parked.code,
                 "reason": parked.reason, "cure": parked.cure}
                for batch in self.batches
                for parked in batch.parked
            ],
        }  # fmt: skip

    def _changed(self, batch: Intent) -> Iterator[PlannedRecord]:
        """The rows that a batch writes; what it does in the books is told by its writes."""
        if batch.target_connection_id in self.books:
            return
        for record in batch.records:
            if record.action is not Action.SKIP:
                yield record


def _fields(batch: Intent, source_id: str) -> str:
    changed = batch.differences.get(source_id, {})
    return "".join(f"\n        {name}: {old} → {new}" for name, (old, new) in changed.items())


def _differences(batch: Intent, source_id: str) -> dict[str, Any]:
    return {
        name: {"old": old, "new": new}
        for name, (old, new) in batch.differences.get(source_id, {}).items()
    }
