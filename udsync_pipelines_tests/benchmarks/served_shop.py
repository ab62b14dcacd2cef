"""A shop with a database and books, served by `udsync up`: the real processes, to be killed."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import psutil  # type: ignore[import-untyped]  # it ships no types
import psycopg
from psycopg.rows import dict_row

from udsync_pipelines.emulators.quickbooks import CompanyEmulator
from udsync_pipelines.emulators.woocommerce import StoreEmulator
from udsync_pipelines.errors import UdsyncError
from udsync_pipelines.services.databases import create_supabase_database, plain_url
from udsync_pipelines.services.embedded_postgres import EmbeddedPostgres
from udsync_pipelines.services.installation import open_installation
from udsync_pipelines.services.postgres_processes import postmaster
from udsync_pipelines.services.process_set import RunningServices, running_services
from udsync_pipelines.services.run_tags import run_tags
from udsync_pipelines.services.runs import DagsterDoor
from udsync_pipelines.services.store_webhooks import register_store
from udsync_pipelines.settings import Settings
from udsync_pipelines_tests.benchmarks.alone import CHECKOUT
from udsync_pipelines_tests.benchmarks.dagster_pages import DagsterPages
from udsync_pipelines_tests.cli.commands import SCRIPT
from udsync_pipelines_tests.ports import two_ports
from udsync_pipelines_tests.scenarios.books import ShopWithBooks, connect_books

T = TypeVar("T")

FACTOR = 20
"""Limits times this: what was sent and never arrived is known after 15 seconds, not after 300."""

STARTED_WITHIN_SECONDS = 300.0
STOPPED_WITHIN_SECONDS = 180.0
ORDERS = "sync_orders"
_IN_DOUBT = (
    "select count(*) from udsync.sync_queue where kind = 'record' and state in ('sent', 'unknown')"
)


@dataclass(frozen=True)
class ServedShop:
    """One tenant with everything connected, and the services that sync it."""

    shop: ShopWithBooks
    home: Path
    pages: DagsterPages
    log: Path

    @property
    def services(self) -> RunningServices:
        """The services as they have announced themselves."""
        return patient(lambda: running_services(self.home))

    def launch(self, job: str = ORDERS, lane: str = "orders", **config: Any) -> str:
        """Launch a run as the hourly schedule would; return its id."""
        tenant = self.shop.tenant.name
        trigger = {"trigger": "schedule"} if lane else {}
        tags = run_tags(tenant, lane, "schedule") if lane else {}
        door = DagsterDoor(self.pages.url)
        wanted = {"tenant": tenant, **trigger, **config}
        return patient(lambda: _try(lambda: door.launch(job, wanted, tags)))

    def kill(self, name: str) -> int:
        """End a service, or the `database`, as `kill -9` does; return the id of its process."""
        pid = self.pid(name)
        os.kill(pid, signal.SIGKILL)
        return pid

    def pid(self, name: str) -> int:
        """The id of the process of a service, or of the `database`."""
        if name != "database":
            return self.services.processes[name]
        return patient(lambda: postmaster(EmbeddedPostgres(self.home).log_file.parent / "data"))

    def workers(self) -> frozenset[int]:
        """The processes of runs that the code server has started, itself or by its fork server."""
        children = self._children_of_the_code_server()
        for parent in [one for one in children if _is_python_s(one, "forkserver")]:
            children = [*(one for one in children if one != parent), *parent.children()]
        return frozenset(one.pid for one in children if not _is_python_s(one, "resource_tracker"))

    def fork_server(self) -> int:
        """The process that forks the workers."""
        children = self._children_of_the_code_server()
        return next(int(one.pid) for one in children if _is_python_s(one, "forkserver"))

    def _children_of_the_code_server(self) -> list[psutil.Process]:
        return list(psutil.Process(self.services.processes["code server"]).children())

    def state(self, query: str) -> list[dict[str, Any]]:
        """Rows of the state database; one that is being started again is waited for."""
        return patient(lambda: _try(lambda: self._rows(query)))

    def in_doubt(self) -> int:
        """How many writes were sent and not answered."""
        return int(self.state(_IN_DOUBT)[0]["count"])

    def said(self) -> str:
        """What `udsync up` has said so far."""
        return self.log.read_text()

    def _rows(self, query: str) -> list[dict[str, Any]]:
        name = str(self.shop.installation.databases.state_url.database)
        url = plain_url(EmbeddedPostgres(self.home).url(name))
        with psycopg.connect(url, row_factory=dict_row, connect_timeout=5) as session:
            return list(session.execute(query.encode()))


@contextmanager
def served_shop(folder: Path) -> Iterator[ServedShop]:
    """Make it; nothing is sold yet. Everything is stopped in the end, `folder` is the caller's."""
    home, (port, api_port) = folder / "served", two_ports()
    settings = Settings(
        _env_file=None,
        home=home,
        database_url=None,
        limits_factor=FACTOR,
        dagster_port=port,
        api_port=api_port,
    )
    try:
        with (
            open_installation(settings) as installation,
            StoreEmulator(recorded=False, customers=0, products=0) as store,
            CompanyEmulator(limits_factor=FACTOR, sales_items=True) as company,
        ):
            admin = installation.databases.admin_url
            supabase = plain_url(create_supabase_database(admin, "supabase"))
            shop = connect_books(installation, store, company, supabase=(supabase, "public"))
            with _up(settings, home / "up.log") as services:
                yield ServedShop(shop, home, DagsterPages(services.url), home / "up.log")
    finally:
        EmbeddedPostgres(home).stop()


def register_webhooks(served: ServedShop) -> None:
    """Let the store deliver to the API."""
    register_store(served.shop.installation, served.shop.tenant, served.services.api_url)


def _is_python_s(process: psutil.Process, part: str) -> bool:
    """Whether a process is this part of Python's own multiprocessing."""
    try:
        return f"multiprocessing.{part}" in " ".join(process.cmdline())
    except psutil.Error:
        return False


def patient(ask: Callable[[], T | None]) -> T:
    """What is asked for, as soon as it is there.

    Raises:
        RuntimeError: it does not come.
    """
    deadline = time.monotonic() + STARTED_WITHIN_SECONDS
    while (found := ask()) is None:
        if time.monotonic() > deadline:
            raise RuntimeError("it did not come")
        time.sleep(0.2)
    return found


def _try(ask: Callable[[], T]) -> T | None:
    """What is asked for; None while something that it needs is being started again."""
    try:
        return ask()
    except (UdsyncError, psycopg.OperationalError):
        return None


@contextmanager
def _up(settings: Settings, log: Path) -> Iterator[RunningServices]:
    with log.open("ab") as output:
        process = subprocess.Popen(
            [SCRIPT, "up"],
            env=_environment(settings),
            cwd=settings.home.parent,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        yield _wait_until_up(settings.home, process, log)
    finally:
        process.terminate()
        process.wait(STOPPED_WITHIN_SECONDS)


def _wait_until_up(home: Path, process: "subprocess.Popen[bytes]", log: Path) -> RunningServices:
    deadline = time.monotonic() + STARTED_WITHIN_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        found = running_services(home)
        if found is not None and "udsync is up" in log.read_text():
            return found
        time.sleep(0.2)
    raise RuntimeError(f"the services did not start: {log.read_text()}")


def _environment(settings: Settings) -> Mapping[str, str]:
    # The caller's own udsync settings must not reach what is tried.
    kept = {name: text for name, text in os.environ.items() if not name.startswith("UDSYNC_")}
    return {
        **kept,
        "PYTHONPATH": str(CHECKOUT),
        "UDSYNC_HOME": str(settings.home),
        "UDSYNC_LIMITS_FACTOR": str(settings.limits_factor),
        "UDSYNC_DAGSTER_PORT": str(settings.dagster_port),
        "UDSYNC_API_PORT": str(settings.api_port),
    }
