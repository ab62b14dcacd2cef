"""An installation with Dagster's own storage, and runs of our jobs in it.

A test package takes the fixtures by importing the names that it needs.
"""

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from udsync_pipelines.definitions import defs
from udsync_pipelines.emulators.quickbooks import CompanyEmulator
from udsync_pipelines.emulators.woocommerce import StoreEmulator
from udsync_pipelines.services import policies
from udsync_pipelines.services.connecting_books import connect_quickbooks
from udsync_pipelines.services.dagster_home import prepare_dagster_home
from udsync_pipelines.services.databases import create_supabase_database, plain_url
from udsync_pipelines.services.embedded_postgres import EmbeddedPostgres
from udsync_pipelines.services.installation import Installation, open_installation
from udsync_pipelines_tests.scenarios.shops import ConnectedShop, connect_shop
from udsync_pipelines_tests.store.databases import StateTemplate
from udsync_pipelines_tests.store_fixtures import recorded_store, store_emulator

__all__ = [
    "company",
    "dagster_instance",
    "dagster_runs",
    "environment",
    "installation",
    "new_supabase",
    "recorded_store",
    "shop",
    "store_emulator",
]

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Supabase:
    """A database that looks like one of Supabase; it can be made to refuse."""

    url: str
    name: str
    server: EmbeddedPostgres

    def alter(self, change: str) -> None:
        """Change a setting of the database as those who run it may, and cut its sessions."""
        url = plain_url(self.server.url())
        engine = sa.create_engine(sa.make_url(url).set(drivername="postgresql+psycopg"))
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(f"ALTER DATABASE {self.name} {change}")
            connection.exec_driver_sql(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                f" WHERE datname = '{self.name}'"
            )
        engine.dispose()


@dataclass(frozen=True)
class DagsterRuns:
    """Runs of our jobs in this process, kept in Dagster's own storage."""

    instance: dg.DagsterInstance

    def run(self, job: str, **config: Any) -> dg.ExecuteInProcessResult:
        """Run a job to its end, failed or not."""
        return defs.resolve_job_def(job).execute_in_process(
            run_config=config, instance=self.instance, raise_on_error=False
        )

    def launch_again(
        self, job: Callable[[], dg.JobDefinition], run_id: str
    ) -> dg.JobExecutionResult:
        """Execute a failed run again from where it failed, as the button in the pages does."""
        return dg.execute_job(
            dg.reconstructable(job),
            instance=self.instance,
            run_config=self.config_of(run_id),
            reexecution_options=dg.ReexecutionOptions.from_failure(run_id, self.instance),
            raise_on_error=False,
        )

    def config_of(self, run_id: str) -> Mapping[str, Any]:
        """What a run was asked to do."""
        run = self.instance.get_run_by_id(run_id)
        assert run is not None
        return run.run_config


def metadata_of(events: Any, op: str) -> dict[str, Any]:
    """What an op showed of itself, as plain values."""
    (event,) = [one for one in events if one.step_key == op and one.is_successful_output]
    return {name: shown.value for name, shown in event.step_output_data.metadata.items()}


def failure_of(events: Any, op: str) -> Any:
    """How an op failed: a description, and metadata."""
    (event,) = [one for one in events if one.step_key == op and one.is_step_failure]
    return event.step_failure_data.user_failure_data


@pytest.fixture(scope="module")
def environment(
    state_template: StateTemplate, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """The environment names an installation of this module; the answer is its home folder."""
    home = tmp_path_factory.mktemp("home")
    with state_template.clone() as url, pytest.MonkeyPatch.context() as variables:
        variables.setenv("UDSYNC_HOME", str(home))
        variables.setenv("DAGSTER_HOME", str(home))
        variables.setenv("DAGSTER_DISABLE_TELEMETRY", "1")
        variables.setenv("UDSYNC_DATABASE_URL", url)
        variables.setenv("UDSYNC_RETRY_BUDGET_SECONDS", "0.5")
        variables.setenv("UDSYNC_LIMITS_FACTOR", "1000")
        yield home


@pytest.fixture(scope="module")
def installation(environment: Path) -> Iterator[Installation]:
    """The installation that the environment names."""
    with open_installation() as opened:
        yield opened


@pytest.fixture(scope="module")
def dagster_instance(installation: Installation) -> Iterator[dg.DagsterInstance]:
    """Dagster as it is installed: our `dagster.yaml`, our storage."""
    prepare_dagster_home(installation.settings)
    with dg.DagsterInstance.get() as instance:
        yield instance


@pytest.fixture(scope="module")
def dagster_runs(dagster_instance: dg.DagsterInstance) -> DagsterRuns:
    """Runs of our jobs."""
    return DagsterRuns(dagster_instance)


@pytest.fixture
def new_supabase(postgres_server: EmbeddedPostgres) -> Supabase:
    """A database that looks like one of Supabase, of the test's own."""
    name = f"supabase_runs_{next(_numbers)}"
    return Supabase(
        plain_url(create_supabase_database(postgres_server.url(), name)), name, postgres_server
    )


@pytest.fixture
def shop(
    installation: Installation, recorded_store: StoreEmulator, new_supabase: Supabase
) -> ConnectedShop:
    """The recorded store and a database, connected as a tenant of the test's own."""
    connect = partial(connect_shop, installation, recorded_store, new_supabase.url, "public")
    return connect(name=f"shop-{next(_numbers)}")


@pytest.fixture
def company() -> Iterator[CompanyEmulator]:
    """A Canadian company with the items that a policy needs, not connected yet."""
    with CompanyEmulator(sales_items=True, limits_factor=1000) as company:
        yield company


def connect_company(shop: ConnectedShop, company: CompanyEmulator, *, accept: bool = True) -> None:
    """Connect a company to a shop's tenant, with the policy that is proposed for it."""
    connect_quickbooks(
        shop.installation,
        shop.tenant,
        realm_id=company.realm_id,
        client_id=company.options.client_id,
        client_secret=SecretStr(company.options.client_secret),
        refresh_token=SecretStr(company.refresh_token),
        base_url=company.url,
        oauth_url=company.oauth_url,
    )
    if accept:
        policies.propose(shop.installation, shop.tenant.name)
        policies.accept(shop.installation, shop.tenant.name)
