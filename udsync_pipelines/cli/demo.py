"""`udsync demo`: the whole path on this machine, with nothing of yours and no account."""

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from udsync_pipelines.cli.demo_books import BooksProof, count_writes, print_proof, prove
from udsync_pipelines.cli.demo_platforms import (
    Platforms,
    accept_policy,
    check_books,
    connect_all,
    emulated_platforms,
)
from udsync_pipelines.cli.demo_report import DemoResult, compare, print_result
from udsync_pipelines.cli.demo_shop import read_sales
from udsync_pipelines.cli.output import ExitCode, leave, say
from udsync_pipelines.cli.runs import JobRun, run_job
from udsync_pipelines.cli.services import stop_database, stop_on_terminate
from udsync_pipelines.cli.summary import print_summary
from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.posting.policy import PostingPolicy
from udsync_pipelines.services.dagster_home import prepare_dagster_home
from udsync_pipelines.services.engines import TenantEngine, open_engine
from udsync_pipelines.services.installation import Installation, open_installation
from udsync_pipelines.services.process_set import ProcessSet, free_port
from udsync_pipelines.settings import Settings, load_settings
from udsync_pipelines.store.repositories.ledger import PostgresLedger
from udsync_pipelines.store.repositories.tenants import Tenant
from udsync_pipelines.sync.books.writes import Key, Role

FASTER = "100"
"""The emulated company allows so many times what QuickBooks does, unless the setting says."""

ALL = 1_000_000


def demo(
    orders: Annotated[
        int, typer.Option(min=0, help="Generate a store with so many orders; 0: the recorded one.")
    ] = 0,
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave everything running until Ctrl-C, to look around.")
    ] = False,
) -> None:
    """Bring an emulated store to an emulated Supabase and to emulated books, and compare all.

    Real Dagster runs do it. Everything runs on this machine and is removed at the end.
    """
    stop_on_terminate()
    started = time.monotonic()
    with _demo_home() as settings, open_installation(settings) as installation:
        say(f"Embedded PostgreSQL runs; everything of the demo is in {settings.home}")
        with emulated_platforms(installation, orders) as platforms:
            tenant = connect_all(installation, platforms)
            policy = accept_policy(installation).stored.policy
            check_books(installation)
            prepare_dagster_home(settings)
            with ProcessSet(settings, say).started() as url:
                result, proof = _sync_twice(installation, tenant, platforms, policy)
                say(f"Done in {time.monotonic() - started:.0f} seconds.")
                _say_where_to_look(url, platforms, keep=keep)
                if keep:
                    _wait_for_interrupt()
    if not (result.is_good and proof.is_good):
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
        port = free_port()
        os.environ["UDSYNC_DAGSTER_PORT"] = str(port)
        os.environ["UDSYNC_API_PORT"] = str(free_port(above=port))
        os.environ.setdefault("UDSYNC_LIMITS_FACTOR", FASTER)
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


def _sync_twice(
    installation: Installation, tenant: Tenant, platforms: Platforms, policy: PostingPolicy
) -> tuple[DemoResult, BooksProof]:
    """Sync, sync again, and compare the shop with the database and with the books."""
    ledger = PostgresLedger(installation.state, tenant.id)
    # The orders were read for the pre-flight: all are read again, or it would tell of none.
    first = _sync(installation, tenant, "First sync", ledger, full=True)
    before = count_writes(platforms.company)
    second = _sync(installation, tenant, "Second sync, nothing has changed", ledger)
    again = count_writes(platforms.company) - before
    with open_engine(installation, tenant.name) as engine:
        result = compare(platforms.store.sums(), engine.opened.databases[0].sums(), first, second)
        print_result(result)
        proof = _proof(platforms, engine, policy, again)
        print_proof(proof)
    return result, proof


def _proof(
    platforms: Platforms, engine: TenantEngine, policy: PostingPolicy, again: int
) -> BooksProof:
    sales = read_sales(platforms.store, policy.posting_statuses)
    parked = {
        f"{entity}s": engine.ledger.parked(engine.source.id, entity, ALL)
        for entity in (Entity.ORDER, Entity.REFUND)
    }
    keys = [Key(Entity.REFUND, refund.id, Role.REFUND) for refund in sales.refunds]
    bound = engine.opened.writes.bound(keys) if engine.opened.writes else {}
    documents = {key.source_id: binding.target_id for key, binding in bound.items()}
    return prove(platforms.company, sales, parked, documents, again)


def _sync(
    installation: Installation,
    tenant: Tenant,
    title: str,
    ledger: PostgresLedger,
    *,
    full: bool = False,
) -> JobRun:
    run = run_job(installation, tenant, "sync_all", {"tenant": tenant.name, "full": full})
    print_summary(run, ledger, title=f"{title} (Dagster run {run.run_id[:8]}: {run.status})")
    return run


def _say_where_to_look(url: str, platforms: Platforms, *, keep: bool) -> None:
    if not keep:
        say("To look around in it: .venv/bin/udsync demo --keep")
        return
    company = platforms.company
    question = "select DocNumber, TotalAmt from SalesReceipt maxresults 3"
    say(f"Runs, assets, launchpad: {url}")
    say(f"The tables:              {platforms.database_url}")
    say(f"The company:             {company.url}")
    say(f'A table:  psql "{platforms.database_url}" -c "table woo_orders"')
    say(
        f"The books:  curl -s -G {company.url}/v3/company/{company.realm_id}/query "
        f'-d minorversion=75 --data-urlencode "query={question}" '
        f'-H "Accept: application/json" -H "Authorization: Bearer {company.access_token}"'
    )
    say(f"Their audit:  curl -s {company.url}/__emulator__/audit")
    say("Ctrl-C stops and removes everything.")


def _wait_for_interrupt() -> None:
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        say("Stopping.")
