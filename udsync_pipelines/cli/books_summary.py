"""What a sync did in the books: a table of ledgers for people, an object for scripts."""

from collections.abc import Iterable, Mapping
from typing import Any

from rich.table import Table

from udsync_pipelines.cli.output import console
from udsync_pipelines.orchestration.posted import LEDGERS, Posted, added, planned, posted
from udsync_pipelines.sync.plan import Plan, PlanState

PLATFORM = "quickbooks"
NAME = "QuickBooks"

_ALWAYS = ("created", "updated", "linked")
_IF_ANY = {
    "voided": "voided",
    "found": "found",
    "kept": "left alone",
    "rejected": "refused",
    "unknown": "in doubt",
    "unequal": "unequal",
}
_PLANNED = {
    "created": "to create",
    "updated": "to update",
    "linked": "to link",
    "voided": "to void",
}


def has_books(plans: Iterable[Plan]) -> bool:
    """Whether the books took part in these syncs."""
    prefix = f"{PLATFORM}."
    return any(name.startswith(prefix) for plan in plans for name in plan.counts)


def books_of(plans: Iterable[Plan]) -> dict[str, Posted]:
    """Kind → what these syncs together did to it, or would do."""
    return added(map(_of_plan, plans))


def books_as_json(plan: Plan) -> dict[str, Any] | None:
    """One sync's share of the books as an object; None when they took no part."""
    if not has_books([plan]):
        return None
    return {
        kind: {**one.counts, "money": {name: str(money) for name, money in one.money.items()}}
        for kind, one in _of_plan(plan).items()
    }


def money_of(plans: Iterable[Plan]) -> dict[str, Mapping[str, str]]:
    """Kind of document → currency → money posted, as texts, over several syncs."""
    return {
        kind: {currency: str(amount) for currency, amount in one.money.items()}
        for kind, one in books_of(plans).items()
        if one.money
    }


def print_books(plans: Iterable[Plan], *, is_done: bool) -> None:
    """The ledgers that were written to, each with its counts and the money posted."""
    found = books_of(plans)
    extra = {name: title for name, title in _IF_ANY.items() if _any(found, name)}
    table = Table(NAME)
    for name in _ALWAYS:
        table.add_column(name if is_done else _PLANNED[name], justify="right")
    for name, title in extra.items():
        table.add_column(title if is_done else _PLANNED.get(name, title), justify="right")
    if is_done:
        table.add_column("money posted", justify="right")
    for kind, one in found.items():
        cells = [f"{one.count(name):,}" for name in (*_ALWAYS, *extra)]
        table.add_row(LEDGERS[kind].replace("_", " "), *cells, *([_money(one)] if is_done else []))
    if not found:
        table.add_row("nothing to write", *("0" for _ in table.columns[1:]))
    console.print(table)


def _of_plan(plan: Plan) -> dict[str, Posted]:
    is_planned = plan.state in (PlanState.AWAITING_APPROVAL, PlanState.DRY_RUN)
    return (planned if is_planned else posted)(plan.counts, PLATFORM)


def _any(found: Mapping[str, Posted], name: str) -> bool:
    return any(one.count(name) for one in found.values())


def _money(one: Posted) -> str:
    return " + ".join(f"{amount:,} {currency}" for currency, amount in one.money.items() if amount)
