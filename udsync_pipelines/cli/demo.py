"""`udsync demo`: the whole path on this machine, with nothing of yours and no account."""

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from pydantic import SecretStr

from udsync_pipelines.cli.demo_report import DemoResult, compare, print_result
from udsync_pipelines.cli.output import ExitCode, leave, say
from udsync_pipelines.cli.runs import JobRun, run_job
from udsync_pipelines.cli.services import stop_database, stop_on_terminate
from udsync_pipelines.cli.summary import print_summary
from udsync_pipelines.emulators.woocommerce.emulator import StoreEmulator
from udsync_pipelines.services.connecting import connect_supabase, connect_woocommerce
from udsync_pipelines.services.dagster_home import prepare_dagster_home
from udsync_pipelines.services.databases import create_supabase_database, plain_url
from udsync_pipelines.services.engines import open_engine
from udsync_pipelines.services.installation import Installation, open_installation
from udsync_pipelines.services.process_set import ProcessSet, free_port
from udsync_pipelines.settings import Settings, load_settings
from udsync_pipelines.store.repositories import tenants
from udsync_pipelines.store.repositories.ledger import PostgresLedger
from udsync_pipelines.store.repositories.tenants import Tenant

TENANT = "demo"


def demo(
    orders: Annotated[
        int, typer.Option(min=0, help="Generate a store with so many orders; 0: the recorded one.")
    ] = 0,
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave everything running until Ctrl-C, to look around.")
    ] = False,
) -> None:
    """Land an emulated store in an emulated Supabase through real Dagster runs, and compare.

    Everything runs on this machine and is removed at the end.
    """
    stop_on_terminate()
    started = time.monotonic()
    with _demo_home() as settings, open_installation(settings) as installation:
        say(f"Embedded PostgreSQL runs; everything of the demo is in {settings.home}")
        with StoreEmulator(orders=orders) as store:
            what = f"generated, {orders:,} orders" if orders else "recorded from WooCommerce 11"
            say(f"Emulated store ({what}): {store.url}")
            database_url = create_supabase_database(installation.databases.admin_url, "supabase")
            tenant = _connect(installation, store, plain_url(database_url))
            prepare_dagster_home(settings)
            with ProcessSet(settings, say).started() as url:
                result = _sync_twice(installation, tenant, store)
                say(f"Done in {time.monotonic() - started:.0f} seconds.")
                _say_where_to_look(url, plain_url(database_url), keep=keep)
                if keep:
                    _wait_for_interrupt()
    if not result.is_good:
        raise leave(ExitCode.FAILED)


@contextmanager
def _demo_home() -> Iterator[Settings]:
    """Settings with a home of their own, whatever the environment names; removed at the end."""
    pg_bin = load_settings().pg_bin
    with tempfile.TemporaryDirectory(prefix="udsync-demo-", ignore_cleanup_errors=True) as folder:
        home = Path(folder) / "home"
        home.mkdir()
        Path(folder).chmod(0o711)  # the database server of root runs as another user
        given = dict(os.environ)
        here = Path.cwd()
        os.environ.pop("UDSYNC_DATABASE_URL", None)
        os.environ["UDSYNC_HOME"] = str(home)
        os.environ["UDSYNC_DAGSTER_PORT"] = str(free_port())
        if pg_bin is not None:
            os.environ["UDSYNC_PG_BIN"] = str(pg_bin)
        os.chdir(folder)  # away from a .env that names a database of yours
        settings = load_settings()
        try:
            yield settings
        finally:
            stop_database(settings)
            os.chdir(here)
            os.environ.clear()
            os.environ.update(given)


def _connect(installation: Installation, store: StoreEmulator, database_url: str) -> Tenant:
    with installation.state.dispatch() as connection:
        tenant = tenants.create(connection, TENANT)
    connect_woocommerce(
        installation,
        tenant,
        store.url,
        SecretStr(store.consumer_key),
        SecretStr(store.consumer_secret),
    )
    connect_supabase(
        installation, tenant, SecretStr(database_url), schema="public", read_only=False
    )
    say(f"Tenant {TENANT}: the store and an emulated Supabase are connected")
    return tenant


def _sync_twice(installation: Installation, tenant: Tenant, store: StoreEmulator) -> DemoResult:
    """Sync, sync again, and compare the shop with the database."""
    ledger = PostgresLedger(installation.state, tenant.id)
    first = _sync(installation, tenant, "First sync", ledger)
    second = _sync(installation, tenant, "Second sync, nothing has changed", ledger)
    with open_engine(installation, tenant.name) as engine:
        result = compare(store.sums(), engine.opened.databases[0].sums(), first, second)
    print_result(result)
    return result


def _sync(installation: Installation, tenant: Tenant, title: str, ledger: PostgresLedger) -> JobRun:
    run = run_job(installation, tenant, "sync_all", {"tenant": tenant.name})
    print_summary(run, ledger, title=f"{title} (Dagster run {run.run_id[:8]}: {run.status})")
    return run


def _say_where_to_look(url: str, database_url: str, *, keep: bool) -> None:
    if not keep:
        say("To look around in it: .venv/bin/udsync demo --keep")
        return
    say(f"Runs, assets, launchpad: {url}")
    say(f"The tables:              {database_url}")
    say(f'For example: psql "{database_url}" -c "table woo_orders"')
    say("Ctrl-C stops and removes everything.")


def _wait_for_interrupt() -> None:
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        say("Stopping.")
