"""Webhook deliveries in the hands of runs: claimed when a run begins to read, done when it closes.

What a failed run had claimed is given back; the next run of the lane claims it again.
"""

from collections.abc import Callable

from udsync_pipelines.services.installation import Installation
from udsync_pipelines.store.repositories import inbox_work
from udsync_pipelines.store.repositories.tenants import Tenant

RUN_ENDED = "the run ended before it was finished"


def holder(run_id: str, lane: str) -> str:
    """The name under which a run claims the deliveries of one of its lanes."""
    return f"{run_id}/{lane}"


def claim(installation: Installation, tenant: Tenant, run_id: str, lane: str) -> int:
    """Claim what waits for a lane; return how many deliveries this run has of it now."""
    with installation.state.tenant(tenant.id) as connection:
        found = inbox_work.claim(connection, tenant.id, lane, holder(run_id, lane))
    return sum(record.events for record in found)


def finish(installation: Installation, tenant: Tenant, run_id: str, lane: str) -> int:
    """What the run claimed of this lane is done; return how many deliveries."""
    with installation.state.tenant(tenant.id) as connection:
        return inbox_work.finish(connection, tenant.id, holder(run_id, lane))


def release_where(installation: Installation, is_over: Callable[[str], bool]) -> int:
    """Give back what runs claimed that are over, said by their id; return how many deliveries."""
    with installation.state.dispatch() as connection:
        held = inbox_work.claims(connection)
    released = 0
    for one in held:
        if is_over(one.run.partition("/")[0]):
            with installation.state.tenant(one.tenant_id) as connection:
                released += inbox_work.release(connection, one.tenant_id, one.run, RUN_ENDED)
    return released
