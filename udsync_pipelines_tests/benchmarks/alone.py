"""Run a module of this package in a process of its own, with nothing of the caller's settings."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).parents[2]
LONGEST_RUN_SECONDS = 3600


def run_alone(
    home: Path, module: str, *arguments: str, settings: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """What the module printed last, read as JSON; `settings` are added to its environment."""
    # The caller's own udsync settings must not reach what is measured.
    kept = {name: text for name, text in os.environ.items() if not name.startswith("UDSYNC_")}
    with _lifeline() as stdin:
        finished = subprocess.run(
            [sys.executable, "-m", f"{__package__}.{module}", *arguments],
            cwd=home.parent,  # away from a .env
            env={
                **kept,
                "UDSYNC_HOME": str(home),
                "PYTHONPATH": str(CHECKOUT),
                **(settings or {}),
            },
            stdin=stdin,
            stdout=subprocess.PIPE,
            timeout=LONGEST_RUN_SECONDS,
            check=True,
        )
    answer: dict[str, Any] = json.loads(finished.stdout.splitlines()[-1])
    return answer


def end_with_parent() -> None:
    """Called by what `run_alone` runs: it ends when its parent does, in whatever way."""

    def wait() -> None:
        os.read(0, 1)  # nothing is ever written
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


@contextmanager
def _lifeline() -> Iterator[int]:
    """An input that ends when this process does."""
    reading, writing = os.pipe()
    try:
        yield reading
    finally:
        os.close(reading)
        os.close(writing)
