"""`udsync plan`: what a sync would change, and the approval that lets it."""

from dataclasses import replace
from typing import Annotated, Any

import typer

from udsync_pipelines.cli.options import AsJson
from udsync_pipelines.cli.output import emit_json, say
from udsync_pipelines.cli.sync import approve_and_apply, finish
from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines.services.engines import as_plan_id
from udsync_pipelines.services.installation import Installation, open_installation
from udsync_pipelines.store.repositories import tenants
from udsync_pipelines.store.repositories.ledger import PostgresLedger
from udsync_pipelines.store.repositories.tenants import Tenant
from udsync_pipelines.sync.plan import Action, Intent, Plan, PlanState

app = typer.Typer(help="Plans: what a sync would change.", no_args_is_help=True)

PlanId = Annotated[str, typer.Argument(help="Id of the plan.", metavar="ID")]


@app.command("show")
def show(
    plan_id: PlanId,
    limit: Annotated[int, typer.Option(min=1, help="How many records to name.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Show every change of a plan: record by record, field by field."""
    with open_installation() as installation:
        owner, plan = _find(installation, plan_id)
        intents = list(PostgresLedger(installation.state, owner.id).intents(plan.id))
    if as_json:
        emit_json(_as_json(owner, plan, intents))
        return
    say(f"Plan {plan.id} of {owner.name}: {plan.lane}, {plan.state}. Hash {plan.plan_hash}")
    lines = [line for intent in intents for line in _lines(intent)]
    for line in lines[:limit]:
        say(line)
    if len(lines) > limit:
        say(f"… and {len(lines) - limit} more. Show them with --limit {len(lines)}.")
    skipped = sum(intent.count(Action.SKIP) for intent in intents)
    say(f"{len(lines)} shown in all; {skipped} records need no write.")


@app.command("approve")
def approve(plan_id: PlanId, as_json: AsJson = False) -> None:
    """Let a plan that waits take effect, exactly as it was shown."""
    with open_installation() as installation:
        owner, plan = _find(installation, plan_id)
        if plan.state is not PlanState.AWAITING_APPROVAL:
            raise ConfigurationError(
                f"plan {plan.id} does not wait for approval; it is {plan.state}.",
                cure="Sync again to make a new plan.",
                code="plan_not_waiting",
            )
        run = approve_and_apply(installation, owner, plan)
        ledger = PostgresLedger(installation.state, owner.id)
        finish(replace(run, plans=[ledger.plan(plan.id)]), ledger, as_json=as_json)


def _find(installation: Installation, text: str) -> tuple[Tenant, Plan]:
    """The plan of this id, whichever tenant it belongs to."""
    plan_id = as_plan_id(text)
    with installation.state.dispatch() as connection:
        owners = tenants.list_all(connection)
    for owner in owners:
        plan = PostgresLedger(installation.state, owner.id).find_plan(plan_id)
        if plan is not None:
            return owner, plan
    raise ConfigurationError(
        f"there is no plan {plan_id}.",
        cure="Copy the id from the output of the sync.",
        code="plan_unknown",
    )


def _lines(intent: Intent) -> list[str]:
    changes = [
        f"{record.action}  {intent.entity}/{record.source_id}" + _fields(intent, record.source_id)
        for record in intent.records
        if record.action is not Action.SKIP
    ]
    parked = [
        f"park    {intent.entity}/{parked.source_id}: {parked.reason} {parked.cure}"
        for parked in intent.parked
    ]
    return changes + parked


def _fields(intent: Intent, source_id: str) -> str:
    changed = intent.differences.get(source_id, {})
    return "".join(f"\n        {name}: {old} → {new}" for name, (old, new) in changed.items())


def _as_json(owner: Tenant, plan: Plan, intents: list[Intent]) -> dict[str, Any]:
    return {
        "plan": plan.id,
        "tenant": owner.name,
        "lane": plan.lane,
        "state": plan.state.value,
        "hash": plan.plan_hash,
        "dry_run": plan.options.dry_run,
        "counts": plan.counts,
        "changes": [
            {
                "record": f"{intent.entity}/{record.source_id}",
                "action": record.action.value,
                "differences": {
                    name: {"old": old, "new": new}
                    for name, (old, new) in intent.differences.get(record.source_id, {}).items()
                },
            }
            for intent in intents
            for record in intent.records
            if record.action is not Action.SKIP
        ],
        "parked": [
            {"record": f"{intent.entity}/{parked.source_id}", "code": parked.code,
             "reason": parked.reason, "cure": parked.cure}
            for intent in intents
            for parked in intent.parked
        ],
    }  # fmt: skip
