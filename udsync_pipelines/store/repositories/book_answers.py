"""Which writes of a record the books have answered, with a refusal too, and which they have not."""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.sync.books.writes import Key, Role

# LATERAL by the whole key: an index finds each, however many writes there are by now.
_COUNTED = sa.text("""
    SELECT wanted.entity, wanted.source_id, wanted.role, answers.number
    FROM unnest(CAST(:entities AS text[]), CAST(:ids AS text[]), CAST(:roles AS text[]))
        AS wanted (entity, source_id, role)
    CROSS JOIN LATERAL (
        SELECT count(*) AS number FROM udsync.sync_queue
        WHERE tenant_id = :tenant AND target_connection_id = :target
          AND entity = wanted.entity AND source_id = wanted.source_id AND role = wanted.role
          AND source_connection_id = :source AND kind = 'record'
          AND state IN ('settled', 'rejected') AND request_id <> '') answers
    WHERE answers.number > 0
""")

# Superseded after it was sent: looked for in vain, and planned anew.
_UNANSWERED = sa.text("""
    SELECT DISTINCT wanted.entity, wanted.source_id, wanted.role
    FROM unnest(CAST(:entities AS text[]), CAST(:ids AS text[]), CAST(:roles AS text[]))
        AS wanted (entity, source_id, role)
    CROSS JOIN LATERAL (
        SELECT 1 FROM udsync.sync_queue
        WHERE tenant_id = :tenant AND target_connection_id = :target
          AND entity = wanted.entity AND source_id = wanted.source_id AND role = wanted.role
          AND source_connection_id = :source AND kind = 'record'
          AND state IN ('sent', 'unknown', 'superseded') AND request_id <> '' LIMIT 1) lost
""")


def counted(
    connection: sa.Connection, pair: Mapping[str, UUID], keys: Collection[Key]
) -> dict[Key, int]:
    """The answers for these keys, where there are any; `pair` names tenant, source and target."""
    rows = connection.execute(_COUNTED, {**pair, **_named(keys)})
    return {_key(row): row.number for row in rows}


def unanswered(
    connection: sa.Connection, pair: Mapping[str, UUID], keys: Collection[Key]
) -> set[Key]:
    """Those of these keys of which a write was sent without an answer; `pair` as of `counted`."""
    return {_key(row) for row in connection.execute(_UNANSWERED, {**pair, **_named(keys)})}


def _named(keys: Collection[Key]) -> dict[str, list[str]]:
    wanted = list(keys)
    return {
        "entities": [key.entity.value for key in wanted],
        "ids": [key.source_id for key in wanted],
        "roles": [key.role.value for key in wanted],
    }


def _key(row: Any) -> Key:
    return Key(Entity(row.entity), row.source_id, Role(row.role))
