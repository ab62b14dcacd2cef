"""A process of its own that holds a lane until it is killed.

Call with the URL of the state database, the tenant's id and the lane.
"""

import sys
from uuid import UUID

from udsync_pipelines.store.lane_locks import LaneLocks

if __name__ == "__main__":
    LaneLocks(sys.argv[1]).hold(UUID(sys.argv[2]), "acme", sys.argv[3])
    sys.stdout.write("held\n")
    sys.stdout.flush()
    sys.stdin.read()
