"""`udsync failures`: records that have not arrived: which, why, what was tried; and try again."""

from collections.abc import Callable, Iterator, Sequence
from typing import Annotated, Any

import typer

from udsync_pipelines.cli.decisions import (
    Questions,
    by_failure,
    choice_lines,
    decide,
    in_short,
    question_as_json,
)
from udsync_pipelines.cli.options import AsJson, TenantName
from udsync_pipelines.cli.output import ExitCode, emit_json, leave, say
from udsync_pipelines.cli.runs import JobRun, run_job
from udsync_pipelines.cli.summary import answer, count_unsettled, exit_code, print_summary
from udsync_pipelines.cli.sync import ASK_ABOVE
from udsync_pipelines.services.deciding import questions_of
from udsync_pipelines.services.failures import (
    ENTITIES,
    NAMES,
    Failures,
    failures_of,
    history_of,
    lanes_of,
    not_failed,
    parse_record,
)
from udsync_pipelines.services.installation import Installation, open_installation
from udsync_pipelines.store.repositories.failed_records import Attempt, Choice, FailedRecord
from udsync_pipelines.store.repositories.ledger import PostgresLedger
from udsync_pipelines.store.repositories.tenants import Tenant
from udsync_pipelines.sync.entities import DESTINATIONS

app = typer.Typer(help="Records that have not arrived, and why.", no_args_is_help=True)
app.command("decide")(decide)

MOST = 10_000
OF_ONE = 20
_GRAVITY = (ExitCode.FAILED, ExitCode.AWAITING_APPROVAL, ExitCode.PARKED, ExitCode.SETTLED)


def _one_of(known: Sequence[str]) -> Callable[[str | None], str | None]:
    def check(given: str | None) -> str | None:
        if given is not None and given not in known:
            raise typer.BadParameter(f"{given!r} is not one of: {', '.join(known)}")
        return given

    return check


OfEntity = Annotated[
    str | None,
    typer.Option(
        "--entity",
        help="Only this kind of record.",
        metavar="|".join(ENTITIES),
        callback=_one_of(ENTITIES),
    ),
]
OfPlatform = Annotated[
    str | None,
    typer.Option(
        "--platform",
        help="Only what fails for this platform.",
        metavar="|".join(DESTINATIONS),
        callback=_one_of(DESTINATIONS),
    ),
]
Limit = Annotated[int, typer.Option(min=1, max=MOST, help="How many records to name.")]
Record = Annotated[str, typer.Argument(help="The record, such as order/77.", metavar="ENTITY/ID")]


@app.command("list")
def list_all(
    tenant: TenantName,
    entity: OfEntity = None,
    platform: OfPlatform = None,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """Name the records that are parked, and the writes whose answer was lost; oldest first."""
    choice = Choice(entity, platform=platform)
    with open_installation() as installation:
        owner = installation.tenant(tenant)
        found = failures_of(installation, owner, choice, limit)
        asked = by_failure(questions_of(installation, owner))
    if as_json:
        emit_json(
            {
                "total": found.total,
                "failures": [_as_json(one, asked) for one in found.records],
            }
        )
        return
    for one in found.records:
        say(_line(one) + in_short(asked.get((one.name, one.code))))
    more = found.total - len(found.records)
    if more > 0:
        say(f"… and {more} more. Show them with --limit {min(found.total, MOST)}.")
    if not found.total:
        say("No record is parked or in doubt.")


@app.command("show")
def show(
    record: Record, tenant: TenantName, platform: OfPlatform = None, as_json: AsJson = False
) -> None:
    """Show one record: why it fails, what was tried, and what waits for it."""
    choice = _named(record, platform)
    with open_installation() as installation:
        owner = installation.tenant(tenant)
        history = history_of(installation, owner, choice)
        asked = by_failure(questions_of(installation, owner, history.name))
    if as_json:
        emit_json(
            {
                "record": history.name,
                "failures": [_as_json(one, asked) for one in history.failures],
                "attempts": [_attempt_as_json(one) for one in history.attempts],
                "waiting": [
                    {"record": one.name, "platform": one.platform} for one in history.waiting
                ],
            }
        )
        return
    for one in history.failures:
        say(_line(one))
        say(f"    tried {_times(one.attempts)} since; first by sync {one.sync_id}")
    for question in asked.values():
        say("\n".join(choice_lines(question, tenant)))
    if not history.failures:
        say(f"{history.name} is neither parked nor in doubt.")
    if history.attempts:
        say("Written to the books, newest first:")
    for attempt in history.attempts:
        say("\n".join(_attempt_lines(attempt)))
    for waiting in history.waiting:
        say(f"{waiting.name} waits for it ({NAMES[waiting.platform]}).")


@app.command("retry")
def retry(
    tenant: TenantName,
    record: Annotated[
        str | None, typer.Argument(help="The record, such as order/77.", metavar="[ENTITY/ID]")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All that fail.")] = False,
    entity: OfEntity = None,
    platform: OfPlatform = None,
    yes: Annotated[
        bool, typer.Option("--yes", help=f"Do not ask, even for more than {ASK_ABOVE} changes.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Sync now what these records belong to, and say what became of them.

    Every sync tries all failed records of its lane again; this starts one. More than 10 changes
    need --yes, or the plan is stored and the exit code is 4.
    """
    choice = _chosen(record, everything=everything, entity=entity, platform=platform)
    with open_installation() as installation:
        owner = installation.tenant(tenant)
        before = failures_of(installation, owner, choice, MOST)
        if choice.source_id is not None and not before.total:
            raise not_failed(owner, choice)
        runs = [
            _synced(installation, owner, lane, yes=yes)
            for lane in lanes_of(installation, owner, choice)
        ]
        after = failures_of(installation, owner, choice, MOST)
        _finish(installation, owner, runs, before, after, as_json=as_json)


def _chosen(
    record: str | None,
    *,
    everything: bool,
    entity: str | None,
    platform: str | None,
) -> Choice:
    if (record is None) is not everything:
        raise typer.BadParameter("name either ENTITY/ID or --all", param_hint="retry")
    if record is None:
        return Choice(entity, platform=platform)
    if entity is not None:
        raise typer.BadParameter("goes with --all only", param_hint="--entity")
    return _named(record, platform)


def _named(record: str, platform: str | None) -> Choice:
    named = parse_record(record)
    return Choice(named.entity, named.source_id, platform)


def _synced(installation: Installation, owner: Tenant, lane: str, *, yes: bool) -> JobRun:
    config = {
        "tenant": owner.name,
        "full": False,
        "dry_run": False,
        "accept_deletions": False,
        "approve": "everything" if yes else "ask",
        "ask_above": ASK_ABOVE,
    }
    return run_job(installation, owner, f"sync_{lane}", config, entity=lane)


def _finish(
    installation: Installation,
    owner: Tenant,
    runs: Sequence[JobRun],
    before: Failures,
    after: Failures,
    *,
    as_json: bool,
) -> None:
    ledger = PostgresLedger(installation.state, owner.id)
    codes = [exit_code(run, count_unsettled(run, ledger)) for run in runs]
    code = min(codes, key=_GRAVITY.index, default=ExitCode.SETTLED)
    became = list(_became(before, after))
    if as_json:
        emit_json(
            {
                "ok": code is ExitCode.SETTLED,
                "exit_code": int(code),
                "records": [
                    {"record": was.name, "platform": was.platform, "settled": now is None,
                     "failure": None if now is None else _as_json(now, {})}
                    for was, now in became
                ],
                "runs": [answer(run, ledger) for run in runs],
            }
        )  # fmt: skip
    else:
        _print(ledger, runs, became)
    if code is not ExitCode.SETTLED:
        raise leave(code)


def _print(
    ledger: PostgresLedger,
    runs: Sequence[JobRun],
    became: Sequence[tuple[FailedRecord, FailedRecord | None]],
) -> None:
    for run in runs:
        print_summary(run, ledger)
    for was, now in became[:OF_ONE]:
        if now is None:
            say(f"{was.name} is settled for {NAMES[was.platform]}.")
        else:
            say(f"{was.name} still fails for {NAMES[was.platform]}: {now.reason} {now.cure}")
    if len(became) > OF_ONE:
        settled = sum(now is None for _, now in became)
        say(f"{settled} of {len(became)} are settled now.")
    if not became:
        say("No record is parked or in doubt: there is nothing to retry.")


def _became(
    before: Failures, after: Failures
) -> Iterator[tuple[FailedRecord, FailedRecord | None]]:
    """Each record that failed before, with how it fails now."""
    now = {(one.name, one.platform): one for one in after.records}
    for key, was in {(one.name, one.platform): one for one in before.records}.items():
        yield was, now.get(key)


def _line(one: FailedRecord) -> str:
    state = "in doubt" if one.is_in_doubt else "parked"
    return (
        f"{one.name}  {NAMES[one.platform]}  {state} since {one.since:%Y-%m-%d %H:%M} UTC  "
        f"[{one.code}] {one.reason} {one.cure}"
    )


def _attempt_lines(one: Attempt) -> Iterator[str]:
    sent = f"sent {one.sent_at:%Y-%m-%d %H:%M:%S} UTC" if one.sent_at else "never sent"
    target = one.receipt.get("target_id")
    yield f"  {one.action} {one.role}: {one.state}, {sent}, {_times(one.attempts)}" + (
        f", is {str(target).replace('_', ' ')}" if target else ""
    )
    yield f"    request id {one.request_id or '-'}, intuit_tid {_tid(one) or '-'}"
    if one.reason:
        yield f"    [{one.code}] {one.reason}"


def _tid(one: Attempt) -> str | None:
    found = one.receipt.get("intuit_tid")
    return None if found is None else str(found)


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"


def _as_json(one: FailedRecord, asked: Questions) -> dict[str, Any]:
    question = asked.get((one.name, one.code))
    return {
        "record": one.name,
        "platform": one.platform,
        "state": "in_doubt" if one.is_in_doubt else "parked",
        "role": one.role,
        "code": one.code,
        "reason": one.reason,
        "cure": one.cure,
        "since": one.since,
        "attempts": one.attempts,
        "lane": one.lane,
        "sync_id": one.sync_id,
        "question": None if question is None else question_as_json(question),
    }


def _attempt_as_json(one: Attempt) -> dict[str, Any]:
    return {
        "platform": one.platform,
        "role": one.role,
        "action": one.action,
        "state": one.state,
        "request_id": one.request_id,
        "intuit_tid": _tid(one),
        "attempts": one.attempts,
        "planned_at": one.planned_at,
        "sent_at": one.sent_at,
        "settled_at": one.settled_at,
        "receipt": dict(one.receipt),
        "code": one.code,
        "reason": one.reason,
        "cure": one.cure,
        "sync_id": one.sync_id,
    }
