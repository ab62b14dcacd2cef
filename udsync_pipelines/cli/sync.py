"""`udsync sync`: one sync of a tenant, now."""

import sys
from typing import Annotated, Any

import typer

from udsync_pipelines.cli.options import AsJson, TenantName
from udsync_pipelines.cli.output import ExitCode, emit_json, leave, say
from udsync_pipelines.cli.runs import JobRun, run_job
from udsync_pipelines.cli.summary import (
    ONLY_PLANNED,
    answer,
    count_unsettled,
    exit_code,
    print_summary,
)
from udsync_pipelines.services.estimates import estimate_of_load
from udsync_pipelines.services.installation import Installation, open_installation
from udsync_pipelines.store.repositories.ledger import PostgresLedger
from udsync_pipelines.store.repositories.tenants import Tenant
from udsync_pipelines.sync.entities import LANES
from udsync_pipelines.sync.plan import Plan, PlanState

ASK_ABOVE = 10
"""On the command line, a plan of more changes than this asks first."""

ENTITIES = [*(lane.name for lane in LANES), "all"]


def known_entity(name: str) -> str:
    """Refuse what is no entity, before anything is opened."""
    if name not in ENTITIES:
        raise typer.BadParameter(f"{name!r} cannot be synced; use one of: {', '.join(ENTITIES)}")
    return name


def sync(
    entity: Annotated[
        str, typer.Argument(help="What to sync.", metavar="|".join(ENTITIES), callback=known_entity)
    ],
    tenant: TenantName,
    full: Annotated[
        bool, typer.Option("--full", help="Read the whole store and compare everything.")
    ] = False,
    since: Annotated[
        str | None, typer.Option(help="Only what changed at or after this time (ISO 8601).")
    ] = None,
    until: Annotated[
        str | None, typer.Option(help="Only what changed at or before this time.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show every change, write to no platform.")
    ] = False,
    accept_deletions: Annotated[
        bool,
        typer.Option(
            "--accept-deletions",
            help="Believe that records which vanished from the store in numbers are deleted.",
        ),
    ] = False,
    yes: Annotated[
        bool,
        typer.Option(
            "--yes",
            help=f"Do not ask, even for more than {ASK_ABOVE} changes, or to void documents.",
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Sync a tenant now: read the store, plan the changes, make them.

    More than 10 changes are asked about on a terminal; elsewhere they need --yes, or the plan is
    stored and the exit code is 4. What would void a document is parked with a question, unless
    --yes or the approval of the plan agrees to it.
    """
    # Imported late: it brings Dagster along, and a second that every other command spares.
    from udsync_pipelines.orchestration.config import window

    window(full=full, since=since, until=until)
    config = {
        "tenant": tenant,
        "full": full,
        "dry_run": dry_run,
        "accept_deletions": accept_deletions,
        "approve": "everything" if yes else "ask",
        "ask_above": ASK_ABOVE,
        **({"since": since} if since else {}),
        **({"until": until} if until else {}),
    }
    with open_installation() as installation:
        owner = installation.tenant(tenant)
        run = run_job(installation, owner, f"sync_{entity}", config, entity=entity)
        waiting = [plan for plan in run.plans if plan.state is PlanState.AWAITING_APPROVAL]
        if waiting and not as_json and _agrees(waiting):
            run = _apply(installation, owner, run, waiting)
        if not as_json:
            _tell_costs(installation, owner, run)
        ledger = PostgresLedger(installation.state, owner.id)
        finish(run, ledger, as_json=as_json)


def _tell_costs(installation: Installation, owner: Tenant, run: JobRun) -> None:
    """What plans that are only shown, or wait, will cost in the books."""
    for plan in run.plans:
        cost = estimate_of_load(installation, owner, plan)
        if cost is not None and plan.state in ONLY_PLANNED:
            say(f"{plan.lane}: {cost.line()}")


def finish(run: JobRun, ledger: PostgresLedger, *, as_json: bool) -> None:
    """Say how a run ended, and leave with its exit code."""
    if as_json:
        emit_json(answer(run, ledger))
    else:
        print_summary(run, ledger)
    code = exit_code(run, count_unsettled(run, ledger))
    if code is not ExitCode.SETTLED:
        raise leave(code)


def approve_and_apply(installation: Installation, owner: Tenant, plan: Plan) -> JobRun:
    """Approve a plan that waits, and carry it out."""
    PostgresLedger(installation.state, owner.id).approve(plan.id, "operator")
    config = {"tenant": owner.name, "plan": str(plan.id)}
    return run_job(installation, owner, "apply_plan", config, entity=plan.lane)


def _apply(installation: Installation, owner: Tenant, run: JobRun, waiting: list[Plan]) -> JobRun:
    applied = [approve_and_apply(installation, owner, plan) for plan in waiting]
    ledger = PostgresLedger(installation.state, owner.id)
    failed = any(one.status != "SUCCESS" for one in applied)
    return JobRun(run.run_id, "FAILURE" if failed else run.status, ledger.plans_of_run(run.run_id))


def _agrees(plans: list[Plan]) -> bool:
    """Ask a person at a terminal; where there is none, nobody has agreed."""
    if not sys.stdin.isatty():
        return False
    for plan in plans:
        say(f"{plan.lane}: {_changes(plan)}. Details: udsync plan show {plan.id}")
    return typer.confirm("Make these changes?")


def _changes(plan: Plan) -> str:
    counts: dict[str, Any] = dict(plan.counts)
    named = {
        action: sum(number for key, number in counts.items() if key.endswith(f".{action}"))
        for action in ("create", "update", "delete")
    }
    voided = f", {named['delete']} to void" if named["delete"] else ""
    return f"{named['create']} to create, {named['update']} to update{voided}"
