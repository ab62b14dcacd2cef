"""Workers that are forked by Python's fork server, and end when it does.

The fork server alone tells the code server that a worker has ended. When it is killed, all its
workers count as dead: their runs fail, and are executed again. So none of them may go on.
"""

import ctypes
import signal
import sys
from multiprocessing.context import ForkServerContext, ForkServerProcess

_ON_PARENTS_DEATH = 1  # PR_SET_PDEATHSIG of prctl(2)


class ForkedWorker(ForkServerProcess):
    """A process that is killed when the fork server that has forked it ends."""

    def run(self) -> None:
        """Do the work, bound to the fork server where the system can do that."""
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(_ON_PARENTS_DEATH, signal.SIGKILL)
        super().run()


class ForkingContext(ForkServerContext):
    """Where the code server gets its workers from."""

    Process = ForkedWorker
