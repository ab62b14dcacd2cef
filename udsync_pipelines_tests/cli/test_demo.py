"""`udsync demo` from beginning to end, as whoever tries the product first sees it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from udsync_pipelines_tests.cli.commands import CommandLine

SECONDS = 400.0
"""About a minute where nothing else runs."""

pytestmark = [pytest.mark.postgres, pytest.mark.slow]


def test_the_demo_proves_rows_and_books_and_leaves_nothing_behind(
    new_server_home: Callable[[], Path], tmp_path: Path
) -> None:
    folder = new_server_home()
    folder.mkdir()
    folder.chmod(0o711)  # the user who runs PostgreSQL for root passes through

    with CommandLine(folder, tmp_path).started("demo", TMPDIR=str(folder)) as process:
        shown, errors = process.communicate(timeout=SECONDS)

    assert process.returncode == 0, shown + errors
    assert errors == "close_orders: 8 records were parked; all others are synced\n"
    assert "Every figure is equal to the cent; the second sync wrote nothing." in shown
    assert _cells(shown, "CAD sales") == ["218", "218", "0", "0"]
    assert _cells(shown, "CAD sales, total") == ["45,443.91", "45,443.91", "0", "0.00"]
    assert _cells(shown, "CAD refunds, tax in it") == ["306.45", "306.45", "0", "0.00"]
    assert _cells(shown, "USD sales") == ["2", "0", "2", "0"]
    assert "8 orders stay parked: this company keeps one currency." in shown
    assert "its own audit finds nothing; the second sync wrote nothing." in shown
    assert list(folder.iterdir()) == []


def _cells(shown: str, name: str) -> list[str]:
    """The figures of the row of this name in the proof of the books, the last one that has it."""
    rows = ([cell.strip() for cell in line.split("│")[1:-1]] for line in shown.splitlines())
    return [row for row in rows if row and row[0] == name][-1][1:]
