"""Carry out one intent: map again, check against the plan, write, record."""

from dataclasses import dataclass
from uuid import UUID

from udsync_pipelines.sync.mapped import Mapper
from udsync_pipelines.sync.plan import Action, Intent, IntentState, Parked
from udsync_pipelines.sync.ports import Archive, Destination, Ledger, Outcome, Progress
from udsync_pipelines.sync.records import ArchivedRecord, LoadReceipt, MappedRecord
from udsync_pipelines.sync.target import Reached


@dataclass(frozen=True, slots=True)
class Loader:
    """Writes intents to one destination.

    The intent is `sent` before the destination is asked, and `settled` after it has committed. A
    crash in between leaves it `sent`; the next sync plans those records again, and finds at the
    destination what has already arrived.
    """

    source_connection_id: UUID
    archive: Archive
    ledger: Ledger
    mapper: Mapper
    destination: Destination
    reached: Reached

    def load(self, intent: Intent) -> tuple[LoadReceipt, int]:
        """Write one approved intent; return the receipt and how many records are newly parked."""
        self.ledger.move_intent(intent, IntentState.SENT)
        self.reached("load.sent")
        archived = self._archived(intent)
        outcome = self._write(intent, archived)
        self.reached("load.committed")
        progress = Progress(intent.last_seq, self.mapper.profile.version)
        newly_parked = self.ledger.settle(intent, self.source_connection_id, progress, outcome)
        self.reached("load.settled")
        return outcome.receipt, newly_parked

    def _archived(self, intent: Intent) -> dict[str, ArchivedRecord]:
        due = [record.source_id for record in intent.records if record.action is not Action.SKIP]
        records = self.archive.newest(intent.entity, due) if due else ()
        return {record.source_id: record for record in records}

    def _write(self, intent: Intent, archived: dict[str, ArchivedRecord]) -> Outcome:
        mapped = self._as_planned(intent, archived)
        table = self.mapper.profile.root_table
        if not mapped:
            return Outcome((), (), LoadReceipt(created=0, updated=0, unchanged=0), table)
        receipt = self.destination.load(intent.entity, mapped)
        refused = {row.source_id for row in receipt.rejected}
        return Outcome(
            arrived=[record for record in mapped if record.source_id not in refused],
            parked=[
                Parked(
                    row.source_id,
                    archived[row.source_id].content_hash,
                    row.code,
                    row.reason,
                    row.cure,
                )
                for row in receipt.rejected
            ],
            receipt=receipt,
            root_table=table,
        )

    def _as_planned(
        self, intent: Intent, archived: dict[str, ArchivedRecord]
    ) -> list[MappedRecord]:
        """The records that are still what was planned.

        One that changed meanwhile has moved behind `last_seq`: the next sync plans it anew.
        """
        planned = {record.source_id: record.row_hash for record in intent.records}
        mapped, _ = self.mapper.map_all(archived.values())
        return [record for record in mapped if record.row_hash == planned[record.source_id]]
