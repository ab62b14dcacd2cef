"""Plans that a person has approved are carried out, also when whoever approved has gone."""

from collections.abc import Iterator

import dagster as dg

from udsync_pipelines.orchestration.asking import is_under_way
from udsync_pipelines.orchestration.config import Trigger
from udsync_pipelines.orchestration.jobs import apply_plan
from udsync_pipelines.services.run_tags import SYNC, run_tags
from udsync_pipelines.services.standing_installation import standing_installation
from udsync_pipelines.store.repositories import approved_plans as repository
from udsync_pipelines.store.repositories import tenants
from udsync_pipelines.store.repositories.approved_plans import ApprovedPlan

MOST_RUNS = 3
"""So often a plan is tried; then a person has to look why it cannot be carried out.

Each time Dagster executes a run whose process was killed again, as `dagster.yaml` says.
"""


@dg.sensor(
    name="approved_plans",
    jobs=[apply_plan],
    minimum_interval_seconds=4,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Starts `apply_plan` for plans that a person has approved and nobody carries out, "
    "or not to the end.",
)
def approved_plans(context: dg.SensorEvaluationContext) -> list[dg.RunRequest] | dg.SkipReason:
    """Ask for a run of each approved plan whose lane is free."""
    asked = [
        _request(tenant, plan, runs)
        for tenant, plan in _waiting()
        if not is_under_way(context.instance, tenant, plan.lane)
        and (runs := _runs(context.instance, plan)) < MOST_RUNS
    ]
    return asked or dg.SkipReason("No approved plan waits.")


def _waiting() -> Iterator[tuple[str, ApprovedPlan]]:
    with standing_installation() as installation:
        with installation.state.dispatch() as connection:
            every = [one for one in tenants.list_all(connection) if one.is_enabled]
        for tenant in every:
            with installation.state.tenant(tenant.id) as connection:
                for plan in repository.to_carry_out(connection, tenant.id):
                    yield tenant.name, plan


def _runs(instance: dg.DagsterInstance, plan: ApprovedPlan) -> int:
    """How often it was tried; what Dagster executed again by itself is the same try."""
    wanted = dg.RunsFilter(job_name=apply_plan.name, tags=_tags(plan))
    return sum(run.root_run_id is None for run in instance.get_runs(wanted))


def _tags(plan: ApprovedPlan) -> dict[str, str]:
    return {f"{SYNC}{plan.lane}": str(plan.id)}


def _request(tenant: str, plan: ApprovedPlan, runs: int) -> dg.RunRequest:
    trigger = Trigger.schedule
    return dg.RunRequest(
        job_name=apply_plan.name,
        run_key=f"{plan.id}:{runs + 1}",
        run_config={"tenant": tenant, "plan": str(plan.id), "trigger": trigger.name},
        tags={**run_tags(tenant, plan.lane, trigger.value), **_tags(plan)},
    )
