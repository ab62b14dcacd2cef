"""Sessions cut in the middle of a transaction, processes killed in it, and the server itself."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from udsync_pipelines.emulators.woocommerce import StoreEmulator
from udsync_pipelines.services import postgres_processes
from udsync_pipelines.services.databases import create_supabase_database, plain_url
from udsync_pipelines.services.embedded_postgres import EmbeddedPostgres
from udsync_pipelines.services.installation import open_installation
from udsync_pipelines.settings import Settings
from udsync_pipelines.sync.plan import PlanState
from udsync_pipelines_tests.scenarios.interruptions import (
    blocked_backend,
    cut,
    let_go,
    writes_blocked,
)
from udsync_pipelines_tests.scenarios.reruns import differences_of_orders, open_intents, rerun
from udsync_pipelines_tests.scenarios.shops import ConnectedShop, connect_shop

pytestmark = [pytest.mark.postgres, pytest.mark.slow]


def test_a_page_whose_transaction_is_cut_leaves_neither_records_nor_bookmark(
    shop: ConnectedShop, state_admin_url: str
) -> None:
    with writes_blocked(state_admin_url, "udsync.sync_state") as session:
        process = shop.start_sync()
        cut(session, blocked_backend(session))
        ended = process.wait()
        archived = shop.state("select 1 from udsync.raw_records")

    report = rerun(shop)

    assert (ended.exit_code, archived) == (1, [])
    assert "went away during the work" in ended.error
    assert report.plan.counts["order.created"] == 288
    assert differences_of_orders(shop) == []


def test_a_process_killed_inside_a_page_leaves_neither_records_nor_bookmark(
    shop: ConnectedShop, state_admin_url: str
) -> None:
    with writes_blocked(state_admin_url, "udsync.sync_state") as session:
        process = shop.start_sync()
        blocked_backend(session)
        process.kill()
        ended = process.wait()
        let_go(session)

    report = rerun(shop)

    assert ended.exit_code == -signal.SIGKILL
    assert report.plan.counts["order.created"] == 288
    assert differences_of_orders(shop) == []
    assert open_intents(shop) == []


def test_a_load_whose_session_is_cut_is_repeated_and_lands_once(
    shop: ConnectedShop, scenario_admin_url: str
) -> None:
    with writes_blocked(scenario_admin_url, f"{shop.schema}.woo_order_lines") as session:
        process = shop.start_sync()
        cut(session, blocked_backend(session))
        let_go(session)
        ended = process.wait()

    assert (ended.exit_code, ended.error) == (0, "")
    assert differences_of_orders(shop) == []
    assert open_intents(shop) == []


def test_a_process_killed_inside_a_load_leaves_no_half_batch(
    shop: ConnectedShop, scenario_admin_url: str
) -> None:
    with writes_blocked(scenario_admin_url, f"{shop.schema}.woo_order_lines") as session:
        process = shop.start_sync()
        backend = blocked_backend(session)
        process.kill()
        ended = process.wait()
        cut(session, backend)
        let_go(session)
    arrived = shop.rows("woo_orders")

    report = rerun(shop)

    assert (ended.exit_code, arrived) == (-signal.SIGKILL, [])
    assert report.plan.counts["order.created"] == 288
    assert differences_of_orders(shop) == []
    assert open_intents(shop) == []


def test_an_embedded_server_killed_during_a_load_comes_back_and_the_rest_lands(
    recorded_store: StoreEmulator, new_server_home: Callable[[], Path]
) -> None:
    home = new_server_home()
    settings = Settings(home=home, retry_budget_seconds=1)
    with open_installation(settings) as installation:
        admin = installation.databases.admin_url
        database_url = plain_url(create_supabase_database(admin, "supabase"))
        shop = connect_shop(installation, recorded_store, database_url, "public")
        with_database = plain_url(admin.set(database="supabase"))
        with writes_blocked(with_database, "public.woo_order_lines") as session:
            process = shop.start_sync()
            blocked_backend(session)
            _kill_server(home)
            ended = process.wait()

        with open_installation(settings) as recovered:
            shop.installation = recovered
            report = rerun(shop)
            left = differences_of_orders(shop)
    EmbeddedPostgres(home).stop()

    assert ended.exit_code == 1
    assert ended.error.count("\n") == 0
    assert report.plan.state is PlanState.APPLIED
    assert left == []


@pytest.fixture
def state_admin_url(postgres_server: EmbeddedPostgres, state_url: str) -> str:
    """The test's state database, as the server's superuser."""
    return plain_url(postgres_server.url(str(sa.make_url(state_url).database)))


@pytest.fixture
def scenario_admin_url(postgres_server: EmbeddedPostgres, scenario_database: str) -> str:
    """The Supabase database, as the server's superuser."""
    return plain_url(postgres_server.url(str(sa.make_url(scenario_database).database)))


def _kill_server(home: Path) -> None:
    """End the postmaster and every one of its processes as `kill -9` does."""
    data = EmbeddedPostgres(home).log_file.parent / "data"
    processes = postgres_processes.server_processes(data)
    assert processes, "the server was not found"
    for pid in processes:
        os.kill(pid, signal.SIGKILL)
