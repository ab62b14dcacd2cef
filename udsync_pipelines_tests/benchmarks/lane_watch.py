"""Who has the lane of orders, and since when: looked at all the time while processes are killed."""

import threading
import time
from types import TracebackType
from typing import Self

from udsync_pipelines_tests.benchmarks.served_shop import ServedShop

EVERY_SECONDS = 0.3
_LANE = (
    "select fence, extract(epoch from acquired_at)::float8 as since from udsync.leases"
    " where name = 'lane:orders'"
)


class LaneWatch:
    """Remembers each grant of the lane: its fencing number, and when it was given."""

    def __init__(self, served: ServedShop) -> None:
        self._served = served
        self._grants: dict[int, float] = {}
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._look, name="lane watch")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopped.set()
        self._thread.join()

    def seconds_until_taken(self, killed_at: float) -> float | None:
        """From this time, in seconds since 1970, until the next grant; None: nobody took it."""
        later = [since for since in list(self._grants.values()) if since > killed_at]
        return min(later) - killed_at if later else None

    def _look(self) -> None:
        while not self._stopped.wait(EVERY_SECONDS):
            for row in self._served.state(_LANE):
                self._grants[row["fence"]] = row["since"]


def now() -> float:
    """The time in seconds since 1970, as Dagster and the database tell it."""
    return time.time()
