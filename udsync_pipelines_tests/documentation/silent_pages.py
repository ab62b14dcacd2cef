"""The page of the silent faults, from the tables by which they are injected."""

from collections.abc import Mapping

from udsync_pipelines_tests.documentation.markdown import table
from udsync_pipelines_tests.scenarios.silent_faults import (
    BOOKS_QUESTIONS,
    BOOKS_WRITES,
    HEALED,
    STORE_LISTS,
    STORE_RECORDS,
    SilentFault,
)

INTRODUCTION = """# Never silent

The worst failures say nothing: an answer of status 200 that is not true. Each of these is injected
into a sync by the emulated platforms, for as long as it lasts, with something new to be synced, in
books that forget request ids. Either the run is healed by itself (it asks again, asks another
way, or looks the document up) and everything is there, or it does not end green and names what a
person can look at. Once the fault is lifted, everything is there, once.

What no client can notice: a platform that consistently says that a record does not exist, in every
list and in every count, looks like one that does not have it.
"""

CLOCKS = "\n".join(
    (
        "## Clocks that are wrong\n",
        "Bookmarks are times of the platform's own clock, so it does not matter what ours says.\n",
        table(
            ("fault", "how the sync ends"),
            [
                ("the store's clock is set back", "healed: the list is read whole"),
                ("the same, by less than five minutes", "healed: these are read again anyway"),
                ("our clock is ahead of QuickBooks'", "healed: QuickBooks' own time is noted"),
            ],
        ),
    )
)

SECTIONS: Mapping[str, tuple[str, str, Mapping[str, SilentFault]]] = {
    "Lists of the store": (
        "A list is walked by id with one row of overlap. Numbers of rows, order and repetition are "
        "checked, a full page is never taken for the last one, and what is wrong is asked for once "
        "more before it is said.",
        "not green; names the list and the row where it broke",
        STORE_LISTS,
    ),
    "Records of the store": (
        "An order must add up from its lines and taxes before it is posted, and be readable in "
        "every field that matters. A full sync (`--full`) reads again what the store has said "
        "wrongly.",
        "not green; names the order and why",
        STORE_RECORDS,
    ),
    "Writes to the books": (
        "An answer must be about what was sent (its number or our marker), else what became of it "
        "is looked up, by number and by day, customer and marker. Total, tax, currency, number, "
        "marker and customer of what came out are compared with what was sent.",
        "not green; names the order, and what came out differently",
        BOOKS_WRITES,
    ),
    "Questions to the books": (
        "Lists in which a missing customer or item would be made a second time are checked "
        "against how many there are. An answer to another question is not taken for an empty list.",
        "not green; names the question and the row from which it was asked",
        BOOKS_QUESTIONS,
    ),
}


def render_silent_faults() -> str:
    """The page: what protects, then each fault with how the sync ends."""
    sections = [
        f"## {title}\n\n{note}\n\n" + table(("fault", "how the sync ends"), _rows(named, cases))
        for title, (note, named, cases) in SECTIONS.items()
    ]
    return "\n".join((INTRODUCTION, *sections, CLOCKS))


def _rows(named: str, cases: Mapping[str, SilentFault]) -> list[tuple[str, str]]:
    return [
        (case.what, "healed: green, and everything is there" if case.named == HEALED else named)
        for case in cases.values()
    ]
