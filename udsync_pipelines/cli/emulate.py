"""`udsync emulate`: stand-ins for the platforms, on this machine only."""

from typing import Annotated

import typer

from udsync_pipelines.cli.options import AsJson
from udsync_pipelines.cli.output import emit_json, say
from udsync_pipelines.emulators.woocommerce.emulator import serve
from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines.services.databases import create_supabase_database, open_databases, plain_url
from udsync_pipelines.settings import ensure_home, load_settings

app = typer.Typer(help="Stand-ins for the platforms.", no_args_is_help=True)


@app.command("woocommerce")
def woocommerce(
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes any free port.")] = 0,
    orders: Annotated[
        int, typer.Option(min=0, help="Orders to generate; 0 serves the recorded store.")
    ] = 0,
    seed: Annotated[int, typer.Option(help="Generated content depends on it.")] = 1,
    plain_http: Annotated[
        bool, typer.Option("--plain-http", help="Behave as a store that PHP thinks is http.")
    ] = False,
) -> None:
    """Serve a WooCommerce store: the recorded one, or one of any size. Ctrl-C stops it.

    Prints one JSON line with its address and keys when it is ready.
    """
    try:
        serve(port=port, orders=orders, seed=seed, plain_http=plain_http)
    except OSError as error:
        raise ConfigurationError(
            f"port {port} on 127.0.0.1 is taken by another program.",
            cure="Choose another with --port; 0 takes any free one.",
            code="port_taken",
        ) from error


@app.command("supabase")
def supabase(
    name: Annotated[str, typer.Option(help="Name of the database.")] = "supabase",
    as_json: AsJson = False,
) -> None:
    """Make a database with Supabase's roles on the embedded server and print its URL.

    The server stays up; `udsync down` stops it.
    """
    settings = load_settings()
    if settings.database_url is not None:
        raise ConfigurationError(
            "the Supabase stand-in needs the embedded server.",
            cure="Unset UDSYNC_DATABASE_URL for this command.",
        )
    ensure_home(settings)
    url = plain_url(create_supabase_database(open_databases(settings).admin_url, name))
    if as_json:
        emit_json({"ok": True, "database_url": url})
    else:
        say(url)
