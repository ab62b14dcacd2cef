"""`udsync emulate`: stand-ins for the platforms, on this machine only."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Annotated

import typer

from udsync_pipelines.cli.options import AsJson
from udsync_pipelines.cli.output import emit_json, say
from udsync_pipelines.emulators.quickbooks.emulator import serve as serve_quickbooks
from udsync_pipelines.emulators.quickbooks.options import CompanyOptions
from udsync_pipelines.emulators.woocommerce.emulator import serve
from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines.services.databases import create_supabase_database, open_databases, plain_url
from udsync_pipelines.settings import ensure_home, load_settings

AlwaysJson = Annotated[bool, typer.Option("--json", help="Always so: one JSON line is printed.")]

_DEFAULTS = CompanyOptions()

_DATABASE_NAME = re.compile(r"[a-z][a-z0-9_-]{0,49}")

app = typer.Typer(help="Stand-ins for the platforms.", no_args_is_help=True)


class Country(StrEnum):
    """The countries that an emulated company can be in."""

    CANADA = "CA"
    UNITED_STATES = "US"
    UNITED_KINGDOM = "GB"
    AUSTRALIA = "AU"


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
    as_json: AlwaysJson = True,
) -> None:
    """Serve a WooCommerce store: the recorded one, or one of any size. Ctrl-C stops it.

    Prints one JSON line with its address and keys when it is ready.
    """
    del as_json
    with _port_named(port):
        serve(port=port, orders=orders, seed=seed, plain_http=plain_http)


@app.command("quickbooks")
def quickbooks(
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes any free port.")] = 0,
    seed: Annotated[int, typer.Option(help="Tokens and trace ids depend on it.")] = 1,
    country: Annotated[Country, typer.Option(help="Accounts and taxes of this country.")] = (
        Country.CANADA
    ),
    realm_id: Annotated[str, typer.Option(help="The company's id.")] = _DEFAULTS.realm_id,
    with_items: Annotated[
        bool,
        typer.Option(
            "--with-items/--without-items",
            help="Items that a posting policy needs: Shipping, Fees, Other sales and so on.",
        ),
    ] = True,
    limits_factor: Annotated[
        float,
        typer.Option(min=0, envvar="UDSYNC_LIMITS_FACTOR", help="Multiplies the limits; 0: none."),
    ] = 1.0,
    multicurrency: Annotated[
        bool, typer.Option("--multicurrency", help="Take documents in foreign currencies.")
    ] = False,
    tax_override: Annotated[
        bool, typer.Option("--tax-override", help="Honour the caller's own total tax.")
    ] = False,
    own_numbers: Annotated[
        bool, typer.Option("--own-numbers", help="The company numbers documents itself.")
    ] = False,
    as_json: AlwaysJson = True,
) -> None:
    """Serve a QuickBooks Online company with empty books. Ctrl-C stops it.

    Prints one JSON line with its address, realm id, keys and tokens when it is ready.
    """
    del as_json
    if not (realm_id.isascii() and realm_id.isdecimal()):
        raise typer.BadParameter("a company's id is a number", param_hint="--realm-id")
    with _port_named(port):
        serve_quickbooks(
            port=port,
            seed=seed,
            country=country.value,
            realm_id=realm_id,
            sales_items=with_items,
            limits_factor=limits_factor,
            multicurrency=multicurrency,
            tax_override=tax_override,
            doc_number_custom=not own_numbers,
        )


def database_name(name: str) -> str:
    """Refuse a name that no database and no role named after it can have."""
    if not _DATABASE_NAME.fullmatch(name):
        raise typer.BadParameter(
            f"{name[:80]!r} is no name for a database: small letters, digits, _ and -, at most 50"
        )
    return name


@app.command("supabase")
def supabase(
    name: Annotated[
        str, typer.Option(help="Name of the database.", callback=database_name)
    ] = "supabase",
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


@contextmanager
def _port_named(port: int) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ConfigurationError(
            f"port {port} on 127.0.0.1 is taken by another program.",
            cure="Choose another with --port; 0 takes any free one.",
            code="port_taken",
        ) from error
