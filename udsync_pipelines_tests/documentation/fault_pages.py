"""The page of the platforms' faults, from the tables by which the connectors decide."""

import re
from collections.abc import Iterable, Iterator, Sequence

from udsync_pipelines.connectors.fault_table import FaultRow, Kind
from udsync_pipelines.connectors.quickbooks import fault_rules as books
from udsync_pipelines.connectors.quickbooks.fault_rules import Remedy
from udsync_pipelines.connectors.supabase import fault_rules as database
from udsync_pipelines.connectors.woocommerce import fault_rules as store
from udsync_pipelines_tests.documentation.markdown import table

INTRODUCTION = """# What the platforms refuse, and what to do

Every refusal of QuickBooks, of a WooCommerce store and of the database, as the connectors know it:
they decide by these very tables. `…` stands for what differs from case to case. The codes of all
other errors are on [their own page](errors.md); parked records are handled as
[the guide](../how-to/failed-records.md) says.

What happens by itself is said by the kind of a fault:
"""

KINDS: dict[Kind, tuple[str, str]] = {
    Kind.TOKEN: (
        "renewed, then sent again",
        "The access token is renewed once, under a lock that all processes share, and the request "
        "is sent again. If that is refused too, the connection needs consent.",
    ),
    Kind.AUTHORIZATION: (
        "stops",
        "Nothing is sent again: the platform refuses these credentials. The run fails; the other "
        "platforms go on. The first sync after connecting again catches up.",
    ),
    Kind.CONFIGURATION: (
        "stops",
        "Nothing is sent again until someone has acted. The run fails; the other platforms go on.",
    ),
    Kind.THROTTLED: (
        "waits, then the same again",
        "Nothing was done. The run waits as long as the platform asks (all processes wait, and for "
        "60 seconds, where it is QuickBooks), then the same request is sent again, within the "
        "run's retry budget.",
    ),
    Kind.WAIT: (
        "the same again",
        "The same request is sent again after growing waits, within the run's retry budget; then "
        "the run fails, and the next one goes on from there.",
    ),
    Kind.AGAIN: (
        "the same again",
        "Another session was in the way: the batch was rolled back whole and is loaded again.",
    ),
    Kind.LOST: (
        "looked for, then sent",
        "It may have been done. A read is sent again; a write is looked for first, and sent again "
        "only when it surely is not there.",
    ),
    Kind.STALE: (
        "read again by the next sync",
        "Nothing was overwritten. What a person changed is parked for a decision.",
    ),
    Kind.REJECTED: (
        "parked",
        "It is not sent again by this sync. The record is parked with this sentence, the others go "
        "on; every later sync tries it again.",
    ),
}

REMEDIES = {
    Remedy.NONE: "",
    Remedy.READ_AGAIN: "",
    Remedy.LOOK_UP: "looked up by its number: if it is ours, it is done; else ",
    Remedy.FIND_NAME: "the next sync looks for the owner of the name and adopts it if it is the "
    "same; until then ",
    Remedy.RENEW_REFERENCES: "the lists of accounts, items and tax codes are read anew; ",
    Remedy.SMALLER_PAGES: "asked again for half as many, down to one; then ",
}


def render_faults() -> str:
    """The page: kinds, then the table of each platform."""
    kinds = table(
        ("kind", "in short", "what happens by itself"),
        ((f"`{kind}`", short, long) for kind, (short, long) in KINDS.items()),
    )
    headings = ("it answers", "our code", "kind", "by itself", "what it says", "what to do")
    sections = [
        f"## {title}\n\n{note}\n\n{table(headings, rows)}" for title, note, rows in _sections()
    ]
    return "\n".join((INTRODUCTION, kinds, *sections))


def fault_rows() -> Iterator[tuple[str, FaultRow]]:
    """Every row of every table, with the folder of its connector."""
    for rule in (*books.rules(), *books.cases().values()):
        yield "connectors/quickbooks", rule
    for found in store.rules():
        yield "connectors/woocommerce", found
    for one in (*database.statement_rules(), *database.row_rules(), *database.connection_rules()):
        yield "connectors/supabase", one


def shown(sentence: str) -> str:
    """A sentence of a table with what is filled in left open."""
    return re.sub(r"\{\w+\}", "…", sentence)


def _sections() -> Iterable[tuple[str, str, list[Sequence[str]]]]:
    known = [rule for rule in books.rules() if not rule.detail]
    by_words = [rule for rule in books.rules() if rule.detail]
    coded = sorted(
        ((int(code), rule) for rule in known for code in rule.codes), key=lambda pair: pair[0]
    )
    yield (
        "QuickBooks: codes of faults",
        "Found in `Fault` or `fault`, with any HTTP status, in JSON or XML; leading zeros do not "
        "count. A rejection with HTTP status 500 or more says nothing certain about a write: that "
        "is looked for.",
        [_row(f"`{code}`", rule, REMEDIES[rule.remedy]) for code, rule in coded],
    )
    yield (
        "QuickBooks: code 6000 by its words",
        "One code for many rules; the words in its detail tell them apart.",
        [_row(f"`6000` … {rule.detail} …", rule, REMEDIES[rule.remedy]) for rule in by_words],
    )
    yield (
        "QuickBooks: answers without a known code",
        "Also what Intuit's token service answers.",
        [_row(rule.seen, rule) for rule in books.cases().values()],
    )
    yield (
        "WooCommerce",
        "The first row that fits counts. The status is the one that the body means, where it does: "
        "with PHP warnings printed, HTTP says 200.",
        [_row(f"{' or '.join(rule.statuses)}: {rule.seen}", rule) for rule in store.rules()],
    )
    yield (
        "Database: statements",
        "SQLSTATE, or its first two characters for a whole class.",
        [_row(_states(rule), rule) for rule in database.statement_rules()],
    )
    yield (
        "Database: single rows",
        "The batch is split until only the bad record is left out.",
        [_row(_states(rule), rule) for rule in database.row_rules()],
    )
    yield (
        "Database: connections",
        "Known by the words of the driver, which gives no code for these.",
        [_row(rule.seen, rule) for rule in database.connection_rules()],
    )


def _states(rule: database.StateRule) -> str:
    named = [f"`{state}`" for state in rule.states if state not in {"", database.ANY}]
    return ": ".join(filter(None, (", ".join(named), rule.seen)))


def _row(answers: str, rule: FaultRow, remedy: str = "") -> Sequence[str]:
    by_itself = f"{remedy}{KINDS[rule.kind][0]}"
    sentences = (shown(rule.message), shown(rule.cure))
    return (answers, f"`{rule.code}`", f"`{rule.kind}`", by_itself, *sentences)
