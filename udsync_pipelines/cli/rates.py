"""`udsync rates`: exchange rates that a tenant stores for documents in foreign currencies."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from udsync_pipelines.cli.options import AsJson, TenantName
from udsync_pipelines.cli.output import emit_json, say
from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines.services.exchange_rates import parse_rate, parse_rates, put_rates, rates_of
from udsync_pipelines.services.installation import open_installation
from udsync_pipelines.store.repositories.exchange_rates import DayRate
from udsync_pipelines.store.tables.states import RateOrigin

app = typer.Typer(
    help="Exchange rates for documents in foreign currencies: set, import, list.",
    no_args_is_help=True,
)
_STANDARD_INPUT = Path("-")


@app.command("set")
def put(
    tenant: TenantName,
    currency: Annotated[str, typer.Argument(help="Three letters, such as USD.")],
    day: Annotated[str, typer.Argument(help="The day it holds for, such as 2026-01-31.")],
    rate: Annotated[
        str, typer.Argument(help="Units of the books' currency for one of this, such as 1.3512.")
    ],
) -> None:
    """Store one rate; one of the same day is replaced. What is posted already keeps its rate."""
    one = parse_rate(currency, day, rate)
    with open_installation() as installation:
        put_rates(installation, tenant, [one])
    say(f"1 {one.currency} is {one.rate} on {one.day}.")


@app.command("import")
def read_file(
    file: Annotated[
        Path, typer.Argument(help="Lines of currency,day,rate; - reads standard input.")
    ],
    tenant: TenantName,
) -> None:
    """Store every rate of a file, all or none; those of the same days are replaced."""
    rates = [*parse_rates(_lines(file))]
    with open_installation() as installation:
        stored = put_rates(installation, tenant, rates)
    say(f"{stored} rates are stored.")


@app.command("list")
def list_all(
    tenant: TenantName,
    books: Annotated[
        bool, typer.Option("--books", help="Those that were read from the books instead.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show the stored rates, by currency and day. Asks no platform."""
    with open_installation() as installation:
        found = rates_of(installation, tenant, RateOrigin.BOOKS if books else RateOrigin.TABLE)
    if as_json:
        emit_json({"rates": [_as_json(each) for each in found]})
        return
    for each in found:
        say(f"{each.currency}  {each.day}  {each.rate.normalize():f}")
    if not found:
        say("No rate is stored.")


def _lines(file: Path) -> list[str]:
    try:
        found = sys.stdin.buffer.read() if file == _STANDARD_INPUT else file.read_bytes()
        return found.decode("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"the file {file} cannot be read as text in UTF-8.",
            code="file_unreadable",
            cure="Name a file with lines such as USD,2026-01-31,1.3512.",
        ) from error


def _as_json(each: DayRate) -> dict[str, str]:
    return {
        "currency": each.currency,
        "day": each.day.isoformat(),
        "rate": f"{each.rate.normalize():f}",
    }
