"""How a batch intent is written to and read from its row of `sync_queue`."""

from typing import Any
from uuid import UUID

import orjson

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.sync.plan import (
    Action,
    Intent,
    IntentState,
    Parked,
    PlannedRecord,
)

INTENT_COLUMNS = """
    (tenant_id, id, plan_id, target_connection_id, source_connection_id, entity, kind, operation,
     state, position, request_id, payload, payload_digest, record_count, counts, differences,
     last_seq)
    VALUES (:tenant, :id, :plan, :target, :source, :entity, 'batch', :operation, :state, :position,
     :request_id, CAST(:payload AS jsonb), :digest, :record_count, CAST(:counts AS jsonb),
     CAST(:differences AS jsonb), :last_seq)
"""


def intent_row(tenant_id: UUID, source: UUID, intent: Intent) -> dict[str, Any]:
    """The values of an intent's columns."""
    return {
        "tenant": tenant_id,
        "id": intent.id,
        "plan": intent.plan_id,
        "target": intent.target_connection_id,
        "source": source,
        "entity": intent.entity.value,
        "operation": "load" if intent.changes else "none",
        "state": intent.state.value,
        "position": intent.position,
        "request_id": str(intent.id),
        "payload": _json(
            {
                "records": [
                    [record.source_id, record.row_hash.hex(), record.is_deleted, record.action]
                    for record in intent.records
                ],
                "parked": [
                    [parked.source_id, parked.content_hash.hex(), parked.code, parked.reason,
                     parked.cure]
                    for parked in intent.parked
                ],
            }
        ),
        "digest": intent.digest(),
        "record_count": len(intent.records),
        "counts": _json({action.value: intent.count(action) for action in Action}),
        "differences": _json(intent.differences),
        "last_seq": intent.last_seq,
    }  # fmt: skip


def intent_of(row: Any) -> Intent:
    """The intent of a row."""
    return Intent(
        id=row.id,
        plan_id=row.plan_id,
        position=row.position,
        entity=Entity(row.entity),
        target_connection_id=row.target_connection_id,
        state=IntentState(row.state),
        records=tuple(
            PlannedRecord(source_id, bytes.fromhex(row_hash), is_deleted, Action(action))
            for source_id, row_hash, is_deleted, action in row.payload["records"]
        ),
        last_seq=row.last_seq,
        parked=tuple(
            Parked(source_id, bytes.fromhex(content_hash), code, reason, cure)
            for source_id, content_hash, code, reason, cure in row.payload["parked"]
        ),
        differences={
            source_id: {column: (old, new) for column, (old, new) in columns.items()}
            for source_id, columns in row.differences.items()
        },
    )


def _json(value: object) -> str:
    return orjson.dumps(value).decode()
