"""What a sync came to: a table for people, an object for scripts, an exit code."""

from typing import Any

from rich.table import Table

from udsync_pipelines.cli.output import ExitCode, complain, console, say
from udsync_pipelines.cli.runs import JobRun
from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.store.repositories.ledger import PostgresLedger
from udsync_pipelines.sync.entities import lane_named
from udsync_pipelines.sync.plan import Parked, Plan, PlanState

COLUMNS = ("read", "created", "updated", "skipped", "parked")
ONLY_PLANNED = (PlanState.AWAITING_APPROVAL, PlanState.DRY_RUN)
PLANNED_NAMES = {"created": "to create", "updated": "to update", "skipped": "to skip"}
SHOWN_PARKED = 20


def exit_code(run: JobRun, still_parked: int = 0) -> ExitCode:
    """0 all settled, 1 failed, 3 records parked or work unfinished, 4 waits for approval.

    `still_parked` are the records that are parked after the run, by it or by an earlier one: what
    has not arrived is not settled, however long ago that was said first.
    """
    states = {plan.state for plan in run.plans}
    if PlanState.FAILED in states or not run.plans:
        return ExitCode.FAILED
    if PlanState.AWAITING_APPROVAL in states:
        return ExitCode.AWAITING_APPROVAL
    if states != {PlanState.DRY_RUN} and (still_parked or any(map(newly_parked, run.plans))):
        return ExitCode.PARKED
    if run.status != "SUCCESS":
        return ExitCode.FAILED
    return ExitCode.SETTLED if states <= {PlanState.APPLIED, PlanState.DRY_RUN} else ExitCode.PARKED


def answer(run: JobRun, ledger: PostgresLedger) -> dict[str, Any]:
    """A run as one JSON object."""
    code = exit_code(run, count_still_parked(run, ledger))
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
                    for entity, parked in _parked(plan, ledger)
                ],
                "still_parked": _count_parked(plan, ledger),
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


def count_still_parked(run: JobRun, ledger: PostgresLedger) -> int:
    """How many records are parked in the run's lanes now, whichever sync has parked them."""
    return sum(_count_parked(plan, ledger) for plan in run.plans)


def _print_state(plan: Plan, ledger: PostgresLedger) -> None:
    if plan.error:
        cure = plan.error.get("cure") or "Look at the run in Dagster."
        say(f"{plan.lane}: failed at {plan.error.get('step')}: {plan.error.get('message')} {cure}")
    if plan.state is PlanState.AWAITING_APPROVAL:
        say(f"{plan.lane}: waits for approval. Look: udsync plan show {plan.id}")
        say(f"{plan.lane}: then: udsync plan approve {plan.id}")
    if plan.state is PlanState.DRY_RUN:
        say(f"{plan.lane}: a dry run; nothing was written. Details: udsync plan show {plan.id}")
    shown = _parked(plan, ledger)
    for entity, parked in shown:
        say(f"parked {entity}/{parked.source_id}: {parked.reason} {parked.cure}")
    more = _count_parked(plan, ledger) - len(shown)
    if more > 0:
        say(f"{plan.lane}: {more} more records are parked.")


def _parked(plan: Plan, ledger: PostgresLedger) -> list[tuple[Entity, Parked]]:
    """What is parked of the plan's lane now, by it or by an earlier sync; not all of very much."""
    return [
        (entity, parked)
        for entity in lane_named(plan.lane).entities
        for parked in ledger.parked(plan.source_connection_id, entity, SHOWN_PARKED)
    ]


def _count_parked(plan: Plan, ledger: PostgresLedger) -> int:
    return sum(
        ledger.count_parked(plan.source_connection_id, entity)
        for entity in lane_named(plan.lane).entities
    )
