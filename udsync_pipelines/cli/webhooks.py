"""`udsync webhooks`: let platforms tell of changes, and see whether they still do."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from udsync_pipelines.cli.options import AsJson, TenantName
from udsync_pipelines.cli.output import ExitCode, emit_json, leave, say
from udsync_pipelines.cli.secrets import secret_from
from udsync_pipelines.connectors.woocommerce.webhook_registry import MEANINGS, Examined
from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines.services.books_webhooks import (
    LEGACY_PATH,
    PATH,
    BooksWebhooks,
    check_books,
    register_books,
)
from udsync_pipelines.services.installation import Installation, open_installation
from udsync_pipelines.services.store_webhooks import (
    StoreWebhooks,
    check_store,
    register_store,
)
from udsync_pipelines.store.repositories import webhook_quarantine
from udsync_pipelines.store.repositories.webhook_quarantine import UnknownAccount

TOKEN_VARIABLE = "UDSYNC_QUICKBOOKS_VERIFIER_TOKEN"  # noqa: S105 - a name, not a secret

app = typer.Typer(help="Let platforms tell udsync what has changed.", no_args_is_help=True)


@app.command("register")
def register(
    tenant: TenantName,
    url: Annotated[
        str | None,
        typer.Option(
            help="Address under which udsync's API is reached from outside; remembered.",
            envvar="UDSYNC_WEBHOOK_URL",
            show_default=False,
        ),
    ] = None,
    rotate: Annotated[
        bool, typer.Option("--rotate", help="Give the store's webhooks new secrets.")
    ] = False,
    verifier_token: Annotated[
        str | None,
        typer.Option(help="Verifier token of the app at Intuit.", envvar=TOKEN_VARIABLE),
    ] = None,
    verifier_token_file: Annotated[
        Path | None, typer.Option(help="File with the verifier token.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Set up the webhooks of the tenant's store, and of its books if their token is given.

    Makes what is missing, makes anew what the store has given up, removes what is there twice.
    Webhooks of others stay untouched. It may be repeated; nothing is made twice.
    """
    with open_installation() as installation:
        owner = installation.tenant(tenant)
        books = None
        if verifier_token or verifier_token_file:
            token = secret_from(
                verifier_token, verifier_token_file, "verifier-token", TOKEN_VARIABLE
            )
            base = url or _remembered(check_books(installation, owner))
            books = register_books(installation, owner, base, token)
        store = register_store(installation, owner, url, rotate=rotate)
        if store is None and books is None:
            raise _nothing_to_register(tenant)
        books = books or check_books(installation, owner)
        _finish(installation, tenant, store, books, as_json=as_json, is_check=False)


def _nothing_to_register(tenant: str) -> ConfigurationError:
    return ConfigurationError(
        f"tenant {tenant} has no store, and no verifier token of its books was given.",
        code="nothing_to_register",
        cure="Connect a store (udsync connect woocommerce), or give --verifier-token.",
    )


@app.command("list")
def list_all(tenant: TenantName, as_json: AsJson = False) -> None:
    """Show the tenant's webhooks, as the platforms have them now, and when they last delivered."""
    with open_installation() as installation:
        owner = installation.tenant(tenant)
        store, books = check_store(installation, owner), check_books(installation, owner)
        _finish(installation, tenant, store, books, as_json=as_json, is_check=False)


@app.command("check")
def check(tenant: TenantName, as_json: AsJson = False) -> None:
    """Look whether all webhooks are as they should be: exit code 0, else 3. Changes nothing."""
    with open_installation() as installation:
        owner = installation.tenant(tenant)
        store, books = check_store(installation, owner), check_books(installation, owner)
        _finish(installation, tenant, store, books, as_json=as_json, is_check=True)


def _finish(
    installation: Installation,
    tenant: str,
    store: StoreWebhooks | None,
    books: BooksWebhooks | None,
    *,
    as_json: bool,
    is_check: bool,
) -> None:
    with installation.state.dispatch() as connection:
        unknown = webhook_quarantine.accounts(connection)
    problems = [*_problems(store, books)]
    code = ExitCode.PARKED if is_check and problems else ExitCode.SETTLED
    if as_json:
        emit_json(
            {
                "ok": not problems,
                "exit_code": int(code),
                "tenant": tenant,
                "woocommerce": store and _store_as_json(store),
                "quickbooks": books and _books_as_json(books),
                "unknown_companies": [_unknown_as_json(one) for one in unknown],
                "problems": problems,
            }
        )
    else:
        _print(store, books, unknown, problems)
    if code is not ExitCode.SETTLED:
        raise leave(code)


def _print(
    store: StoreWebhooks | None,
    books: BooksWebhooks | None,
    unknown: Sequence[UnknownAccount],
    problems: Sequence[str],
) -> None:
    if store and store.url:
        say(f"{store.store} delivers to {store.url}")
        for one in store.now:
            number = one.listed.id if one.listed else "-"
            last = _time(store.last_delivery.get(one.topic))
            say(f"  {one.topic}  {one.finding}  webhook {number}, last delivery {last}")
        for line in store.done:
            say(f"  {line}")
    if books and books.has_token:
        say(f"Company {books.realm} delivers to {books.url}")
        say(f"  last delivery {_time(books.last_delivery)}")
        if books.adopted:
            say(f"  {books.adopted} events that had come before are taken up now")
    for company in unknown:
        say(
            f"Kept: {company.events} events of the company {company.account}, which nobody has "
            f"connected; the newest of {_time(company.last)}"
        )
    for problem in problems:
        say(problem)


def _problems(store: StoreWebhooks | None, books: BooksWebhooks | None) -> Iterator[str]:
    if store and not store.url:
        yield (
            f"The store {store.store} has no webhooks of udsync. "
            "Run: udsync webhooks register --url https://…"
        )
    for one in store.problems if store and store.url else ():
        yield f"{one.topic} {MEANINGS[one.finding]}. Run: udsync webhooks register"
    if books is not None and not books.has_token:
        yield (
            f"Company {books.realm} sends no events that udsync could check. In Intuit's portal, "
            f"under Webhooks, enter your address with {PATH} (with {LEGACY_PATH} for the older "
            "form), choose Customer, Item, Invoice, Payment, Sales Receipt, Refund Receipt and "
            "Credit Memo, and give udsync the verifier token: "
            "udsync webhooks register --verifier-token-file FILE"
        )


def _remembered(books: BooksWebhooks | None) -> str:
    if books is None or not books.url:
        raise ConfigurationError(
            "udsync does not know under which address its API is reached from outside.",
            code="webhook_url_missing",
            cure="Give it: udsync webhooks register --url https://…",
        )
    return books.url.removesuffix(PATH)


def _store_as_json(store: StoreWebhooks) -> dict[str, Any]:
    return {
        "store": store.store,
        "url": store.url,
        "webhooks": [_examined_as_json(one, store) for one in store.now],
        "done": list(store.done),
    }


def _examined_as_json(one: Examined, store: StoreWebhooks) -> dict[str, Any]:
    return {
        "topic": one.topic,
        "state": one.finding,
        "id": one.listed.id if one.listed else None,
        "last_delivery": store.last_delivery.get(one.topic),
    }


def _books_as_json(books: BooksWebhooks) -> dict[str, Any]:
    return {
        "realm": books.realm,
        "url": books.url or None,
        "has_token": books.has_token,
        "last_delivery": books.last_delivery,
        "adopted": books.adopted,
    }


def _unknown_as_json(one: UnknownAccount) -> dict[str, Any]:
    return {"realm": one.account, "events": one.events, "since": one.since, "last": one.last}


def _time(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC" if moment else "never"
