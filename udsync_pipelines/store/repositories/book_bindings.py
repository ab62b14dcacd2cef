"""Bindings of the books: which object stands for a record, and what was last written there."""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.sync.books.writes import Binding, Key, Role

# LATERAL by the whole key: the planner must not join a table that has no statistics yet.
BOUND = sa.text("""
    SELECT wanted.entity, wanted.source_id, wanted.role, b.target_id, b.target_version,
        b.content_hash, b.source_hash
    FROM unnest(CAST(:entities AS text[]), CAST(:ids AS text[]), CAST(:roles AS text[]))
        AS wanted (entity, source_id, role)
    CROSS JOIN LATERAL (
        SELECT * FROM udsync.id_mappings
        WHERE tenant_id = :tenant AND source_connection_id = :source
          AND entity = wanted.entity AND source_id = wanted.source_id
          AND target_connection_id = :target AND role = wanted.role
        LIMIT 1) b
""")

BIND = """
    INSERT INTO udsync.id_mappings AS bound (tenant_id, source_connection_id, entity, source_id,
        target_connection_id, role, target_id, target_version, content_hash, source_hash,
        created_at, updated_at)
    VALUES (%(tenant)s, %(source)s, %(entity)s, %(source_id)s, %(target)s, %(role)s,
        %(target_id)s, %(version)s, %(digest)s, %(source_hash)s, now(), now())
    ON CONFLICT (tenant_id, source_connection_id, entity, source_id, target_connection_id, role)
    DO UPDATE SET target_id = excluded.target_id, target_version = excluded.target_version,
        content_hash = excluded.content_hash, source_hash = excluded.source_hash,
        updated_at = excluded.updated_at
"""
"""Binds a key to an object, or says anew what was written there."""

TOUCH = sa.text("""
    UPDATE udsync.id_mappings AS bound SET source_hash = arrived.source_hash, updated_at = now()
    FROM unnest(CAST(:ids AS text[]), CAST(:hashes AS bytea[])) AS arrived (source_id, source_hash)
    WHERE bound.tenant_id = :tenant AND bound.source_connection_id = :source
      AND bound.entity = :entity AND bound.source_id = arrived.source_id
      AND bound.target_connection_id = :target AND bound.role <> 'row'
      AND bound.source_hash IS DISTINCT FROM arrived.source_hash
""")

IN_ROLE = sa.text("""
    SELECT entity, source_id, target_id FROM udsync.id_mappings
    WHERE tenant_id = :tenant AND source_connection_id = :source
      AND target_connection_id = :target AND role = :role
""")

SALES_AMONG = sa.text("""
    SELECT target_id FROM udsync.id_mappings
    WHERE tenant_id = :tenant AND source_connection_id = :source
      AND target_connection_id = :target AND role = 'sale' AND target_id = ANY(:ids)
""")

HAS_DOCUMENTS = sa.text("""
    SELECT EXISTS (
        SELECT FROM udsync.id_mappings
        WHERE tenant_id = :tenant AND source_connection_id = :source
          AND target_connection_id = :target AND role IN ('sale', 'payment', 'refund'))
""")


def has_documents(connection: sa.Connection, pair: Mapping[str, UUID]) -> bool:
    """True once a document was posted; `pair` names tenant, source and target."""
    return bool(connection.scalar(HAS_DOCUMENTS, dict(pair)))


def sales_among(
    connection: sa.Connection, pair: Mapping[str, UUID], target_ids: Collection[str]
) -> frozenset[str]:
    """Those of these objects that are sales of ours; `pair` names tenant, source and target."""
    return frozenset(connection.scalars(SALES_AMONG, {**pair, "ids": list(target_ids)}))


def bound(
    connection: sa.Connection, pair: Mapping[str, UUID], keys: Collection[Key]
) -> dict[Key, Binding]:
    """The bindings of these keys; `pair` names tenant, source and target."""
    wanted = list(keys)
    rows = connection.execute(
        BOUND,
        {
            **pair,
            "entities": [key.entity.value for key in wanted],
            "ids": [key.source_id for key in wanted],
            "roles": [key.role.value for key in wanted],
        },
    )
    found = {}
    for row in rows:
        key = Key(Entity(row.entity), row.source_id, Role(row.role))
        found[key] = Binding(
            key, row.target_id, row.target_version, row.content_hash, row.source_hash
        )
    return found


def values_of(pair: Mapping[str, UUID], binding: Binding) -> dict[str, Any]:
    """What `BIND` stores of a binding; `pair` names tenant, source and target."""
    return {
        **pair,
        **_key(binding.key),
        "target_id": binding.target_id,
        "version": binding.version,
        "digest": binding.digest,
        "source_hash": binding.source_hash,
    }


def touch(
    connection: sa.Connection,
    pair: Mapping[str, UUID],
    entity: Entity,
    arrived: Mapping[str, bytes],
) -> None:
    """Note from which content of the shop's records the books are up to date."""
    connection.execute(
        TOUCH,
        {
            **pair,
            "entity": entity.value,
            "ids": list(arrived),
            "hashes": list(arrived.values()),
        },
    )


def in_role(
    connection: sa.Connection, pair: Mapping[str, UUID], role: Role
) -> list[tuple[Key, str]]:
    """Every key of a role with its object."""
    rows = connection.execute(IN_ROLE, {**pair, "role": role.value})
    return [(Key(Entity(row.entity), row.source_id, role), row.target_id) for row in rows]


def _key(key: Key) -> dict[str, Any]:
    return {"entity": key.entity.value, "source_id": key.source_id, "role": key.role.value}
