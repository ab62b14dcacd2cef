"""From an archived record to the rows of a destination."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import orjson

from udsync_pipelines.errors import RecordRejectedError
from udsync_pipelines.mapping.profile import Profile
from udsync_pipelines.sync.plan import Parked
from udsync_pipelines.sync.ports import Source
from udsync_pipelines.sync.records import ArchivedRecord, MappedRecord


@dataclass(frozen=True, slots=True)
class Mapper:
    """Maps records of one source with one profile. Deterministic: same record, same rows."""

    source: Source
    profile: Profile

    def map(self, record: ArchivedRecord) -> MappedRecord:
        """The rows of one archived record.

        Raises:
            RecordRejectedError: the record or a rule of the profile does not allow it.
        """
        canonical = self.source.canonical(record.entity, record.raw, record.parent_raw)
        raw = orjson.loads(record.raw) if self.profile.reads_raw else {}
        tables = self.profile.apply(canonical, raw)
        return MappedRecord(
            entity=record.entity,
            source_id=record.source_id,
            tables=tables,
            row_hash=_row_hash(record, tables),
            raw=record.raw,
            deleted_at=record.deleted_at,
        )

    def map_all(self, records: Iterable[ArchivedRecord]) -> tuple[list[MappedRecord], list[Parked]]:
        """The mapped records in their order, and those that must be parked."""
        mapped: list[MappedRecord] = []
        parked: list[Parked] = []
        for record in records:
            try:
                mapped.append(self.map(record))
            except RecordRejectedError as error:
                parked.append(_parked(record, error))
        return mapped, parked


def _parked(record: ArchivedRecord, error: RecordRejectedError) -> Parked:
    return Parked(
        source_id=record.source_id,
        content_hash=record.content_hash,
        code=error.code,
        reason=error.message,
        cure=error.cure or "Correct the record in the shop; the next sync tries it again.",
    )


def _row_hash(record: ArchivedRecord, tables: object) -> bytes:
    """Covers the rows, the raw JSON by its content hash, and whether the record is deleted."""
    digest = hashlib.blake2b(record.content_hash, digest_size=16)
    digest.update(b"deleted" if record.deleted_at else b"live")
    digest.update(orjson.dumps(tables, default=str, option=orjson.OPT_SORT_KEYS))
    return digest.digest()
