"""Renewing tokens and keeping limits by many processes on one PostgreSQL server."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

import httpx
import pytest
from pydantic import SecretStr

from udsync_pipelines.connectors.quickbooks.address import realm
from udsync_pipelines.connectors.quickbooks.client import QuickBooksClient
from udsync_pipelines.connectors.quickbooks.entities import BookEntity
from udsync_pipelines.connectors.quickbooks.limits import IN_FLIGHT, RATES, scaled
from udsync_pipelines.connectors.quickbooks.oauth import AccessTokens, TokenEndpoint
from udsync_pipelines.connectors.quickbooks.query import Query
from udsync_pipelines.emulators.quickbooks.emulator import CompanyEmulator
from udsync_pipelines.errors import AuthorizationError, ConfigurationError
from udsync_pipelines.store.repositories import connections
from udsync_pipelines.store.repositories.counted_calls import CountedCalls
from udsync_pipelines.store.repositories.credentials import LockedCredentials, Owner
from udsync_pipelines.store.repositories.limits import SharedLimits
from udsync_pipelines.store.tables.states import Platform
from udsync_pipelines.store.tenancy import StateDatabase
from udsync_pipelines_tests.store.samples import KEYS, household

pytestmark = pytest.mark.postgres


@dataclass(frozen=True)
class Connected:
    """A company whose credentials are sealed in the state database."""

    company: CompanyEmulator
    database: StateDatabase
    url: str
    owner: Owner

    @property
    def store(self) -> LockedCredentials:
        return LockedCredentials(self.database, self.owner, KEYS)

    def tokens(self, http: httpx.Client) -> AccessTokens:
        return AccessTokens(self.store, TokenEndpoint(http, url=self.company.oauth_url))

    def renewals(self) -> int:
        return len(self.company.requests.records("/oauth2/v1/tokens"))


def connect(company: CompanyEmulator, database: StateDatabase, url: str) -> Connected:
    tenant = household(database, "acme").tenant_id
    credentials = {
        "client_id": SecretStr(company.options.client_id),
        "client_secret": SecretStr(company.options.client_secret),
        "refresh_token": SecretStr(company.refresh_token),
    }
    new = connections.NewConnection(Platform.QUICKBOOKS, "Books", company.realm_id, credentials)
    with database.tenant(tenant) as connection:
        saved = connections.save(connection, tenant, new, KEYS)
    return Connected(company, database, url, Owner(tenant, Platform.QUICKBOOKS, saved.id))


@pytest.fixture
def strict(state_database: StateDatabase, state_url: str) -> Iterator[Connected]:
    """A company that rotates with each renewal and takes a second use for theft."""
    with CompanyEmulator(rotate_seconds=0, double_use_revokes=True, limits_factor=0) as company:
        yield connect(company, state_database, state_url)


@pytest.fixture
def http() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=httpx.Timeout(5.0)) as client:
        yield client


PROCESSES = """
import multiprocessing
import sys
import httpx
from uuid import UUID
from udsync_pipelines.connectors.quickbooks.oauth import AccessTokens, TokenEndpoint
from udsync_pipelines.store.repositories.credentials import LockedCredentials, Owner
from udsync_pipelines.store.tables.states import Platform
from udsync_pipelines.store.tenancy import StateDatabase
from udsync_pipelines_tests.store.samples import KEYS

url, endpoint, tenant, connection = sys.argv[1:]
owner = Owner(UUID(tenant), Platform.QUICKBOOKS, UUID(connection))

def work(together):
    database = StateDatabase(url)
    store = LockedCredentials(database, owner, KEYS)
    store.read()
    together.wait()
    with httpx.Client() as http:
        token = AccessTokens(store, TokenEndpoint(http, url=endpoint)).current()
    database.close()
    sys.stdout.write(token.get_secret_value() + "\\n")
    sys.stdout.flush()

context = multiprocessing.get_context("fork")
together = context.Barrier(8)
processes = [context.Process(target=work, args=(together,)) for _ in range(8)]
for process in processes:
    process.start()
for process in processes:
    process.join()
sys.exit(sum(process.exitcode != 0 for process in processes))
"""


def test_eight_processes_renew_one_expired_token_exactly_once(strict: Connected) -> None:
    owner = strict.owner
    places = [strict.url, strict.company.oauth_url, str(owner.tenant_id), str(owner.connection_id)]
    # So long an answer takes that all of them ask, unless something keeps them from it.
    strict.company.faults.add("slow", path="/oauth2", times=0, seconds=1.0)

    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", PROCESSES, *places],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    tokens = done.stdout.split()
    assert (done.returncode, done.stderr) == (0, "")
    assert len(tokens) == 8
    assert len(set(tokens)) == 1
    assert strict.renewals() == 1


def test_the_newest_refresh_token_is_sealed_in_the_database_after_a_renewal(
    strict: Connected, http: httpx.Client
) -> None:
    tokens = strict.tokens(http)

    tokens.current()

    stored = strict.store.read()
    assert stored["refresh_token"].get_secret_value() != strict.company.refresh_token
    with strict.database.tenant(strict.owner.tenant_id) as connection:
        rows = connection.exec_driver_sql("SELECT sealed FROM udsync.integration_credentials")
        sealed = [row.sealed for row in rows]
    assert all(text.startswith("u1.") for text in sealed)


def test_a_dead_token_is_asked_for_once_by_all_processes_together(
    strict: Connected, http: httpx.Client
) -> None:
    strict.company.control.disconnect()

    for _ in range(3):
        with pytest.raises(AuthorizationError) as caught:
            strict.tokens(http).current()
        assert caught.value.code == "needs_consent"

    assert strict.renewals() == 1


def test_connecting_again_waits_for_a_renewal_and_wins(
    strict: Connected, http: httpx.Client
) -> None:
    strict.company.faults.add("slow", path="/oauth2", seconds=0.5)
    tokens = strict.tokens(http)
    renewing = threading.Thread(target=tokens.current)
    renewing.start()
    while not strict.company.faults.listed()[0].struck:
        time.sleep(0.01)
    new = connections.NewConnection(
        Platform.QUICKBOOKS,
        "Books",
        strict.company.realm_id,
        {
            "client_id": SecretStr("AB"),
            "client_secret": SecretStr("secret"),
            "refresh_token": SecretStr("of a new consent"),
        },
    )

    with strict.database.tenant(strict.owner.tenant_id) as connection:
        connections.save(connection, strict.owner.tenant_id, new, KEYS)
    renewing.join()

    stored = strict.store.read()
    assert stored["refresh_token"].get_secret_value() == "of a new consent"
    assert "access_token" not in stored


def test_credentials_of_a_connection_that_is_gone_cannot_be_renewed(strict: Connected) -> None:
    gone = Owner(strict.owner.tenant_id, Platform.QUICKBOOKS, strict.owner.tenant_id)

    with pytest.raises(ConfigurationError) as caught:
        LockedCredentials(strict.database, gone, KEYS).renew(lambda _: {})

    assert caught.value.code == "connection_unknown"


def test_nothing_is_stored_when_the_change_fails(strict: Connected) -> None:
    before = strict.store.read()

    def fail(_: object) -> dict[str, SecretStr]:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        strict.store.renew(fail)

    assert strict.store.read() == before


def test_ten_threads_at_full_speed_meet_no_429_and_use_the_allowed_rate(
    state_database: StateDatabase, state_url: str, http: httpx.Client
) -> None:
    with CompanyEmulator(limits_factor=5) as company:
        connected = connect(company, state_database, state_url)
        rates = scaled(RATES, Decimal(5), (company.url,))
        place = state_database, connected.owner.tenant_id, connected.owner.connection_id
        limits = SharedLimits(*place, rates, calls=CountedCalls(*place), slots=IN_FLIGHT)
        client = QuickBooksClient(
            http,
            realm(company.realm_id),
            connected.tokens(http),
            limits=limits,
            base_url=company.url,
        )
        client.count(Query(BookEntity.CUSTOMER))
        started, ended = _hammer(client, threads=10, each=20)

        assert company.limits.refused == 0
        assert company.limits.most_in_flight <= IN_FLIGHT
        # 200 calls at 40 a second.
        assert 200 / (ended - started) >= 0.9 * 40
        limits.calls.flush()
        assert limits.calls.metered_this_month() == 201


def test_a_429_that_comes_all_the_same_makes_everybody_wait(
    strict: Connected, http: httpx.Client
) -> None:
    place = strict.database, strict.owner.tenant_id, strict.owner.connection_id
    limits = SharedLimits(*place, RATES, calls=CountedCalls(*place))
    client = QuickBooksClient(
        http,
        realm(strict.company.realm_id),
        strict.tokens(http),
        limits=limits,
        base_url=strict.company.url,
        pause_after_429=1.0,
        sleep=lambda _: None,
    )
    strict.company.faults.add("status", path="/query", status=429)

    began_at = time.monotonic()
    client.count(Query(BookEntity.CUSTOMER))

    statuses = [record.status for record in strict.company.requests.records("/query")]
    assert statuses == [429, 200]
    assert time.monotonic() - began_at >= 1.0


def _hammer(client: QuickBooksClient, *, threads: int, each: int) -> tuple[float, float]:
    def work() -> None:
        for _ in range(each):
            client.count(Query(BookEntity.CUSTOMER))

    workers = [threading.Thread(target=work) for _ in range(threads)]
    started = time.monotonic()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return started, time.monotonic()
