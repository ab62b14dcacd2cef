"""Which bookmark a read leaves behind."""

from datetime import UTC, datetime

import pytest

from udsync_pipelines.sync.records import READ, Window

DAY = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("window", "purpose"),
    [
        (Window(), READ),
        (Window(full=True), READ),
        (Window(since=DAY), ""),
        (Window(since=DAY, of_creation=True), "read:2026-03-01T00:00:00+00:00.."),
        (Window(until=DAY, of_creation=True), "read:..2026-03-01T00:00:00+00:00"),
    ],
)
def test_only_spans_of_creation_have_bookmarks_of_their_own(window: Window, purpose: str) -> None:
    assert window.purpose == purpose
