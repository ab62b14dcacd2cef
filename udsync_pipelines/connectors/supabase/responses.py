"""What PostgreSQL's answers mean: SQLSTATE or connection failure to an error of ours.

Codes: PostgreSQL manual, appendix A. The server's own message is never repeated: it may quote
the value that it refused.
"""

import psycopg

from udsync_pipelines.connectors.fault_table import ERRORS, FaultRow
from udsync_pipelines.connectors.supabase.fault_rules import (
    connection_rule,
    connection_rules,
    statement_rule,
)
from udsync_pipelines.errors import UdsyncError

APPLY_SCHEMA = statement_rule("42P01").cure


class RowDroppedError(psycopg.DataError):
    """A row was taken, and is not there or not changed afterwards; raised here, not by the server.

    Its SQLSTATE is of a class that PostgreSQL leaves to others.
    """

    sqlstate = "UD001"


def raised(rule: FaultRow, **words: str) -> UdsyncError:
    """The error that a row of the table stands for; `words` fill in its sentence."""
    return ERRORS[rule.kind](
        rule.message.format(**words), code=rule.code, cure=rule.cure, platform="supabase"
    )


def is_data_error(error: psycopg.Error) -> bool:
    """True when a row is to blame: bad value, constraint, too long for an index, a trigger's no."""
    state = error.sqlstate or ""
    return state[:2] in {"22", "23", "44", "54", "P0"} or isinstance(error, RowDroppedError)


def explain(error: psycopg.Error) -> UdsyncError:
    """The error of ours for a failed statement."""
    state = error.sqlstate or ""
    return raised(statement_rule(state), state=state)


def explain_refusal(error: psycopg.Error) -> UdsyncError:
    """The error of ours for a connection that could not be opened."""
    known = statement_rule(error.sqlstate or "")
    if error.sqlstate in known.states:
        return raised(known)
    return raised(connection_rule(str(error)))


def only_ipv6() -> UdsyncError:
    """The host cannot be reached from here, for it has no address of the older kind."""
    return raised(next(rule for rule in connection_rules() if not rule.words))
