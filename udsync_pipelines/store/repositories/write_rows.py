"""How a write in the books is stored in its row of `sync_queue`."""

from dataclasses import asdict
from typing import Any
from uuid import UUID

import orjson

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.posting.draft_json import digest_of, draft_from_json, draft_to_json
from udsync_pipelines.sync.books.writes import Key, Role, Write, WriteAction, digest_of_write
from udsync_pipelines.sync.decisions import Choice, Question
from udsync_pipelines.sync.plan import IntentState

INSERT_WRITE = """
    INSERT INTO udsync.sync_queue
        (tenant_id, id, plan_id, batch_id, target_connection_id, source_connection_id, entity,
         role, source_id, kind, operation, state, position, request_id, payload, payload_digest,
         record_count, counts, differences, depends_on, code, reason, cure)
    VALUES (%(tenant)s, %(id)s, %(plan)s, %(batch)s, %(target)s, %(source)s, %(entity)s, %(role)s,
         %(source_id)s, 'record', %(operation)s, %(state)s, %(position)s, %(request_id)s,
         %(payload)s::jsonb, %(digest)s, 1, '{}', %(differences)s::jsonb, %(depends_on)s::uuid[],
         %(code)s, %(reason)s, %(cure)s)
"""

UPDATE_WRITE = """
    UPDATE udsync.sync_queue SET operation = %(operation)s, state = %(state)s,
        payload = %(payload)s::jsonb, payload_digest = %(digest)s,
        differences = %(differences)s::jsonb, depends_on = %(depends_on)s::uuid[],
        code = %(code)s, reason = %(reason)s, cure = %(cure)s
    WHERE tenant_id = %(tenant)s AND id = %(id)s
"""


def write_row(tenant_id: UUID, source: UUID, target: UUID, write: Write) -> dict[str, Any]:
    """The values of a write's columns."""
    return {
        "tenant": tenant_id,
        "id": write.id,
        "plan": write.plan_id,
        "batch": write.batch_id,
        "target": target,
        "source": source,
        "entity": write.key.entity.value,
        "role": write.key.role.value,
        "source_id": write.key.source_id,
        "operation": write.action.value,
        "state": write.state.value,
        "position": write.position,
        "request_id": write.request_id,
        "payload": _json(
            {
                "draft": draft_to_json(write.draft),
                "name": write.name,
                "target_id": write.target_id,
                "base_version": write.base_version,
                "linked_to": None if write.linked_to is None else str(write.linked_to),
                "source_hash": write.source_hash.hex(),
                "question": None if write.question is None else asdict(write.question),
            }
        ),
        "digest": write.digest(),
        "differences": _json(write.differences),
        "depends_on": list(write.depends_on),
        "code": write.code,
        "reason": write.reason,
        "cure": write.cure,
    }


def write_of(row: Any) -> Write:
    """The write of a row."""
    payload = row.payload
    linked_to = payload["linked_to"]
    return Write(
        id=row.id,
        plan_id=row.plan_id,
        batch_id=row.batch_id,
        position=row.position,
        key=Key(Entity(row.entity), row.source_id, Role(row.role)),
        action=WriteAction(row.operation),
        state=IntentState(row.state),
        draft=draft_from_json(payload["draft"]),
        source_hash=bytes.fromhex(payload["source_hash"]),
        name=payload["name"],
        target_id=payload["target_id"],
        base_version=payload["base_version"],
        linked_to=None if linked_to is None else UUID(linked_to),
        depends_on=tuple(row.depends_on),
        differences={name: (old, new) for name, (old, new) in row.differences.items()},
        request_id=row.request_id,
        sent_at=row.sent_at,
        code=row.code,
        reason=row.reason,
        cure=row.cure,
        question=_question_of(payload.get("question")),
    )


def _question_of(stored: Any) -> Question | None:
    """A question as it was stored; writes of former versions have none."""
    if stored is None:
        return None
    choices = tuple(Choice(one["name"], one["consequence"]) for one in stored["choices"])
    return Question(stored["kind"], choices, stored["about"])


def digest_of_row(row: Any) -> bytes:
    """The digest of a row's write, from what is stored, without reading its draft."""
    payload = row.payload
    return digest_of_write(
        Key(Entity(row.entity), row.source_id, Role(row.role)),
        WriteAction(row.operation),
        payload["name"],
        payload["target_id"],
        payload["base_version"],
        draft_digest=digest_of(payload["draft"]),
    )


def _json(value: object) -> str:
    return orjson.dumps(value).decode()
