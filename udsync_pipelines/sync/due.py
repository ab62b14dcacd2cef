"""What a target has still to be brought: records parked for it, then what changed since."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.sync.plan import Plan
from udsync_pipelines.sync.ports import Archive, Ledger
from udsync_pipelines.sync.records import ArchivedRecord

BATCH = 1000
"""Records per batch: planned, written and recorded together."""

Batch = tuple[Sequence[ArchivedRecord], int]
"""Archived records, and the seq up to which they make things whole."""


@dataclass(frozen=True, slots=True)
class Due:
    """The records of one entity that one target still lacks.

    `rules_version` says by which rules records become what the target gets: when it differs from
    that of the last load, everything is due again. None: what was loaded stays as it was.
    `also` are records that are due like parked ones.
    """

    plan: Plan
    entity: Entity
    target_connection_id: UUID
    archive: Archive
    ledger: Ledger
    rules_version: str | None
    also: Collection[str] = ()

    def batches(self) -> Iterator[Batch]:
        """Batches of archived records.

        First what is parked, since its cause may be gone, and what is due also. Then what changed
        since the last load; with a full read or other rules, everything.
        """
        progress = self.ledger.progress(
            self.target_connection_id, self.plan.source_connection_id, self.entity
        )
        starts_over = self.plan.options.window.full or self.rules_version not in (
            None,
            progress.profile_version,
        )
        after = 0 if starts_over else progress.loaded_through
        if not starts_over:
            yield from self._again(after)
        while records := self.archive.pending(self.entity, after, BATCH):
            after = records[-1].changed_seq
            yield records, after

    def _again(self, seq: int) -> Iterator[Batch]:
        parked = self.ledger.parked_ids(
            self.target_connection_id, self.plan.source_connection_id, self.entity
        )
        again = sorted({*parked, *self.also})
        for start in range(0, len(again), BATCH):
            newest = self.archive.newest(self.entity, again[start : start + BATCH])
            unchanged = [record for record in newest if record.changed_seq <= seq]
            if unchanged:
                yield unchanged, seq
