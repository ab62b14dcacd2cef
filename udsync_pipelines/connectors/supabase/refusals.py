"""What the database says about one row that it refuses, told without the row's values."""

import re

import psycopg

from udsync_pipelines.connectors.supabase.fault_rules import row_rule
from udsync_pipelines.sync.records import RejectedRow

_COPIED_COLUMN = re.compile(r"^COPY \S+, line \d+, column (\w+)", re.MULTILINE)


def refusal(source_id: str, error: psycopg.Error) -> RejectedRow:
    """The rejection of the one record whose rows made this error."""
    state = error.sqlstate or ""
    rule = row_rule(state)
    problem = rule.message.format(place=_place(error), state=state)
    return RejectedRow(source_id, rule.code, problem, rule.cure)


def _place(error: psycopg.Error) -> str:
    """The column, else the constraint, else just the record; names only, never values."""
    found = error.diag
    if found.column_name:
        return f"{found.table_name}.{found.column_name}"
    if found.constraint_name:
        return f"A value under {found.table_name}'s constraint {found.constraint_name}"
    copied = _COPIED_COLUMN.search(found.context or "")
    return f"The column {copied[1]}" if copied else "The record"
