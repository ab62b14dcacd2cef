"""Turn what is archived and not yet loaded into batches of intents, and compare them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from uuid import UUID, uuid4

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.sync.due import Due
from udsync_pipelines.sync.mapped import Mapper
from udsync_pipelines.sync.plan import (
    Action,
    Differences,
    Intent,
    IntentState,
    Parked,
    Plan,
    PlannedRecord,
    classify,
    differences,
)
from udsync_pipelines.sync.ports import Archive, Destination, Ledger
from udsync_pipelines.sync.records import ArchivedRecord, MappedRecord
from udsync_pipelines.sync.target import Reached


@dataclass(frozen=True, slots=True)
class Planner:
    """Plans one entity for one destination."""

    plan: Plan
    entity: Entity
    target_connection_id: UUID
    archive: Archive
    ledger: Ledger
    mapper: Mapper
    destination: Destination
    reached: Reached

    def plan_batches(self, position: int) -> Iterator[tuple[Intent, int]]:
        """Map what is pending and store it as batches, numbered from `position`.

        Yields each batch with the number of its records that are newly parked.
        """
        for offset, (records, last_seq) in enumerate(self._due().batches()):
            mapped, parked = self.mapper.map_all(records)
            gone = self._gone(records, parked)
            settled = {record.source_id for record in gone}
            intent = Intent(
                id=uuid4(),
                plan_id=self.plan.id,
                position=position + offset,
                entity=self.entity,
                target_connection_id=self.target_connection_id,
                state=IntentState.PLANNED,
                records=(
                    *(_planned(record.row_hash, record) for record in mapped),
                    *(_planned(record.content_hash, record) for record in gone),
                ),
                last_seq=last_seq,
                parked=tuple(one for one in parked if one.source_id not in settled),
            )
            newly_parked = self.ledger.plan_batch(
                intent, self.plan.source_connection_id, park=not self.plan.options.dry_run
            )
            self.reached("map.planned")
            yield intent, newly_parked

    def resolve(self, intent: Intent) -> Intent:
        """Compare a batch with what the destination holds, and store what is to be done."""
        ids = [record.source_id for record in intent.records]
        stored = self.destination.hashes(self.entity, ids) if ids else {}
        records = classify(intent.records, stored)
        resolved = replace(intent, records=records, differences=self._differences(records))
        self.ledger.resolve_batch(resolved)
        self.reached("resolve.planned")
        return resolved

    def _due(self) -> Due:
        return Due(
            self.plan,
            self.entity,
            self.target_connection_id,
            self.archive,
            self.ledger,
            self.mapper.profile.version,
        )

    def _gone(
        self, records: Sequence[ArchivedRecord], unmapped: Sequence[Parked]
    ) -> Sequence[ArchivedRecord]:
        """What cannot be mapped, but is deleted in the shop and never landed: nothing is to do."""
        ids = {one.source_id for one in unmapped}
        deleted = [one for one in records if one.deleted_at and one.source_id in ids]
        if not deleted:
            return ()
        held = self.destination.hashes(self.entity, [one.source_id for one in deleted])
        return [one for one in deleted if one.source_id not in held]

    def _differences(self, records: Sequence[PlannedRecord]) -> Differences:
        """Field by field what updates change; mapped again, since only updates need it."""
        updated = [record.source_id for record in records if record.action is Action.UPDATE]
        if not updated:
            return {}
        stored = self.destination.stored(self.entity, updated)
        mapped, _ = self.mapper.map_all(self.archive.newest(self.entity, updated))
        return {
            record.source_id: differences(record.root, stored[record.source_id])
            for record in mapped
            if record.source_id in stored
        }


def _planned(row_hash: bytes, record: ArchivedRecord | MappedRecord) -> PlannedRecord:
    return PlannedRecord(record.source_id, row_hash, record.deleted_at is not None)
