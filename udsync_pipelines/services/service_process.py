"""One supervised process: its log file, its end, and the end of what it started."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from udsync_pipelines.errors import ConfigurationError

STOP_SECONDS = 20.0
_PR_SET_PDEATHSIG = 1


class ServiceProcess:
    """A child in a session of its own, so that Ctrl-C reaches only the supervisor.

    On Linux it is told to stop when the supervisor dies, however that happens.
    """

    def __init__(
        self, command: Sequence[str], log_folder: Path, name: str, temporary: Path | None = None
    ) -> None:
        log_folder.mkdir(exist_ok=True)
        own = {} if temporary is None else {"TMPDIR": str(temporary)}
        self.name = name
        self.log_file = log_folder / f"{name.replace(' ', '-')}.log"
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own commands only
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=_end_with_parent if sys.platform == "linux" else None,
                env={**os.environ, "DAGSTER_GRPC_SHUTDOWN_GRACE_PERIOD": "5", **own},
            )

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def is_alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    def is_survived(self) -> bool:
        """Whether anything of its session still runs, for example what it has started."""
        try:
            os.killpg(self._process.pid, 0)
        except ProcessLookupError:
            return False
        return True

    def stop(self) -> None:
        """Ask it to stop, wait, and end what is left of its session."""
        if self.is_alive():
            self._process.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(STOP_SECONDS)
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return
        self._process.wait()

    def failure(self, what: str) -> ConfigurationError:
        """The error that says so and names the log."""
        return ConfigurationError(
            f"the {self.name} {what}.", cure=f"Look at {self.log_file}.", code="service_failed"
        )


def _end_with_parent() -> None:
    """In the child, before it becomes the service: have the kernel stop it with its parent."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
