"""What is left to do for a run that ended without closing its syncs."""

from udsync_pipelines.services.installation import Installation
from udsync_pipelines.store.repositories import tenants
from udsync_pipelines.store.repositories.ledger import PostgresLedger
from udsync_pipelines.sync.plan import PlanState

UNFINISHED = (PlanState.PLANNING, PlanState.APPROVED, PlanState.APPLYING)


def close_failed_run(installation: Installation, tenant_name: str, run_id: str) -> int:
    """Mark the syncs that the run left unfinished as failed; return how many.

    A sync that says itself why it failed keeps its own words; one that waits for approval is not
    touched. What a failed sync left undone is done by the next one.
    """
    with installation.state.dispatch() as connection:
        tenant = tenants.find(connection, tenant_name)
    if tenant is None:
        return 0
    ledger = PostgresLedger(installation.state, tenant.id)
    unfinished = [plan for plan in ledger.plans_of_run(run_id) if plan.state in UNFINISHED]
    for plan in unfinished:
        ledger.move_plan(
            plan.id,
            PlanState.FAILED,
            error={
                "step": plan.state.value,
                "code": "run_ended",
                "message": "the run ended before the sync was finished.",
                "cure": "The next sync finishes the work; the run's page shows the cause.",
            },
        )
    return len(unfinished)
