"""Named points at which a crash test ends the process, as `kill -9` would."""

import os
import signal
from collections import Counter
from collections.abc import Callable


def fail_points(fail_at: str | None) -> Callable[[str], None]:
    """What the engine tells each point it reaches: does nothing, except at the one named.

    Args:
        fail_at: a point, or a point and the count of the passage, like `page.archived:3`.
    """
    if not fail_at:
        return lambda _: None
    name, _, passage = fail_at.partition(":")
    passed: Counter[str] = Counter()

    def reached(point: str) -> None:
        passed[point] += 1
        if point == name and passed[point] == int(passage or 1):
            os.kill(os.getpid(), signal.SIGKILL)

    return reached
