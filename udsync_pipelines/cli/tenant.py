"""`udsync tenant`: the customers of an installation."""

from typing import Annotated

import typer

from udsync_pipelines.cli.options import AsJson
from udsync_pipelines.cli.output import emit_json, say
from udsync_pipelines.services.installation import open_installation
from udsync_pipelines.store.repositories import tenants

app = typer.Typer(help="Customers of this installation.", no_args_is_help=True)


@app.command("create")
def create(
    name: Annotated[str, typer.Argument(help="Small letters, digits and hyphens.")],
    timezone: Annotated[
        str, typer.Option(help="Zone of the tenant's days, an IANA name.")
    ] = tenants.DEFAULT_TIMEZONE,
    as_json: AsJson = False,
) -> None:
    """Make a tenant."""
    with open_installation() as installation, installation.state.dispatch() as connection:
        tenant = tenants.create(connection, name, timezone)
    if as_json:
        emit_json({"ok": True, "tenant": tenant.name, "id": tenant.id, "timezone": timezone})
    else:
        say(f"Tenant {tenant.name} is made. Next: udsync connect woocommerce --tenant {name} …")


@app.command("list")
def list_all(
    as_json: AsJson = False,
) -> None:
    """Name the tenants."""
    with open_installation() as installation, installation.state.dispatch() as connection:
        found = tenants.list_all(connection)
    if as_json:
        emit_json({"tenants": [{"name": one.name, "timezone": one.timezone} for one in found]})
        return
    for one in found:
        say(f"{one.name}  {one.timezone}")
    if not found:
        say("There is no tenant yet. Make one: udsync tenant create NAME")
