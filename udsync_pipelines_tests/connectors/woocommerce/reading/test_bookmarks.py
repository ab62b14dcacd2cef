"""Bookmarks are JSON, have a version, and say what they said after being stored."""

from datetime import UTC, datetime, timedelta

import orjson
import pytest

from udsync_pipelines.connectors.woocommerce.reading.bookmarks import (
    Changes,
    FullRead,
    State,
    Sweep,
    read_bookmark,
)
from udsync_pipelines.connectors.woocommerce.reading.changes import Reach, Span
from udsync_pipelines.connectors.woocommerce.reading.walk import Position

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
SECOND = Span(NOON, NOON + timedelta(seconds=2), NOON, Position(99, 500))
WINDOW = Span(NOON, None, None, Position(198, 7))


@pytest.mark.parametrize(
    "state",
    [
        FullRead(NOON),
        FullRead(NOON, Position(99, 100), (4, 5), is_walked=True, by_parents=True),
        Changes(NOON, NOON),
        Changes(NOON, NOON, by_parents=True),
        Changes(NOON, NOON, in_trash=True),
        Changes(NOON, NOON, Reach(NOON, newest=NOON)),
        Changes(NOON, NOON, Reach(NOON, SECOND, NOON), in_trash=True),
        Changes(NOON, NOON, Reach(NOON, WINDOW)),
        Sweep(),
        Sweep(Position(198, 199)),
    ],
)
def test_a_stored_bookmark_says_what_it_said(state: State) -> None:
    stored = orjson.loads(orjson.dumps(state.json()))

    assert stored["v"] == 1
    assert read_bookmark(stored) == state


@pytest.mark.parametrize("bookmark", [{}, {"v": 2, "changed": "x"}, {"v": 1}])
def test_a_bookmark_that_we_do_not_know_says_nothing(bookmark: dict[str, object]) -> None:
    assert read_bookmark(bookmark) is None  # type: ignore[arg-type]  # any stored JSON
