"""`udsync plan`: what a sync would change, and the approval that lets it."""

from dataclasses import replace
from typing import Annotated
from uuid import UUID

import typer

from udsync_pipelines.cli.options import AsJson
from udsync_pipelines.cli.output import emit_json, say
from udsync_pipelines.cli.plan_changes import PlanChanges
from udsync_pipelines.cli.plan_writes import read_writes
from udsync_pipelines.cli.summary import ONLY_PLANNED
from udsync_pipelines.cli.sync import approve_and_apply, finish
from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines.services.engines import as_plan_id
from udsync_pipelines.services.estimates import estimate_of_load
from udsync_pipelines.services.installation import Installation, open_installation
from udsync_pipelines.store.repositories import connections, tenants
from udsync_pipelines.store.repositories.ledger import PostgresLedger
from udsync_pipelines.store.repositories.tenants import Tenant
from udsync_pipelines.store.tables.states import Platform
from udsync_pipelines.sync.plan import Plan, PlanState

app = typer.Typer(help="Plans: what a sync would change.", no_args_is_help=True)

PlanId = Annotated[str, typer.Argument(help="Id of the plan.", metavar="ID")]


@app.command("show")
def show(
    plan_id: PlanId,
    limit: Annotated[int, typer.Option(min=1, help="How many records to name.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Show every change of a plan: record by record, write by write, field by field.

    A write in the books is named by its place (#12) and says which writes it needs before it.
    """
    with open_installation() as installation:
        owner, plan = _find(installation, plan_id)
        intents = list(PostgresLedger(installation.state, owner.id).intents(plan.id))
        writes = read_writes(installation, owner.id, plan, intents)
        books = _books_of(installation, owner)
        cost = estimate_of_load(installation, owner, plan)
    changes = PlanChanges(plan, intents, writes, books)
    if as_json:
        told = {"estimate": None if cost is None else cost.as_json()}
        emit_json({**changes.as_json(owner.name), **told})
        return
    say(f"Plan {plan.id} of {owner.name}: {plan.lane}, {plan.state}. Hash {plan.plan_hash}")
    lines = list(changes.lines())
    for line in lines[:limit]:
        say(line)
    if len(lines) > limit:
        say(f"… and {len(lines) - limit} more. Show them with --limit {len(lines)}.")
    for line in changes.totals():
        say(line)
    if cost is not None and plan.state in ONLY_PLANNED:
        say(cost.line())
    say(f"{len(lines)} shown in all; {changes.skipped} records need no write.")


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


def _books_of(installation: Installation, owner: Tenant) -> frozenset[UUID]:
    """The tenant's connections to books: their batches are told write by write."""
    with installation.state.tenant(owner.id) as transaction:
        found = connections.list_all(transaction, owner.id, Platform.QUICKBOOKS)
    return frozenset(connection.id for connection in found)
