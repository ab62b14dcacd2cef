"""What the tables of a database really look like: read once, so that a lack is named early."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import LiteralString

from udsync_pipelines.connectors.supabase.connection import Connection
from udsync_pipelines.connectors.supabase.responses import APPLY_SCHEMA
from udsync_pipelines.connectors.supabase.tables import (
    CHILD_TABLES,
    ID_MAPPINGS,
    ROOT_TABLES,
    STORE_ID,
    SYSTEM_NAMES,
    ColumnType,
    Table,
)
from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.errors import ConfigurationError

COLUMNS: LiteralString = """
select c.relname, a.attname, format_type(a.atttypid, a.atttypmod), row_security_active(c.oid)
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
  join pg_attribute a on a.attrelid = c.oid
 where n.nspname = %s and c.relname = any(%s) and c.relkind in ('r', 'p')
   and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
 order by c.relname, a.attnum
"""


@dataclass(frozen=True, slots=True)
class TableShape:
    """A table as it is in the database: its columns in order, each with its type's name.

    Columns that are not udsync's may be there; mapping rules may fill them.
    """

    table: Table
    schema: str
    columns: Mapping[str, str]

    @property
    def mapped_columns(self) -> tuple[str, ...]:
        """All columns but those that the connector fills itself."""
        return tuple(name for name in self.columns if name not in SYSTEM_NAMES)

    def chosen(self, names: Iterable[str]) -> tuple[str, ...]:
        """These columns, with those of the key, in the table's order.

        Raises:
            ConfigurationError: the table lacks one of them, or it belongs to the connector.
        """
        own_key = [name for name in self.table.key if name != STORE_ID.name]
        wanted = {*names, *own_key}
        for name in sorted(wanted):
            if name in SYSTEM_NAMES:
                raise self._refused(name, "is filled by udsync itself", "Remove its mapping rule.")
            if name not in self.columns:
                known = self.table.column(name) is not None
                cure = APPLY_SCHEMA if known else "Add it to the table, or remove its mapping rule."
                raise self._refused(name, "is missing in the database", cure)
        return tuple(name for name in self.columns if name in wanted)

    def _refused(self, name: str, problem: str, cure: str) -> ConfigurationError:
        return ConfigurationError(
            f"The column {self.table.name}.{name} {problem}.",
            code="column_missing",
            platform="supabase",
            cure=cure,
        )


@dataclass(frozen=True, slots=True)
class EntityShape:
    """The tables that one entity is loaded into."""

    root: TableShape
    children: tuple[TableShape, ...]


def read_shape(connection: Connection, schema: str, entity: Entity) -> EntityShape:
    """Read the entity's tables from the catalogue, and check what a load relies on.

    Raises:
        ConfigurationError: the entity has no table, a table or a system column is missing,
            a money column rounds, or row-level security hides the rows from this user.
    """
    root = root_table(entity)
    children = CHILD_TABLES.get(entity, ())
    tables = (root, *children, ID_MAPPINGS)
    columns: dict[str, dict[str, str]] = {table.name: {} for table in tables}
    rows = connection.execute(COLUMNS, (schema, list(columns))).fetchall()
    for table_name, column_name, type_name, is_hidden in rows:
        if is_hidden:
            raise _hidden(table_name)
        columns[table_name][column_name] = type_name
    shapes = [TableShape(table, schema, columns[table.name]) for table in tables]
    for shape in shapes:
        _check(shape)
    return EntityShape(shapes[0], tuple(shapes[1:-1]))


def root_table(entity: Entity) -> Table:
    """The root table of an entity.

    Raises:
        ConfigurationError: it has none.
    """
    table = ROOT_TABLES.get(entity)
    if table is None:
        raise ConfigurationError(
            f"Supabase has no table for the entity {entity.value!r}.",
            code="entity_unknown",
            platform="supabase",
            cure="Turn off its sync to Supabase.",
        )
    return table


def _check(shape: TableShape) -> None:
    if not shape.columns:
        raise ConfigurationError(
            f"The table {shape.schema}.{shape.table.name} is missing.",
            code="table_missing",
            platform="supabase",
            cure=APPLY_SCHEMA,
        )
    for column in shape.table.columns:
        found = shape.columns.get(column.name)
        if found is None and (column.name in SYSTEM_NAMES or column.name in shape.table.key):
            raise ConfigurationError(
                f"The column {shape.table.name}.{column.name} is missing.",
                code="column_missing",
                platform="supabase",
                cure=APPLY_SCHEMA,
            )
        if column.type is ColumnType.NUMERIC and found is not None and found != column.type:
            raise ConfigurationError(
                f"The column {shape.table.name}.{column.name} has the type {found}, "
                "which would round amounts.",
                code="column_rounds",
                platform="supabase",
                cure="Change its type back to numeric.",
            )


def _hidden(table_name: str) -> ConfigurationError:
    return ConfigurationError(
        f"Row-level security hides the rows of {table_name} from this database user.",
        code="row_security_active",
        platform="supabase",
        cure="Connect as the owner of the tables (postgres) or as a user with BYPASSRLS.",
    )
