"""Running a job and waiting for it: through the running services, or in this process."""

from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from udsync_pipelines.cli.interruptions import noticing_interruptions
from udsync_pipelines.cli.progress import showing
from udsync_pipelines.services.dagster_home import prepare_dagster_home
from udsync_pipelines.services.failed_runs import EndedRun, close_failed_run
from udsync_pipelines.services.installation import Installation
from udsync_pipelines.services.process_set import running_services
from udsync_pipelines.services.run_tags import ALL, TENANT, run_tags
from udsync_pipelines.services.runs import DagsterDoor
from udsync_pipelines.store.repositories.ledger import PostgresLedger
from udsync_pipelines.store.repositories.tenants import Tenant
from udsync_pipelines.sync.plan import Plan


@dataclass(frozen=True, slots=True)
class JobRun:
    """A job that was run to its end: its id, Dagster's verdict, its plans, why it failed."""

    run_id: str
    status: str
    plans: Sequence[Plan]
    reasons: Sequence[str] = ()


def run_job(
    installation: Installation,
    tenant: Tenant,
    job: str,
    run_config: Mapping[str, Any],
    *,
    entity: str = ALL,
    trigger: str = "manual",
) -> JobRun:
    """Run a job of this tenant that syncs an entity (a lane's name, or `all`); wait for its end.

    With `udsync up` running, the run is launched there; otherwise it is executed in this process,
    against the same Dagster instance, and shows in its pages later.

    Raises:
        ConfigurationError: Dagster refuses the configuration.
        PlatformUnavailableError: the running services went away.
        KeyboardInterrupt: Ctrl-C or a TERM signal has ended the run in this process.
    """
    ledger = PostgresLedger(installation.state, tenant.id)
    tags = run_tags(tenant.name, entity, trigger)
    services = running_services(installation.settings.home)
    if services is not None:
        door = DagsterDoor(services.url)
        run_id = door.launch(job, run_config, tags)
        with showing(lambda: ledger.plans_of_run(run_id)):
            status = door.wait(run_id)
    else:
        run_id, status = _execute_here(installation, job, run_config, tags)
    reasons = () if status == "SUCCESS" else _reasons(installation, run_id)
    return JobRun(run_id, status, ledger.plans_of_run(run_id), reasons)


def _execute_here(
    installation: Installation, job: str, run_config: Mapping[str, Any], tags: Mapping[str, str]
) -> tuple[str, str]:
    """Execute a job in this process. Imported late: Dagster takes a second that `--help` spares."""
    import dagster as dg

    from udsync_pipelines.definitions import defs

    home = prepare_dagster_home(installation.settings)
    ledger = PostgresLedger(installation.state, installation.tenant(tags[TENANT]).id)
    run_id = str(uuid4())
    # Dagster's console log, tracebacks included, is for the log file; the run's page has it too.
    with (
        (home / "logs" / "runs.log").open("a") as log,
        redirect_stderr(log),
        dg.DagsterInstance.get() as instance,
        showing(lambda: ledger.plans_of_run(run_id)),
        noticing_interruptions() as is_interrupted,
    ):
        result = defs.resolve_job_def(job).execute_in_process(
            run_config=dict(run_config),
            instance=instance,
            tags=dict(tags),
            run_id=run_id,
            raise_on_error=False,
        )
        if not result.success and is_interrupted():
            (ended,) = instance.get_runs(dg.RunsFilter(run_ids=[run_id]))
            close_failed_run(installation, EndedRun(ended.tags, [run_id]))
            raise KeyboardInterrupt
    return run_id, "SUCCESS" if result.success else "FAILURE"


def _reasons(installation: Installation, run_id: str) -> Sequence[str]:
    """What Dagster has noted of the ops that failed, or of the run itself; a line each."""
    import dagster as dg

    prepare_dagster_home(installation.settings)
    with dg.DagsterInstance.get() as instance:
        for kind in (dg.DagsterEventType.STEP_FAILURE, dg.DagsterEventType.RUN_FAILURE):
            events = [entry.dagster_event for entry in instance.all_logs(run_id, of_type=kind)]
            if events:
                return tuple(_reason(event) for event in events if event is not None)
    return ()


def _reason(event: Any) -> str:
    failure = event.step_failure_data if event.is_step_failure else None
    if failure is None:
        return str(event.message).splitlines()[0]
    if failure.user_failure_data is not None and failure.user_failure_data.description:
        return f"{event.step_key}: {failure.user_failure_data.description}"
    return f"{event.step_key}: an unexpected error; Dagster's page of the run shows it."
