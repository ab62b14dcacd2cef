"""Calling `udsync` in a process of its own, and reading how it ended."""

import itertools
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from udsync_pipelines.cli import main
from udsync_pipelines_tests.scenarios.processes import PROCESSES
from udsync_pipelines_tests.services.child_process import become_ordinary

SCRIPT = Path(sys.executable).with_name("udsync")
"""The command as it is installed."""

_SECONDS = 120.0
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Result:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The JSON object on the last line of standard output."""
        answer: dict[str, Any] = orjson.loads(self.out.splitlines()[-1])
        return answer

    @property
    def complaint(self) -> str:
        """The one line on the error stream."""
        lines = self.err.splitlines()
        assert len(lines) == 1, self.err
        return lines[0]


class CommandLine:
    """The command with a home folder of its own, in an empty current folder.

    No result ever holds a traceback.
    """

    def __init__(self, home: Path, folder: Path, **settings: str) -> None:
        self.home = home
        self.folder = folder
        self._settings = settings

    def environment(self, **settings: str) -> dict[str, str]:
        """The variables of a command: ours only, nothing that the machine has set for udsync."""
        kept = {name: value for name, value in os.environ.items() if "UDSYNC" not in name}
        return {**kept, "UDSYNC_HOME": str(self.home), **self._settings, **settings}

    def __call__(self, *arguments: str, **settings: str) -> Result:
        """Run `udsync ARGUMENTS` to its end; further variables may be set."""
        return self._run(arguments, settings, is_ordinary=False)

    def as_ordinary_user(self, *arguments: str, **settings: str) -> Result:
        """The same by a user without root's rights."""
        return self._run(arguments, settings, is_ordinary=True)

    def _run(
        self, arguments: Sequence[str], settings: Mapping[str, str], *, is_ordinary: bool
    ) -> Result:
        out, err = (self.folder / f"{name}-{next(_numbers)}" for name in ("out", "err"))
        process = PROCESSES.Process(
            target=_udsync,
            args=(
                list(arguments),
                self.environment(**settings),
                str(self.folder),
                (out, err),
                is_ordinary,
            ),
        )
        process.start()
        process.join(_SECONDS)
        if process.exitcode is None:
            process.kill()
            raise AssertionError(f"udsync {' '.join(arguments)} does not end")
        result = Result(process.exitcode, out.read_text(), err.read_text())
        assert "Traceback" not in result.out + result.err, result.err
        return result

    @contextmanager
    def started(self, *arguments: str, **settings: str) -> Iterator[subprocess.Popen[str]]:
        """`udsync ARGUMENTS` as it is installed, while the block runs; then it is terminated."""
        process = subprocess.Popen(  # noqa: S603 - our own command
            [SCRIPT, *arguments],
            env=self.environment(**settings),
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            process.communicate(timeout=_SECONDS)


def _udsync(
    arguments: list[str],
    environment: Mapping[str, str],
    folder: str,
    streams: tuple[Path, Path],
    is_ordinary: bool,
) -> None:
    os.setsid()
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    for number, path in zip((1, 2), streams, strict=True):
        target = os.open(path, os.O_WRONLY | os.O_CREAT, 0o644)
        os.dup2(target, number)
        os.close(target)
    if is_ordinary:
        os.chdir("/")  # pytest's folders are closed to others
        become_ordinary()
    main.run(arguments)
