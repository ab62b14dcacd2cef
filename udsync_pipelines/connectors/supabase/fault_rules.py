"""The table of what the database refuses: statements, connections, and single rows."""

from functools import cache

from udsync_pipelines.connectors.fault_table import FaultRow, read_table

ANY = "*"
_CLASS = 2  # characters of a SQLSTATE that name its class


class StateRule(FaultRow):
    """What a SQLSTATE means, for a statement or for one row. `seen`: what PostgreSQL calls it."""

    seen: str
    states: tuple[str, ...]

    def fits(self, state: str) -> bool:
        """Whether this rule is about the state; "" is a failure without one."""
        return any(
            known in (ANY, state) or (len(known) == _CLASS and state.startswith(known))
            for known in self.states
        )


class ConnectionRule(FaultRow):
    """What libpq's text about a refused connection means; without words it is found otherwise."""

    seen: str
    words: tuple[str, ...]


@cache
def statement_rules() -> tuple[StateRule, ...]:
    """The rules about statements, as they are tried."""
    return read_table(__package__, "statement", StateRule)


@cache
def row_rules() -> tuple[StateRule, ...]:
    """The rules about single rows, as they are tried."""
    return read_table(__package__, "row", StateRule)


@cache
def connection_rules() -> tuple[ConnectionRule, ...]:
    """The rules about connections, as they are tried."""
    return read_table(__package__, "connection", ConnectionRule)


def statement_rule(state: str) -> StateRule:
    """The rule for a failed statement; "" is a connection that broke."""
    return next(rule for rule in statement_rules() if rule.fits(state))


def row_rule(state: str) -> StateRule:
    """The rule for a row that was refused."""
    return next(rule for rule in row_rules() if rule.fits(state))


def connection_rule(text: str) -> ConnectionRule:
    """The rule for what libpq says; the first that fits, for many name a role besides."""
    said = text.lower()
    return next(rule for rule in connection_rules() if any(word in said for word in rule.words))
