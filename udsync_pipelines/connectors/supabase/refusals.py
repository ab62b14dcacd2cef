"""What the database says about one row that it refuses, told without the row's values."""

import re

import psycopg

from udsync_pipelines.sync.records import RejectedRow

_COPIED_COLUMN = re.compile(r"^COPY \S+, line \d+, column (\w+)", re.MULTILINE)
_REASONS = {
    "23502": ("not_null", "is empty, but the database wants a value", "Add a rule that fills it."),
    "23505": ("duplicate", "repeats a value that must be unique", "Drop that unique constraint."),
    "23503": ("foreign_key", "points to a row that is not there", "Drop that foreign key."),
    "23514": ("check_failed", "breaks a check constraint", "Correct the record or the constraint."),
    "22P02": ("not_readable", "cannot be read as the column's type", "Correct the mapping rule."),
    "22001": ("too_long", "is too long for its column", "Make the column of type text."),
    "22003": ("out_of_range", "is out of range for its column", "Enlarge the column's type."),
    "54000": ("too_long", "is too long for an index", "Shorten it, or drop the index."),
    "P0001": ("trigger_refused", "was refused by a trigger", "Correct the record or the trigger."),
}


def refusal(source_id: str, error: psycopg.Error) -> RejectedRow:
    """The rejection of the one record whose rows made this error."""
    state = error.sqlstate or ""
    code, problem, cure = _REASONS.get(
        state, ("data_refused", f"was refused (SQLSTATE {state})", "Correct the record's values.")
    )
    place = _place(error)
    return RejectedRow(source_id, code, f"{place} {problem}.", cure)


def _place(error: psycopg.Error) -> str:
    """The column, else the constraint, else just the record; names only, never values."""
    found = error.diag
    if found.column_name:
        return f"{found.table_name}.{found.column_name}"
    if found.constraint_name:
        return f"A value under {found.table_name}'s constraint {found.constraint_name}"
    copied = _COPIED_COLUMN.search(found.context or "")
    return f"The column {copied[1]}" if copied else "The record"
