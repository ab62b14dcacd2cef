"""The statements that copy new records straight into their tables, without staging."""

from dataclasses import dataclass
from uuid import UUID

from udsync_pipelines.connectors.supabase.batch import ROOT_SYSTEM_COLUMNS, Batch, Columns
from udsync_pipelines.connectors.supabase.fields import fields
from udsync_pipelines.connectors.supabase.schema import literal, quoted
from udsync_pipelines.connectors.supabase.tables import ID_MAPPINGS, STORE_ID, ColumnType
from udsync_pipelines.domain.identity import Entity

MAPPING_COLUMNS = (
    "store_id", "entity", "source_id", "target_platform", "target_connection_id", "role",
    "target_id",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Straight:
    """COPY statements for the tables themselves; each of their lines starts with `prefix`.

    `is_any_there` takes the keys of a batch and answers whether the root table has one of them.
    """

    is_any_there: str
    root: str
    children: tuple[str, ...]
    mappings: str
    prefix: str
    mapping_start: str
    mapping_middle: str

    def mapping_line(self, source_id: str) -> str:
        """The line that notes the id of a created record."""
        return f"{self.mapping_start}{source_id}{self.mapping_middle}{source_id}"


def straight(batch: Batch, entity: Entity, store_id: UUID, connection_id: str) -> Straight:
    """The statements for the columns of a batch."""
    schema = batch.root.shape.schema
    target = quoted(schema, batch.root.shape.table.name).replace("%", "%%")
    place = f"store_id = {literal(store_id)} and id = any(%s)"
    (connection,) = fields(ColumnType.TEXT, [connection_id])
    return Straight(
        is_any_there=f"select exists (select from {target} where {place})",  # noqa: S608
        root=_copy(batch.root, (*batch.root.names, *ROOT_SYSTEM_COLUMNS)),
        children=tuple(_copy(child, child.names) for child in batch.children),
        mappings=_copy_into(quoted(schema, ID_MAPPINGS.name), MAPPING_COLUMNS),
        prefix=f"{store_id}\t",
        mapping_start=f"{store_id}\t{entity.value}\t",
        mapping_middle=f"\tsupabase\t{connection}\trow\t",
    )


def _copy(columns: Columns, names: tuple[str, ...]) -> str:
    target = quoted(columns.shape.schema, columns.shape.table.name)
    return _copy_into(target, (STORE_ID.name, *names))


def _copy_into(target: str, names: tuple[str, ...]) -> str:
    return f"copy {target} ({', '.join(map(quoted, names))}) from stdin"
