"""Progress on a terminal, and nothing else there."""

import io
import sys
from contextlib import redirect_stderr

import pytest
from rich.console import Console

from udsync_pipelines.cli import progress


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    written = io.StringIO()
    terminal = Console(file=written, force_terminal=True)
    monkeypatch.setattr(progress, "console", terminal)
    return written


def test_a_log_that_was_led_to_a_file_stays_off_the_screen(screen: io.StringIO) -> None:
    log = io.StringIO()

    with redirect_stderr(log), progress.showing(list):
        sys.stderr.write("a line of Dagster's log\n")

    assert log.getvalue() == "a line of Dagster's log\n"
    assert "Dagster" not in screen.getvalue()


def test_a_person_at_a_terminal_sees_that_work_has_begun(screen: io.StringIO) -> None:
    with progress.showing(list):
        pass

    assert "starting" in screen.getvalue()
