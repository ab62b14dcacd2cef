"""`udsync policy`: how a tenant's orders become documents of the books."""

from pathlib import Path
from typing import Annotated

import typer

from udsync_pipelines.cli import preflight
from udsync_pipelines.cli.options import AsJson, TenantName
from udsync_pipelines.cli.output import emit_json
from udsync_pipelines.cli.policy_files import read_policy, write_policy
from udsync_pipelines.cli.policy_report import (
    as_json_object,
    say_change,
    say_policy,
    say_proposal,
)
from udsync_pipelines.services import policies
from udsync_pipelines.services.installation import open_installation
from udsync_pipelines.store.tables.states import PostingPolicyState

app = typer.Typer(
    help="How orders become books: propose, accept, show, set, check, decide.", no_args_is_help=True
)

AllowOpen = Annotated[
    bool,
    typer.Option(
        "--allow-open",
        help="Accept although decisions are open; orders that need one are parked.",
    ),
]
OutFile = Annotated[
    Path | None, typer.Option("--file", help="Write the policy there, as JSON to be edited.")
]


@app.command("propose")
def propose(
    tenant: TenantName,
    accept: Annotated[
        bool, typer.Option("--accept", help="Put it in force if nothing is open.")
    ] = False,
    allow_open: AllowOpen = False,
    file: OutFile = None,
    as_json: AsJson = False,
) -> None:
    """Propose a posting policy from what the store and the books say, with the reason of each part.

    It takes no effect before it is accepted. What the policy in force has chosen stays chosen.
    """
    if allow_open and not accept:
        raise typer.BadParameter("goes with --accept", param_hint="--allow-open")
    with open_installation() as installation:
        change = policies.propose(installation, tenant)
        if file is not None:
            write_policy(file, change.stored.policy)
        if not as_json:
            say_proposal(tenant, change, will_accept=accept)
        if accept:
            change = policies.accept(
                installation, tenant, version=change.stored.version, allow_open=allow_open
            )
            if not as_json:
                say_change(tenant, change)
    if as_json:
        emit_json(as_json_object(tenant, change))


@app.command("accept")
def accept(
    tenant: TenantName,
    version: Annotated[
        str | None, typer.Option(help="Accept only this version, the one you looked at.")
    ] = None,
    allow_open: AllowOpen = False,
    as_json: AsJson = False,
) -> None:
    """Put the proposed posting policy in force; items that it lacks are created in the books."""
    with open_installation() as installation:
        change = policies.accept(installation, tenant, version=version, allow_open=allow_open)
    if as_json:
        emit_json(as_json_object(tenant, change))
    else:
        say_change(tenant, change)


@app.command("show")
def show(
    tenant: TenantName,
    proposed: Annotated[
        bool, typer.Option("--proposed", help="The one that waits to be accepted.")
    ] = False,
    file: OutFile = None,
    as_json: AsJson = False,
) -> None:
    """Show the posting policy in force, or the proposed one. Asks no platform."""
    state = PostingPolicyState.PROPOSED if proposed else PostingPolicyState.ACTIVE
    with open_installation() as installation:
        stored = policies.show(installation, tenant, state)
    if file is not None:
        write_policy(file, stored.policy)
    if as_json:
        emit_json(as_json_object(tenant, policies.PolicyChange(stored)))
    else:
        say_policy(tenant, stored)


@app.command("set")
def put(
    tenant: TenantName,
    edits: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="FIELD=VALUE",
            help="As items.shipping=8 taxes.codes.1+2=7 gateways.stripe.account_id=35 "
            "start_on=2026-01-01; an empty VALUE clears.",
            show_default=False,
        ),
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option("--file", help="A whole policy as JSON; - reads standard input."),
    ] = None,
    proposed: Annotated[
        bool, typer.Option("--proposed", help="Change the proposal instead; it still waits.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Change the posting policy, checked against the books; it takes effect at once.

    Where none is in force yet, single fields change the proposal, which then waits to be accepted.
    """
    if (file is None) == (not edits):
        raise typer.BadParameter("give either --file or FIELD=VALUE", param_hint="FIELD=VALUE")
    if file is not None and proposed:
        raise typer.BadParameter("goes with FIELD=VALUE, not with --file", param_hint="--proposed")
    pairs = [_pair(edit) for edit in edits or ()]
    whole = read_policy(file) if file is not None else None
    with open_installation() as installation:
        if whole is not None:
            change = policies.put(installation, tenant, whole)
        else:
            change = policies.change(installation, tenant, pairs, in_proposal=proposed)
    if as_json:
        emit_json(as_json_object(tenant, change))
    else:
        say_change(tenant, change)


app.command("check")(preflight.check)
app.command("decide")(preflight.decide)


def _pair(text: str) -> tuple[str, str]:
    path, equals, value = text.partition("=")
    if not equals or not path.strip():
        raise typer.BadParameter(f"{text!r} is not written FIELD=VALUE", param_hint="FIELD=VALUE")
    return path.strip(), value
