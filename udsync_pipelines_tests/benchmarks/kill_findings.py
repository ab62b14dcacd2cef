"""What was seen of kills, as a table and as a verdict."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

LONGEST_SECONDS = 60.0
WORKER = "run worker"
DATABASE = "database"
FORK_SERVER = "fork server"
BEFORE_IT_BEGAN = "run worker before it began, and code server"


@dataclass(frozen=True, slots=True)
class Kill:
    """One `kill -9` and what came of it; times in seconds from it, None where it has no meaning.

    Attributes:
        what: the process that was killed.
        moment: when, in words.
        booked: until the next order that was sold was in the books.
        taken_over: until another run had the lane of the killed one.
        ended: until every run that was under way had ended.
        syncs: runs that the work took after the killed one.
        told: what an operator reads of it.
        problems: what was doubled, lost or wrong when all was done.
    """

    what: str
    moment: str
    told: str
    ended: float
    booked: float | None = None
    taken_over: float | None = None
    syncs: int | None = None
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Load:
    """What was sold while services were killed, and what became of its webhooks."""

    orders: int
    seconds: float
    delivered: int
    refused: int
    swept: int
    problems: tuple[str, ...]


def table(kills: Sequence[Kill]) -> str:
    """The kills as a table, the texts shortened."""
    columns = (
        "killed", "when", "runs ended after", "lane taken over after", "next order booked after",
        "syncs",
    )  # fmt: skip
    rows = [
        f"| {one.what} | {one.moment} | {_seconds(one.ended)} | {_seconds(one.taken_over)}"
        f" | {_seconds(one.booked)} | {'-' if one.syncs is None else one.syncs} |"
        for one in kills
    ]
    head = [f"| {' | '.join(columns)} |", f"|{' --- |' * len(columns)}"]
    return "\n".join([*head, *rows])


def summary(load: Load) -> str:
    """The load in one sentence."""
    return (
        f"{load.orders} orders in {load.seconds:.0f} s; {load.delivered} webhooks were answered"
        f" with 200, {load.refused} were not; {load.swept} times webhooks that the store had given"
        " up were set up again"
    )


def missed(kills: Sequence[Kill], load: Load | None = None) -> Iterator[str]:
    """Every promise that was broken."""
    for number, one in enumerate(kills, 1):
        name = f"kill {number} ({one.what}, {one.moment})"
        if one.ended > LONGEST_SECONDS:
            yield f"{name}: a run hung for {one.ended:.0f} s"
        if one.taken_over is not None and one.taken_over > LONGEST_SECONDS:
            yield f"{name}: the lane was taken over only after {one.taken_over:.0f} s"
        if not one.told:
            yield f"{name}: nothing tells what happened"
        yield from (f"{name}: {problem}" for problem in one.problems)
    if load is not None:
        yield from load.problems


def verdict(kills: Sequence[Kill], load: Load | None = None) -> int:
    """Print everything; return the exit code."""
    print(table(kills))
    if load is not None:
        print(summary(load))
    problems = list(missed(kills, load))
    for problem in problems:
        print(f"MISSED: {problem}")
    if not problems:
        print("Every bar holds: nothing is doubled, lost or wrong, no run hung, each kill is told.")
    return 1 if problems else 0


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f} s"
