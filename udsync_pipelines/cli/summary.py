"""What a sync came to: a table for people, an object for scripts, an exit code."""

from typing import Any

from rich.table import Table

from udsync_pipelines.cli.output import ExitCode, complain, console, say
from udsync_pipelines.cli.runs import JobRun
from udsync_pipelines.store.repositories.ledger import PostgresLedger
from udsync_pipelines.sync.entities import lane_named
from udsync_pipelines.sync.plan import Plan, PlanState

COLUMNS = ("read", "created", "updated", "skipped", "parked")
ONLY_PLANNED = (PlanState.AWAITING_APPROVAL, PlanState.DRY_RUN)
PLANNED_NAMES = {"created": "to create", "updated": "to update", "skipped": "to skip"}
SHOWN_PARKED = 20


def exit_code(run: JobRun) -> ExitCode:
    """0 all settled, 1 failed, 3 records parked or work unfinished, 4 waits for approval."""
    states = {plan.state for plan in run.plans}
    if PlanState.FAILED in states or not run.plans:
        return ExitCode.FAILED
    if any(newly_parked(plan) for plan in run.plans if plan.state is not PlanState.DRY_RUN):
        return ExitCode.PARKED
    if PlanState.AWAITING_APPROVAL in states:
        return ExitCode.AWAITING_APPROVAL
    if run.status != "SUCCESS":
        return ExitCode.FAILED
    return ExitCode.SETTLED if states <= {PlanState.APPLIED, PlanState.DRY_RUN} else ExitCode.PARKED


def answer(run: JobRun, ledger: PostgresLedger) -> dict[str, Any]:
    """A run as one JSON object."""
    code = exit_code(run)
    return {
        "ok": code is ExitCode.SETTLED,
        "exit_code": int(code),
        "run_id": run.run_id,
        "reasons": list(run.reasons),
        "syncs": [
            {
                "sync_id": str(plan.id),
                "lane": plan.lane,
                "state": plan.state.value,
                "entities": {
                    entity.value: counts_of(plan, entity.value)
                    for entity in lane_named(plan.lane).entities
                },
                "counts": plan.counts,
                "parked": [
                    {"record": f"{entity}/{parked.source_id}", "code": parked.code,
                     "reason": parked.reason, "cure": parked.cure}
                    for entity, parked in ledger.parked_by(plan.id, SHOWN_PARKED)
                ],
                "error": plan.error,
            }
            for plan in run.plans
        ],
    }  # fmt: skip


def print_summary(run: JobRun, ledger: PostgresLedger, *, title: str = "What the sync did") -> None:
    """A run as a table, then what needs a person."""
    if not run.plans:
        for reason in run.reasons:
            complain(reason)
        return
    is_done = not any(plan.state in ONLY_PLANNED for plan in run.plans)
    table = Table("", title=title if is_done else "What the sync would do")
    for name in COLUMNS:
        table.add_column(name if is_done else PLANNED_NAMES.get(name, name), justify="right")
    for plan in run.plans:
        for entity in lane_named(plan.lane).entities:
            counts = counts_of(plan, entity.value)
            table.add_row(f"{entity}s", *(f"{counts[name]:,}" for name in COLUMNS))
    console.print(table)
    for plan in run.plans:
        _print_state(plan, ledger)
    if not any(plan.error for plan in run.plans):
        for reason in run.reasons:
            complain(reason)


def counts_of(plan: Plan, entity: str) -> dict[str, int]:
    """A plan's counts of one entity: read, created, updated, skipped (needed no write), parked.

    Of a plan that only shows or still waits, created and updated are what it would do.
    """
    counts: dict[str, Any] = {
        name.removeprefix(f"{entity}."): number
        for name, number in plan.counts.items()
        if name.startswith(f"{entity}.")
    }
    is_done = "created" in counts
    read, unchanged = counts.get("read", 0), counts.get("unchanged", 0)
    skipped = counts.get("skip", 0) + (0 if plan.options.window.full else unchanged)
    return {
        "read": read,
        "created": counts.get("created" if is_done else "create", 0),
        "updated": counts.get("updated" if is_done else "update", 0),
        "skipped": skipped,
        "parked": counts.get("parked", 0) + counts.get("refused", 0),
    }


def newly_parked(plan: Plan) -> int:
    """How many records a plan was the first to park."""
    return sum(counts_of(plan, entity.value)["parked"] for entity in lane_named(plan.lane).entities)


def _print_state(plan: Plan, ledger: PostgresLedger) -> None:
    if plan.error:
        cure = plan.error.get("cure") or "Look at the run in Dagster."
        say(f"{plan.lane}: failed at {plan.error.get('step')}: {plan.error.get('message')} {cure}")
    if plan.state is PlanState.AWAITING_APPROVAL:
        say(f"{plan.lane}: waits for approval. Look: udsync plan show {plan.id}")
        say(f"{plan.lane}: then: udsync plan approve {plan.id}")
    if plan.state is PlanState.DRY_RUN:
        say(f"{plan.lane}: a dry run; nothing was written. Details: udsync plan show {plan.id}")
    for entity, parked in ledger.parked_by(plan.id, SHOWN_PARKED):
        say(f"parked {entity}/{parked.source_id}: {parked.reason} {parked.cure}")
