"""What a command says: sentences for people, one JSON object for scripts, and an exit code."""

import sys
from collections.abc import Mapping
from enum import IntEnum
from typing import Any

import orjson
import typer
from rich.console import Console

console = Console(highlight=False, soft_wrap=True)
errors = Console(stderr=True, highlight=False, soft_wrap=True)


class ExitCode(IntEnum):
    """How a command ended; scripts rely on these."""

    SETTLED = 0
    FAILED = 1
    USAGE = 2
    PARKED = 3
    AWAITING_APPROVAL = 4


def say(text: str) -> None:
    """A line for a person, exactly as it stands."""
    console.print(text, markup=False)


def complain(text: str) -> None:
    """A line about what went wrong, on the error stream."""
    errors.print(text, markup=False, style="red")


def emit_json(answer: Mapping[str, Any]) -> None:
    """One JSON object, the last line of standard output."""
    sys.stdout.flush()
    sys.stdout.buffer.write(orjson.dumps(answer, default=str) + b"\n")
    sys.stdout.flush()


def leave(code: ExitCode) -> typer.Exit:
    """The exception that ends a command with this code."""
    return typer.Exit(int(code))
