"""What a sync came to: tables for people, an object for scripts, an exit code."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from rich.table import Table

from udsync_pipelines.cli.books_summary import (
    NAME,
    books_as_json,
    has_books,
    money_of,
    print_books,
)
from udsync_pipelines.cli.output import ExitCode, complain, console, say
from udsync_pipelines.cli.runs import JobRun
from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.store.repositories.ledger import PostgresLedger
from udsync_pipelines.sync.entities import lane_named
from udsync_pipelines.sync.plan import Parked, Plan, PlanState

COLUMNS = ("read", "created", "updated", "skipped", "parked")
ONLY_PLANNED = (PlanState.AWAITING_APPROVAL, PlanState.DRY_RUN)
PLANNED_NAMES = {"created": "to create", "updated": "to update", "skipped": "to skip"}
PLATFORM_NAMES = {"supabase": "Supabase", "quickbooks": NAME}
SHOWN_PARKED = 20
NAMED_TOGETHER = 10
"""Of so many records that are parked for the same reason, the ids are given."""

ALL = 1_000_000
NEWLY_PARKED = (".parked", ".unmatched", ".refused")


def exit_code(run: JobRun, unsettled: int = 0) -> ExitCode:
    """0 all settled, 1 failed, 3 records parked or work unfinished, 4 waits for approval.

    `unsettled` are the records that are parked after the run, by it or by an earlier one, and the
    writes in doubt: what has not arrived is not settled, however long ago that was said first. A
    platform that was left out is a failure, whatever became of the others.
    """
    states = {plan.state for plan in run.plans}
    if PlanState.FAILED in states or not run.plans or any(plan.blocked for plan in run.plans):
        return ExitCode.FAILED
    if PlanState.AWAITING_APPROVAL in states:
        return ExitCode.AWAITING_APPROVAL
    if states != {PlanState.DRY_RUN} and (unsettled or any(map(_has_newly_parked, run.plans))):
        return ExitCode.PARKED
    if run.status != "SUCCESS":
        return ExitCode.FAILED
    return ExitCode.SETTLED if states <= {PlanState.APPLIED, PlanState.DRY_RUN} else ExitCode.PARKED


def answer(run: JobRun, ledger: PostgresLedger) -> dict[str, Any]:
    """A run as one JSON object."""
    code = exit_code(run, count_unsettled(run, ledger))
    return {
        "ok": code is ExitCode.SETTLED,
        "exit_code": int(code),
        "run_id": run.run_id,
        "reasons": list(run.reasons),
        "money_posted": money_of(run.plans),
        "syncs": [_sync_as_json(plan, ledger) for plan in run.plans],
    }


def print_summary(run: JobRun, ledger: PostgresLedger, *, title: str = "What the sync did") -> None:
    """A run as a table for each platform, then what needs a person."""
    if not run.plans:
        for reason in run.reasons:
            complain(reason)
        return
    is_done = not any(plan.state in ONLY_PLANNED for plan in run.plans)
    heading = title if is_done else "What the sync would do"
    if any(map(_has_rows, run.plans)) or not has_books(run.plans):
        _print_rows(run.plans, ledger, heading, is_done=is_done)
    else:
        _print_read(run.plans, heading)
    if has_books(run.plans):
        print_books(run.plans, is_done=is_done)
        _print_newly_parked(run.plans, ledger, is_done=is_done)
    for plan in run.plans:
        _print_state(plan, ledger)
    if not any(plan.error or plan.blocked for plan in run.plans):
        for reason in run.reasons:
            complain(reason)


def counts_of(plan: Plan, entity: str) -> dict[str, int]:
    """A plan's rows of one entity: read, created, updated, skipped (needed no write), parked.

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


def newly_parked(plan: Plan, ledger: PostgresLedger) -> Counter[Entity]:
    """How many records of each entity a plan was the first to park, each once.

    A record that two platforms cannot take is one record. A dry run parks nothing: of it, what
    would be parked.
    """
    if plan.options.dry_run:
        found = {
            (intent.entity, one.source_id)
            for intent in ledger.intents(plan.id)
            for one in intent.parked
        }
    else:
        found = {(entity, one.source_id) for entity, one in ledger.parked_by(plan.id, ALL)}
    return Counter(entity for entity, _ in found)


def count_unsettled(run: JobRun, ledger: PostgresLedger) -> int:
    """How many records are parked in the run's lanes now, and how many writes are in doubt."""
    return sum(_count_parked(plan, ledger) + _count_doubts(plan, ledger) for plan in run.plans)


def _sync_as_json(plan: Plan, ledger: PostgresLedger) -> dict[str, Any]:
    newly = newly_parked(plan, ledger)
    return {
        "sync_id": str(plan.id),
        "lane": plan.lane,
        "state": plan.state.value,
        "entities": {
            entity.value: counts_of(plan, entity.value) | {"parked": newly[entity]}
            for entity in lane_named(plan.lane).entities
        },
        "books": books_as_json(plan),
        "counts": plan.counts,
        "blocked": plan.blocked,
        "parked": [
            {"record": f"{entity}/{parked.source_id}", "code": parked.code,
             "reason": parked.reason, "cure": parked.cure}
            for entity, parked in _parked(plan, ledger)
        ],
        "still_parked": _count_parked(plan, ledger),
        "in_doubt": _count_doubts(plan, ledger),
        "error": plan.error,
    }  # fmt: skip


def _print_rows(
    plans: Sequence[Plan], ledger: PostgresLedger, title: str, *, is_done: bool
) -> None:
    columns = COLUMNS[:-1] if has_books(plans) else COLUMNS  # the books may have parked them
    table = Table("Supabase" if has_books(plans) else "", title=title)
    for name in columns:
        table.add_column(name if is_done else PLANNED_NAMES.get(name, name), justify="right")
    for plan in plans:
        newly = newly_parked(plan, ledger)
        for entity in lane_named(plan.lane).entities:
            counts = counts_of(plan, entity.value) | {"parked": newly[entity]}
            table.add_row(f"{entity}s", *(f"{counts[name]:,}" for name in columns))
    console.print(table)


def _print_newly_parked(plans: Sequence[Plan], ledger: PostgresLedger, *, is_done: bool) -> None:
    newly: Counter[Entity] = sum((newly_parked(plan, ledger) for plan in plans), Counter())
    if newly:
        parts = (f"{number:,} {entity}{'s' * (number > 1)}" for entity, number in newly.items())
        say(f"{'Newly parked' if is_done else 'To be parked'}: {', '.join(parts)}")


def _print_read(plans: Sequence[Plan], title: str) -> None:
    """Of a tenant without a database: what the shop was asked for."""
    table = Table("shop", title=title)
    table.add_column("read", justify="right")
    for plan in plans:
        for entity in lane_named(plan.lane).entities:
            table.add_row(f"{entity}s", f"{counts_of(plan, entity.value)['read']:,}")
    console.print(table)


def _print_state(plan: Plan, ledger: PostgresLedger) -> None:
    if plan.error:
        cure = plan.error.get("cure") or "Look at the run in Dagster."
        say(f"{plan.lane}: failed at {plan.error.get('step')}: {plan.error.get('message')} {cure}")
    for platform, why in plan.blocked.items():
        cure = why.get("cure") or "Look at the run in Dagster."
        name = PLATFORM_NAMES.get(platform, platform)
        say(f"{plan.lane}: {name} was left out: {why['message']} {cure}")
    if plan.state is PlanState.AWAITING_APPROVAL:
        say(f"{plan.lane}: waits for approval. Look: udsync plan show {plan.id}")
        say(f"{plan.lane}: then: udsync plan approve {plan.id}")
    if plan.state is PlanState.DRY_RUN:
        say(f"{plan.lane}: a dry run; nothing was written. Details: udsync plan show {plan.id}")
    doubts = _count_doubts(plan, ledger)
    if doubts:
        say(f"{plan.lane}: {_writes(doubts)} lost; the next sync looks whether it arrived.")
    _print_parked(plan, ledger)


def _print_parked(plan: Plan, ledger: PostgresLedger) -> None:
    """What is parked, a line a reason."""
    shown = _parked(plan, ledger)
    together: dict[tuple[str, str], list[str]] = {}
    for entity, parked in shown:
        why = (parked.reason, parked.cure)
        together.setdefault(why, []).append(f"{entity}/{parked.source_id}")
    for (reason, cure), records in together.items():
        for start in range(0, len(records), NAMED_TOGETHER):
            say(f"parked {', '.join(records[start : start + NAMED_TOGETHER])}: {reason} {cure}")
    more = _count_parked(plan, ledger) - len(shown)
    if more > 0:
        say(f"{plan.lane}: {more} more records are parked.")


def _has_rows(plan: Plan) -> bool:
    """Whether a destination of rows took part."""
    return any(f"{one}.mapped" in plan.counts for one in lane_named(plan.lane).entities)


def _has_newly_parked(plan: Plan) -> bool:
    return any(
        number
        for name, number in plan.counts.items()
        if name.endswith(NEWLY_PARKED) and isinstance(number, int)
    )


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


def _count_doubts(plan: Plan, ledger: PostgresLedger) -> int:
    return ledger.count_in_doubt(plan.lane, plan.source_connection_id)


def _writes(number: int) -> str:
    one = "1 write was sent and its answer"
    return one if number == 1 else f"{number} writes were sent and their answers"
