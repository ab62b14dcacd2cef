"""The statements of a load, written once for the columns of a batch.

Staging tables live in one transaction. Rows whose hash is already there are filtered out before
the upsert: a conflict that the guard turns down still locks its row and writes to the log. The
guard stays for the race in which another loader was faster.
"""

from dataclasses import dataclass
from uuid import UUID

from udsync_pipelines.connectors.supabase.batch import ROOT_SYSTEM_COLUMNS, Columns
from udsync_pipelines.connectors.supabase.schema import literal, quoted
from udsync_pipelines.connectors.supabase.tables import ID_MAPPINGS, STORE_ID, SYNCED_AT, ColumnType
from udsync_pipelines.domain.identity import Entity

STAGE = "udsync_stage"
WRITTEN = '"pg_temp"."udsync_written"'
COUNTS = f"select count(*) filter (where created), count(*) from {WRITTEN}"  # noqa: S608
# Deferred constraints would fail at commit, when no single row can be blamed any more.
PREAMBLE = """
set local lock_timeout = '60s';
set local jit = off;
set constraints all immediate;
"""


@dataclass(frozen=True, slots=True)
class Staged:
    """A target table, its staging table, and the statements between the two.

    `create` and `empty` open and clear the stage, `copy` fills it, `merge` writes the target;
    `dropped` asks afterwards whether a row is missing there, or one too many; of a line that was
    to be changed it does not ask, for a trigger may rightly keep another value. None takes
    parameters.
    """

    create: str
    copy: str
    empty: str
    merge: tuple[str, ...]
    dropped: str


def stage_root(columns: Columns, store_id: UUID) -> Staged:
    """Statements for the root table; what was written is noted with its id in `WRITTEN`."""
    names = (*columns.names, *ROOT_SYSTEM_COLUMNS)
    target = quoted(columns.shape.schema, columns.shape.table.name)
    stage = quoted("pg_temp", STAGE)
    listed = _listed(names)
    store, this_store = quoted(STORE_ID.name), literal(store_id)
    synced = quoted(SYNCED_AT.name)
    same = "{0}.content_hash is not distinct from {1}.content_hash"
    alike = f"{same} and {{0}}.deleted_at is not distinct from {{1}}.deleted_at"
    # What is known is looked up once: a look-up per row goes wrong while a new table grows.
    merge = f"""
with known as materialized (
  select id, content_hash, deleted_at from {target}
   where {store} = {this_store} and id = any(array(select id from {stage}))),
written as (
  insert into {target} as t ({store}, {listed}, {synced})
  select {this_store}, {_listed(names, "s")}, now() from {stage} s
   where not exists (select from known k where k.id = s.id and {alike.format("k", "s")})
  on conflict ({store}, id) do update set {_assigned(names, skip=("id",))}
   where not ({alike.format("t", "excluded")})
  returning t.id, t.xmax = 0 as created)
insert into {WRITTEN} (id, created) select id, created from written"""  # noqa: S608
    create = (
        f"{_create(stage, target, listed)}\n"
        f"create temp table {WRITTEN} (id bigint, created boolean) on commit drop;"
    )
    empty = f"truncate {stage}, {WRITTEN};"
    dropped = f"""
select exists (select from {stage} s where not exists (select from {target} t
 where t.{store} = {this_store} and t.id = s.id and {alike.format("t", "s")}))"""  # noqa: S608
    return Staged(create, _copy(stage, listed), empty, (merge,), dropped)


def stage_child(columns: Columns, store_id: UUID, number: int) -> Staged:
    """Statements that make the child rows of written parents equal to the staged ones."""
    table = columns.shape.table
    target = quoted(columns.shape.schema, table.name)
    stage = quoted("pg_temp", f"{STAGE}_{number}")
    listed = _listed(columns.names)
    store, this_store = quoted(STORE_ID.name), literal(store_id)
    parent = quoted(table.parent_key or "")
    own_key = tuple(name for name in table.key if name != STORE_ID.name)
    rest = [name for name in columns.names if name not in own_key]
    on_key = " and ".join(f"s.{quoted(name)} = t.{quoted(name)}" for name in own_key)
    # An array makes the planner use the key's index, whatever it guesses of the new tables' sizes.
    remove = f"""
delete from {target} t
 where t.{store} = {this_store} and t.{parent} = any(array(select id from {WRITTEN}))
   and not exists (select from {stage} s where {on_key})"""  # noqa: S608
    upsert = f"""
insert into {target} as t ({store}, {listed}, {quoted(SYNCED_AT.name)})
select {this_store}, {_listed(columns.names, "s")}, now() from {stage} s
 where s.{parent} in (select id from {WRITTEN})
on conflict ({_listed(table.key)}) do {_update(columns, rest)}"""  # noqa: S608
    dropped = f"""
select exists (select from {stage} s where s.{parent} in (select id from {WRITTEN})
   and not exists (select from {target} t where t.{store} = {this_store} and {on_key}))
    or exists (select from {target} t
                where t.{store} = {this_store} and t.{parent} = any(array(select id from {WRITTEN}))
                  and not exists (select from {stage} s where {on_key}))"""  # noqa: S608
    return Staged(
        _create(stage, target, listed),
        _copy(stage, listed),
        f"truncate {stage};",
        (remove, upsert),
        dropped,
    )


def note_mappings(schema: str, entity: Entity, store_id: UUID, connection_id: str) -> str:
    """Statement that notes each created record's id, once and for all."""
    this_store, kind, connection = (literal(v) for v in (store_id, entity.value, connection_id))
    target = quoted(schema, ID_MAPPINGS.name)
    return f"""
insert into {target} (store_id, entity, source_id, target_platform, target_connection_id, role,
                      target_id)
select {this_store}, {kind}, id::text, 'supabase', {connection}, 'row', id::text
  from {WRITTEN} where created
on conflict do nothing"""  # noqa: S608


def _create(stage: str, target: str, listed: str) -> str:
    return (
        f"create temp table {stage} on commit drop as select {listed} from {target} with no data;"  # noqa: S608
    )


def _copy(stage: str, listed: str) -> str:
    return f"copy {stage} ({listed}) from stdin"


def _listed(names: tuple[str, ...], alias: str | None = None) -> str:
    prefix = "" if alias is None else f"{alias}."
    return ", ".join(f"{prefix}{quoted(name)}" for name in names)


def _assigned(names: tuple[str, ...], *, skip: tuple[str, ...] = ()) -> str:
    parts = [f"{quoted(name)} = excluded.{quoted(name)}" for name in names if name not in skip]
    return ", ".join([*parts, f"{quoted(SYNCED_AT.name)} = now()"])


def _update(columns: Columns, rest: list[str]) -> str:
    if not rest:
        return "nothing"
    changed = " or ".join(_differs(columns, name) for name in rest)
    return f"update set {_assigned(tuple(rest))} where {changed}"


def _differs(columns: Columns, name: str) -> str:
    # `json` has no equality of its own.
    value = quoted(name) + ("::text" if columns.shape.columns[name] == ColumnType.JSON else "")
    return f"t.{value} is distinct from excluded.{value}"
