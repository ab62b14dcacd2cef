"""`udsync connect`: a tenant's accounts on the platforms."""

from pathlib import Path
from typing import Annotated

import typer

from udsync_pipelines.cli.options import AsJson, TenantName
from udsync_pipelines.cli.output import emit_json, say
from udsync_pipelines.cli.secrets import secret_from
from udsync_pipelines.connectors.supabase.schema import ddl
from udsync_pipelines.services.connecting import Connected, connect_supabase, connect_woocommerce
from udsync_pipelines.services.connecting_books import connect_quickbooks
from udsync_pipelines.services.installation import open_installation

KEY_VARIABLE = "UDSYNC_CONSUMER_KEY"
SECRET_VARIABLE = "UDSYNC_CONSUMER_SECRET"  # noqa: S105 - a name, not a secret
CLIENT_ID_VARIABLE = "UDSYNC_QUICKBOOKS_CLIENT_ID"
CLIENT_SECRET_VARIABLE = "UDSYNC_QUICKBOOKS_CLIENT_SECRET"  # noqa: S105 - a name, not a secret
REFRESH_TOKEN_VARIABLE = "UDSYNC_QUICKBOOKS_REFRESH_TOKEN"  # noqa: S105 - a name, not a secret
DATABASE_VARIABLE = "UDSYNC_SUPABASE_DATABASE_URL"

app = typer.Typer(help="Connect a tenant's accounts.", no_args_is_help=True)


@app.command("woocommerce")
def woocommerce(
    tenant: TenantName,
    url: Annotated[
        str, typer.Option(help="Address of the store.", envvar="UDSYNC_WOOCOMMERCE_URL")
    ],
    consumer_key: Annotated[
        str | None, typer.Option(help="REST API key, ck_…", envvar=KEY_VARIABLE)
    ] = None,
    consumer_key_file: Annotated[Path | None, typer.Option(help="File with the key.")] = None,
    consumer_secret: Annotated[
        str | None, typer.Option(help="Its secret, cs_…", envvar=SECRET_VARIABLE)
    ] = None,
    consumer_secret_file: Annotated[Path | None, typer.Option(help="File with the secret.")] = None,
    as_json: AsJson = False,
) -> None:
    """Check a WooCommerce store and store the connection. A key with read permission will do."""
    key = secret_from(consumer_key, consumer_key_file, "consumer-key", KEY_VARIABLE)
    secret = secret_from(consumer_secret, consumer_secret_file, "consumer-secret", SECRET_VARIABLE)
    with open_installation() as installation:
        owner = installation.tenant(tenant)
        connected = connect_woocommerce(installation, owner, url, key, secret)
    facts = connected.facts
    _report(
        connected,
        f"Connected the store {facts['name']} (WooCommerce {facts['version']}, "
        f"{facts['currency']}, {facts['timezone'] or 'fixed offset'}).",
        as_json=as_json,
    )


@app.command("quickbooks")
def quickbooks(
    tenant: TenantName,
    realm_id: Annotated[
        str,
        typer.Option(
            help="The company's id.", envvar="UDSYNC_QUICKBOOKS_REALM_ID", show_default=False
        ),
    ],
    client_id: Annotated[
        str | None, typer.Option(help="Client id of the app at Intuit.", envvar=CLIENT_ID_VARIABLE)
    ] = None,
    client_id_file: Annotated[Path | None, typer.Option(help="File with the client id.")] = None,
    client_secret: Annotated[
        str | None, typer.Option(help="The app's client secret.", envvar=CLIENT_SECRET_VARIABLE)
    ] = None,
    client_secret_file: Annotated[
        Path | None, typer.Option(help="File with the client secret.")
    ] = None,
    refresh_token: Annotated[
        str | None,
        typer.Option(help="From a consent for this company.", envvar=REFRESH_TOKEN_VARIABLE),
    ] = None,
    refresh_token_file: Annotated[
        Path | None, typer.Option(help="File with the refresh token.")
    ] = None,
    base_url: Annotated[
        str | None,
        typer.Option(
            help="Host of the API, in place of https://quickbooks.api.intuit.com.",
            envvar="UDSYNC_QUICKBOOKS_BASE_URL",
            show_default=False,
        ),
    ] = None,
    oauth_url: Annotated[
        str | None,
        typer.Option(
            help="The whole token endpoint, in place of Intuit's.",
            envvar="UDSYNC_QUICKBOOKS_OAUTH_URL",
            show_default=False,
        ),
    ] = None,
    read_only: Annotated[
        bool, typer.Option("--read-only", help="Never write to this company.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check a QuickBooks Online company and store the connection.

    The refresh token is used at once; udsync keeps its successors from then on.
    """
    identifier = secret_from(client_id, client_id_file, "client-id", CLIENT_ID_VARIABLE)
    secret = secret_from(client_secret, client_secret_file, "client-secret", CLIENT_SECRET_VARIABLE)
    token = secret_from(refresh_token, refresh_token_file, "refresh-token", REFRESH_TOKEN_VARIABLE)
    with open_installation() as installation:
        connected = connect_quickbooks(
            installation,
            installation.tenant(tenant),
            realm_id=realm_id,
            client_id=identifier.get_secret_value(),
            client_secret=secret,
            refresh_token=token,
            base_url=base_url,
            oauth_url=oauth_url,
            read_only=read_only,
        )
    facts = connected.facts
    _report(
        connected,
        f"Connected the company {facts['name']} ({facts['country']}, {facts['home_currency']}"
        f"{', sandbox' if facts['sandbox'] else ''}{', read-only' if read_only else ''}).",
        as_json=as_json,
    )


@app.command("supabase")
def supabase(
    tenant: Annotated[
        str | None, typer.Option("--tenant", help="Name of the tenant.", show_default=False)
    ] = None,
    database_url: Annotated[
        str | None,
        typer.Option(
            help="postgresql://… of the session pooler or the direct connection.",
            envvar=DATABASE_VARIABLE,
        ),
    ] = None,
    database_url_file: Annotated[Path | None, typer.Option(help="File with the URL.")] = None,
    schema: Annotated[str, typer.Option(help="Schema of udsync's tables.")] = "public",
    read_only: Annotated[
        bool, typer.Option("--read-only", help="Never write to this database.")
    ] = False,
    print_ddl: Annotated[
        bool, typer.Option("--print-ddl", help="Only print the tables' SQL, to run it yourself.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check a Supabase database, create udsync's tables in it and store the connection."""
    if print_ddl:
        typer.echo(ddl(schema), nl=False)
        return
    if tenant is None:
        raise typer.BadParameter("name the tenant", param_hint="--tenant")
    url = secret_from(database_url, database_url_file, "database-url", DATABASE_VARIABLE)
    with open_installation() as installation:
        owner = installation.tenant(tenant)
        connected = connect_supabase(installation, owner, url, schema=schema, read_only=read_only)
    facts = connected.facts
    _report(
        connected,
        f"Connected {connected.connection.name}, schema {facts['schema']} "
        f"(PostgreSQL {facts['server']}{', read-only' if read_only else ''}).",
        as_json=as_json,
    )


def _report(connected: Connected, sentence: str, *, as_json: bool) -> None:
    if as_json:
        emit_json(
            {
                "ok": True,
                "connection_id": connected.connection.id,
                "platform": connected.connection.platform.value,
                "account": connected.connection.external_id,
                "facts": connected.facts,
                "warnings": connected.warnings,
                "replaced": connected.replaced,
            }
        )
        return
    say(sentence)
    for warning in connected.warnings:
        say(f"Note: {warning}")
    for account in connected.replaced:
        say(f"Note: {account} is disabled now; its records and bookmarks are kept.")
