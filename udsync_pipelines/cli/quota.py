"""`udsync quota`: what a company may be asked in a month and a minute, and what was."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from udsync_pipelines.cli.options import AsJson, TenantName
from udsync_pipelines.cli.output import emit_json, say
from udsync_pipelines.services import quota
from udsync_pipelines.services.installation import open_installation
from udsync_pipelines.store.repositories import connections
from udsync_pipelines.store.tables.states import Platform

app = typer.Typer(help="Metered calls to QuickBooks.", no_args_is_help=True)


@app.command("show")
def show(tenant: TenantName, as_json: AsJson = False) -> None:
    """Show this month's metered calls, and how many there will be by its end."""
    with open_installation() as installation:
        owner = installation.tenant(tenant)
        with installation.state.tenant(owner.id) as transaction:
            company = connections.default(transaction, owner.id, Platform.QUICKBOOKS)
        found = quota.quota_of(installation, owner, company, datetime.now(UTC).date())
    if as_json:
        emit_json(found.facts())
    else:
        say(found.sentence())


@app.command("set")
def set_limits(
    tenant: TenantName,
    monthly_reads: Annotated[
        int | None,
        typer.Option(min=0, help="Metered calls allowed in a month; Intuit's free tier: 500,000."),
    ] = None,
    requests_per_minute: Annotated[
        int | None,
        typer.Option(min=1, help="Requests allowed in a minute; more than Intuit's never are."),
    ] = None,
) -> None:
    """Lower or raise what the tenant's company may be asked.

    Intuit counts the calls of all companies of an app together: share them out.
    """
    with open_installation() as installation:
        owner = installation.tenant(tenant)
        quota.change(
            installation,
            owner,
            monthly_reads=monthly_reads,
            requests_per_minute=requests_per_minute,
        )
    say("Set; it holds from the next sync on.")
