"""A place to post from: an installation of its own with one tenant, a store and its books."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from pydantic import SecretStr

from udsync_pipelines.services import policies
from udsync_pipelines.services.connecting import connect_woocommerce
from udsync_pipelines.services.connecting_books import connect_quickbooks
from udsync_pipelines.services.databases import plain_url
from udsync_pipelines.services.embedded_postgres import EmbeddedPostgres
from udsync_pipelines.services.installation import open_installation
from udsync_pipelines.settings import Settings
from udsync_pipelines.store.repositories import tenants
from udsync_pipelines_tests.benchmarks.alone import run_alone
from udsync_pipelines_tests.benchmarks.company import BooksCompany
from udsync_pipelines_tests.benchmarks.machine import postmaster_pid
from udsync_pipelines_tests.benchmarks.shop import Shop
from udsync_pipelines_tests.benchmarks.workplace import TENANT
from udsync_pipelines_tests.scenarios.parking import agree_to_park


@dataclass(frozen=True)
class PostingPlace:
    """One installation with a store and a company connected, and a policy accepted."""

    home: Path
    shop: Shop
    company: BooksCompany
    limits_factor: str
    state_url: str
    server_version: str
    postmaster: int

    def sync(self, *options: str) -> dict[str, Any]:
        """Sync every lane once, in a new process; what it told."""
        watched = {
            "postgres": self.postmaster,
            "shop": self.shop.pid,
            "company": self.company.pid,
        }
        return run_alone(
            self.home,
            "one_posting",
            *(f"--watch={name}={pid}" for name, pid in watched.items()),
            *options,
            settings={"UDSYNC_LIMITS_FACTOR": self.limits_factor},
        )

    def transactions(self) -> int:
        """How many transactions the server has committed in our state so far."""
        with psycopg.connect(self.state_url, autocommit=True) as session:
            row = session.execute(
                "select xact_commit from pg_stat_database where datname = current_database()"
            ).fetchone()
        assert row is not None
        return int(row[0])


@contextmanager
def posting_place(
    home: Path, shop: Shop, company: BooksCompany, limits_factor: str
) -> Iterator[PostingPlace]:
    """Make it, and stop its server in the end. The folder of `home` is the caller's to remove."""
    settings = Settings(_env_file=None, home=home, database_url=None, limits_factor=limits_factor)
    server = EmbeddedPostgres(home, pg_bin=settings.pg_bin)
    try:
        with open_installation(settings) as installation:
            with installation.state.dispatch() as connection:
                tenant = tenants.create(connection, TENANT)
            key, secret = SecretStr(shop.consumer_key), SecretStr(shop.consumer_secret)
            connect_woocommerce(installation, tenant, shop.url, key, secret)
            connect_quickbooks(
                installation,
                tenant,
                realm_id=company.realm_id,
                client_id=company.client_id,
                client_secret=SecretStr(company.client_secret),
                refresh_token=SecretStr(company.refresh_token),
                base_url=company.url,
                oauth_url=company.oauth_url,
            )
            policies.propose(installation, TENANT)
            policies.accept(installation, TENANT, allow_open=True)
            agree_to_park(installation, TENANT)
            state = installation.databases.state_url.database
            state_url = plain_url(installation.databases.admin_url.set(database=state))
        with psycopg.connect(state_url) as session:
            version = session.info.parameter_status("server_version") or "unknown"
            postmaster = postmaster_pid(session)
        yield PostingPlace(
            home=home,
            shop=shop,
            company=company,
            limits_factor=limits_factor,
            state_url=state_url,
            server_version=version,
            postmaster=postmaster,
        )
    finally:
        server.stop()
