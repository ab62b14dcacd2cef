"""A process of its own that holds a lane until it is killed, and works in it when it is told to.

Call with the URL of the state database, the tenant's id, the lane and the seconds of a lease. Each
line on its input is answered with `done`, or with the code of the error.
"""

import sys
from uuid import UUID

from udsync_pipelines.errors import UdsyncError
from udsync_pipelines.store.lane_leases import LaneLeases
from udsync_pipelines.store.tenancy import StateDatabase


def say(text: str) -> None:
    """One line to whoever holds the other end."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def work(leases: LaneLeases, tenant_id: UUID, how: str) -> str:
    """A transaction, or what comes before a request to a platform."""
    try:
        if how == "transaction":
            with leases.fenced().tenant(tenant_id):
                pass
        else:
            leases.must_hold()
    except UdsyncError as error:
        return error.code
    return "done"


def main(url: str, tenant: str, lane: str, seconds: str) -> None:
    """Hold the lane and answer."""
    tenant_id = UUID(tenant)
    leases = LaneLeases(StateDatabase(url), url, tenant_id, seconds=float(seconds))
    leases.hold("acme", lane)
    say("held")
    for line in sys.stdin:
        say(work(leases, tenant_id, line.strip()))


if __name__ == "__main__":
    main(*sys.argv[1:])
