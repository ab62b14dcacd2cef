"""The report of a campaign as a page of the documentation; its figures depend on no machine."""

from collections.abc import Iterator, Mapping

from udsync_pipelines_tests.chaos.kinds import KINDS, Side
from udsync_pipelines_tests.chaos.schedule import Hand, Way
from udsync_pipelines_tests.chaos.tally import Tally

_BEGIN, _END = "<!-- campaign: begin -->", "<!-- campaign: end -->"


def put_into(page: str, tally: Tally) -> str:
    """The page with the figures of its last campaign replaced by these.

    Raises:
        ValueError: the page has no place for them.
    """
    before, _, rest = page.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    if not (rest and after):
        raise ValueError("the page has no place for the figures of a campaign")
    return f"{before}{_BEGIN}\n{figures(tally)}{_END}{after}"


def figures(tally: Tally) -> str:
    """The figures as Markdown."""
    return "\n".join((*_outcome(tally), *_ways(tally), *_struck(tally), *_hands(tally)))


def _outcome(tally: Tally) -> Iterator[str]:
    sums, ended = tally.sums, tally.ended
    yield from _table(
        ("of the last campaign", ""),
        {
            "schedules": tally.schedules,
            "of them with a company that ignores `requestid`": tally.ignoring,
            "of them with a process or a database that was killed": tally.with_real_kills,
            "orders sold": sums["orders"],
            "faults that struck a request": tally.struck.total(),
            "syncs that ended green, and had everything": ended["green"],
            "syncs that ended with parked records or writes in doubt": ended["not green"],
            "syncs that failed": ended["failed"],
            "syncs that were killed": tally.processes_killed,
            "documents in the books in the end": sums["documents"],
            "of all writes, found by looking after their answer was lost": sums["found"],
            "orders and refunds parked in the end, each with a reason": sums["parked"],
            "**schedules with anything doubled, lost, wrong or left open**": len(tally.broken),
        },
    )


def _ways(tally: Tally) -> Iterator[str]:
    yield from _table(("how syncs were run", "times"), {way: tally.rounds[way] for way in Way})


def _struck(tally: Tally) -> Iterator[str]:
    for side, title in ((Side.BOOKS, "what QuickBooks did"), (Side.STORE, "what the store did")):
        names = (kind.words for kind in KINDS[side])
        yield from _table(
            (title, "times"), {name: tally.struck[f"{side}: {name}"] for name in names}
        )


def _hands(tally: Tally) -> Iterator[str]:
    names = {hand: str(hand).removesuffix(" order").removesuffix(" guest") for hand in Hand}
    yield from _table(
        ("what people did in the books between our read and our write", "times"),
        {name: tally.hands[hand] for hand, name in names.items()},
    )


def _table(head: tuple[str, str], rows: Mapping[str, int]) -> Iterator[str]:
    yield f"| {head[0]} | {head[1]} |"
    yield "| --- | ---: |"
    yield from (f"| {name} | {number:,} |" for name, number in rows.items())
    yield ""
