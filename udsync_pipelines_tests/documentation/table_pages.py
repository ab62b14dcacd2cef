"""The page of the tables in Supabase, from their definitions."""

from udsync_pipelines.connectors.supabase.tables import TABLES, Column, Table
from udsync_pipelines_tests.documentation.markdown import table

INTRODUCTION = """# Tables in Supabase

`udsync connect supabase` creates these tables in the schema that you choose (default `public`).
`udsync connect supabase --print-ddl` prints the SQL, so that you can run it yourself. Each key
begins with `store_id`: one database can hold several stores. Amounts are `numeric` and keep every
digit that the store sent. Rows are never deleted when a record leaves the store: `deleted_at` is
set. You may add columns of your own; no load touches them.
"""


def render_tables() -> str:
    """The page: each table with its columns, key and indexes."""
    return "\n".join([INTRODUCTION, *map(_entry, TABLES)])


def _entry(found: Table) -> str:
    columns = table(("column", "type", "what"), map(_row, found.columns))
    key = ", ".join(f"`{name}`" for name in found.key)
    indexes = "; ".join(", ".join(f"`{name}`" for name in index) for index in found.indexes)
    also = f" Indexes: {indexes}." if indexes else ""
    return f"## `{found.name}`\n\n{found.comment} Key: {key}.{also}\n\n{columns}"


def _row(column: Column) -> tuple[str, str, str]:
    never_empty = "" if column.nullable else " not null"
    return f"`{column.name}`", f"{column.type}{never_empty}", column.comment or ""
