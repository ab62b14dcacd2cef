"""A place to measure in: an installation of its own with one tenant, a store and a database."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from pydantic import SecretStr

from udsync_pipelines.connectors.supabase.destination import SupabaseDestination
from udsync_pipelines.connectors.supabase.sums import StoreSums
from udsync_pipelines.connectors.supabase.tables import TABLES
from udsync_pipelines.services.connecting import connect_supabase, connect_woocommerce
from udsync_pipelines.services.databases import create_supabase_database, plain_url
from udsync_pipelines.services.embedded_postgres import EmbeddedPostgres
from udsync_pipelines.services.installation import open_installation
from udsync_pipelines.settings import Settings
from udsync_pipelines.store.repositories import tenants
from udsync_pipelines_tests.benchmarks.alone import run_alone
from udsync_pipelines_tests.benchmarks.machine import Session, postmaster_pid
from udsync_pipelines_tests.benchmarks.shop import Shop

TENANT = "bench"
ARCHIVE_TABLES = ("udsync.raw_records", "udsync.source_records", "udsync.id_mappings")


@dataclass(frozen=True)
class Workplace:
    """One installation with everything connected.

    `state_url` is the superuser's way to our state, `supabase_url` the owner's to the tables.
    """

    home: Path
    shop: Shop
    store_id: UUID
    state_url: str
    supabase_url: str
    server_version: str
    postmaster: int

    def run_alone(self, module: str, *arguments: str) -> dict[str, Any]:
        """Run a module of this package in a new process; what it printed last, read as JSON."""
        return run_alone(self.home, module, *arguments)

    def watched(self) -> list[str]:
        """The arguments that have a program measure the server and the store as well."""
        return ["--postgres", str(self.postmaster), "--shop", str(self.shop.pid)]

    def rows_written(self) -> dict[str, str]:
        """A fingerprint of every table: it changes with every row written, also with equal rows."""
        return {
            **_fingerprints(self.supabase_url, [f'public."{table.name}"' for table in TABLES]),
            **_fingerprints(self.state_url, ARCHIVE_TABLES),
        }

    def sums(self) -> StoreSums:
        """What the database holds of the store."""
        with SupabaseDestination(self.supabase_url, store_id=self.store_id) as destination:
            return destination.sums()


@contextmanager
def workplace(home: Path, shop: Shop) -> Iterator[Workplace]:
    """Make it, and stop its server in the end. The folder of `home` is the caller's to remove."""
    settings = Settings(_env_file=None, home=home, database_url=None)
    server = EmbeddedPostgres(home, pg_bin=settings.pg_bin)
    try:
        with open_installation(settings) as installation:
            admin_url = installation.databases.admin_url
            supabase_url = plain_url(create_supabase_database(admin_url, "supabase"))
            with installation.state.dispatch() as connection:
                tenant = tenants.create(connection, TENANT)
            key, secret = SecretStr(shop.consumer_key), SecretStr(shop.consumer_secret)
            store = connect_woocommerce(installation, tenant, shop.url, key, secret)
            connect_supabase(
                installation, tenant, SecretStr(supabase_url), schema="public", read_only=False
            )
            state = installation.databases.state_url.database
        state_url = plain_url(admin_url.set(database=state))
        with psycopg.connect(state_url) as session:
            version = session.info.parameter_status("server_version") or "unknown"
            postmaster = postmaster_pid(session)
        yield Workplace(
            home=home,
            shop=shop,
            store_id=store.connection.id,
            state_url=state_url,
            supabase_url=supabase_url,
            server_version=version,
            postmaster=postmaster,
        )
    finally:
        server.stop()


def _fingerprints(url: str, tables: Sequence[str]) -> dict[str, str]:
    with psycopg.connect(url) as session:
        return {table: _fingerprint(session, table) for table in tables}


def _fingerprint(session: Session, table: str) -> str:
    row = session.execute(
        "select count(*), sum(hashtextextended(tableoid::text || ctid::text || xmin::text, 0))"
        f" from {table}".encode()
    ).fetchone()
    return " ".join(map(str, row or ()))
