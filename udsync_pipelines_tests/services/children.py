"""Start programs of `child_process` and collect their answers."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from udsync_pipelines_tests.services import child_process


def start_children(home: Path, task: str, count: int) -> list[subprocess.Popen[str]]:
    """Start programs and wait until all are ready for their task."""
    children = [
        subprocess.Popen(  # noqa: S603 (our own program)
            [sys.executable, "-m", child_process.__name__, home, task],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(count)
    ]
    for child in children:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
    return children


def start_child(home: Path, task: str) -> subprocess.Popen[str]:
    """Start one program and wait until it is ready for its task."""
    return start_children(home, task, 1)[0]


def let_go(child: subprocess.Popen[str]) -> None:
    """Let a program begin with its task."""
    assert child.stdin is not None
    child.stdin.write("\n")
    child.stdin.flush()


def answers(children: Sequence[subprocess.Popen[str]]) -> list[dict[str, Any]]:
    """Let all programs begin at once and return what each answers."""
    for child in children:
        let_go(child)
    said = [child.communicate(timeout=120)[0] for child in children]
    assert [child.returncode for child in children] == [0] * len(children)
    return [json.loads(text) for text in said]


def answer(home: Path, task: str) -> dict[str, Any]:
    """Run one program and return what it answers."""
    return answers(start_children(home, task, 1))[0]
