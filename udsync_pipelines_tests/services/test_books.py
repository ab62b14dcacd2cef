"""Opening a tenant's books: shared tokens, shared limits, and the end of a consent."""

import os
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa

from udsync_pipelines.connectors.quickbooks.entities import BookEntity
from udsync_pipelines.connectors.quickbooks.query import Query
from udsync_pipelines.emulators.quickbooks import CompanyEmulator
from udsync_pipelines.errors import AuthorizationError, ConfigurationError, LeaseLostError
from udsync_pipelines.posting.proposal import Confidence, ShopSide
from udsync_pipelines.posting.propose import propose
from udsync_pipelines.services.books import open_books, visibility_horizon
from udsync_pipelines.services.installation import Installation
from udsync_pipelines.store.repositories import connection_status, sync_log
from udsync_pipelines.store.repositories.tenants import Tenant
from udsync_pipelines.store.tables.states import ConnectionState, LogLevel
from udsync_pipelines_tests.services.emulated_books import (
    StartCompany,
    company,
    installation,
    renewals,
    secrets_of,
    start_company,
    status_of,
    store_company,
    tenant,
    with_settings,
)

__all__ = ["company", "installation", "start_company", "tenant"]

pytestmark = pytest.mark.postgres


def test_opened_books_read_the_company_and_its_reference_lists(
    installation: Installation, tenant: Tenant, company: CompanyEmulator
) -> None:
    connection = store_company(installation, tenant, company)

    with open_books(installation, tenant, connection) as books:
        found = books.lists.with_items()

    assert found.home_currency == "CAD"
    assert found.country == "CA"
    assert "GST" in {code.name for code in found.tax_codes}
    assert {item.name for item in found.items} >= {"Services", "Hours"}


@pytest.mark.parametrize("country", ["CA", "US", "GB", "AU"])
def test_a_prepared_company_leaves_no_item_of_a_policy_open(
    installation: Installation, tenant: Tenant, start_company: StartCompany, country: str
) -> None:
    prepared = start_company(country=country, sales_items=True)
    connection = store_company(installation, tenant, prepared)

    with open_books(installation, tenant, connection) as books:
        proposal = propose(ShopSide(timezone="UTC", rates=()), books.lists.with_items())

    confidence = {
        finding.field: finding.confidence
        for finding in proposal.findings
        if finding.field.startswith("items.")
    }
    assert set(confidence) == {
        "items.shipping", "items.fees", "items.unmatched", "items.rounding", "items.refunds",
    }  # fmt: skip
    assert set(confidence.values()) == {Confidence.CERTAIN}


def test_opening_asks_nothing_of_quickbooks(
    installation: Installation, tenant: Tenant, company: CompanyEmulator
) -> None:
    connection = store_company(installation, tenant, company)

    open_books(installation, tenant, connection).close()

    assert company.requests.records("/") == []


def test_closing_writes_the_calls_that_were_counted(
    installation: Installation, tenant: Tenant, company: CompanyEmulator
) -> None:
    connection = store_company(installation, tenant, company)

    with open_books(installation, tenant, connection) as books:
        books.client.count(Query(BookEntity.CUSTOMER))
        books.client.count(Query(BookEntity.CUSTOMER))

    assert books.http.is_closed
    assert books.limits.calls.metered_this_month() == 2


def test_threads_that_open_the_same_books_renew_the_token_once(
    installation: Installation, tenant: Tenant, company: CompanyEmulator
) -> None:
    connection = store_company(installation, tenant, company)
    together = threading.Barrier(4)
    counted: list[int] = []

    def work() -> None:
        with open_books(installation, tenant, connection) as books:
            together.wait()
            counted.append(books.client.count(Query(BookEntity.ITEM)))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(counted) == 4
    assert renewals(company) == 1
    stored = secrets_of(installation, connection)
    assert stored["refresh_token"] != company.refresh_token


PROCESS = """
import sys
from udsync_pipelines.connectors.quickbooks.entities import BookEntity
from udsync_pipelines.connectors.quickbooks.query import Query
from udsync_pipelines.posting.proposal import Confidence, ShopSide
from udsync_pipelines.posting.propose import propose
from udsync_pipelines.services.books import open_books
from udsync_pipelines.services.installation import open_installation
from udsync_pipelines.store.repositories import connections
from udsync_pipelines.store.tables.states import Platform

with open_installation() as installation:
    tenant = installation.tenant("acme")
    with installation.state.tenant(tenant.id) as transaction:
        connection = connections.default(transaction, tenant.id, Platform.QUICKBOOKS)
    with open_books(installation, tenant, connection) as books:
        sys.stdout.write("ready\\n")
        sys.stdout.flush()
        sys.stdin.readline()
        sys.stdout.write(str(books.client.count(Query(BookEntity.ITEM))))
"""


def test_processes_that_open_the_same_books_renew_the_token_once(
    installation: Installation, tenant: Tenant, company: CompanyEmulator, state_url: str
) -> None:
    store_company(installation, tenant, company)
    settings = installation.settings
    environment = {
        **os.environ,
        "UDSYNC_HOME": str(settings.home),
        "UDSYNC_DATABASE_URL": state_url,
    }
    processes = [
        subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-c", PROCESS],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"

    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    answers = [process.communicate(timeout=60) for process in processes]

    assert answers == [("2", ""), ("2", "")]
    assert renewals(company) == 1


def test_the_end_of_a_consent_is_noted_at_once_and_keeps_the_facts(
    installation: Installation, tenant: Tenant, company: CompanyEmulator
) -> None:
    connection = store_company(installation, tenant, company)
    with installation.state.tenant(tenant.id) as transaction:
        connection_status.record_check(
            transaction,
            tenant.id,
            connection.id,
            state=ConnectionState.HEALTHY,
            checked_at=datetime.now(UTC),
            details={"name": "Rig Books"},
        )
    company.control.disconnect()

    books = open_books(installation, tenant, connection)
    with pytest.raises(AuthorizationError) as caught:
        books.client.count(Query(BookEntity.CUSTOMER))

    status = status_of(installation, connection)
    books.close()
    assert caught.value.code == "needs_consent"
    assert status.state is ConnectionState.NEEDS_CONSENT
    assert "connect QuickBooks again" in status.details["reason"]
    assert status.details["name"] == "Rig Books"


def test_the_end_of_a_consent_gives_notice_once_however_many_find_it(
    installation: Installation,
    tenant: Tenant,
    company: CompanyEmulator,
    caplog: pytest.LogCaptureFixture,
) -> None:
    connection = store_company(installation, tenant, company)
    company.control.disconnect()

    for _ in range(3):
        with (
            open_books(installation, tenant, connection) as books,
            pytest.raises(AuthorizationError),
        ):
            books.client.count(Query(BookEntity.CUSTOMER))

    with installation.state.tenant(tenant.id) as transaction:
        (line,) = sync_log.list_problems(transaction, tenant.id, 10)
    assert (line.level, line.event) == (LogLevel.WARNING, "quickbooks needs consent")
    assert line.fields == {"connection": str(connection.id)}
    assert [one.getMessage() for one in caplog.records if one.levelname == "WARNING"] == [
        "quickbooks needs consent"
    ]
    assert renewals(company) == 1


@pytest.mark.parametrize("status", [401, 403])
def test_a_company_that_lets_the_app_in_no_more_needs_consent_at_once(
    installation: Installation, tenant: Tenant, company: CompanyEmulator, status: int
) -> None:
    connection = store_company(installation, tenant, company)
    company.faults.add("status", path="/v3/company", status=status, times=5)

    with open_books(installation, tenant, connection) as books:
        with pytest.raises(AuthorizationError):
            books.client.count(Query(BookEntity.CUSTOMER))
        state = status_of(installation, connection).state

    assert state is ConnectionState.NEEDS_CONSENT


def test_read_only_books_refuse_a_write_before_anything_is_sent(
    installation: Installation, tenant: Tenant, company: CompanyEmulator
) -> None:
    connection = store_company(installation, tenant, company, read_only=True)

    with open_books(installation, tenant, connection) as books:
        with pytest.raises(ConfigurationError, match="connected read-only") as refused:
            books.client.create(BookEntity.CUSTOMER, {"DisplayName": "A"}, request_id="1")
        assert books.is_read_only
        assert books.client.count(Query(BookEntity.CUSTOMER)) == 0

    assert refused.value.code == "read_only"
    assert [record.method for record in company.requests.records("/v3/")] == ["GET"]


@pytest.mark.parametrize("has_left", ["nothing", "its head"])
def test_a_write_that_may_not_leave_any_more_is_not_sent(
    installation: Installation, tenant: Tenant, company: CompanyEmulator, has_left: str
) -> None:
    connection = store_company(installation, tenant, company)
    may_leave = iter([True] if has_left == "its head" else [])

    def refuse() -> None:
        if not next(may_leave, False):
            raise LeaseLostError("another sync has taken over.")

    with open_books(installation, tenant, connection, before_write=refuse) as books:
        read = list(books.client.select(Query(BookEntity.CUSTOMER)))
        with pytest.raises(LeaseLostError):
            books.client.create(BookEntity.CUSTOMER, {"DisplayName": "Somebody"}, request_id="r-1")

    assert read == []
    assert company.count("Customer") == 0


def test_scaled_limits_hold_for_a_company_on_this_machine(
    installation: Installation, tenant: Tenant, company: CompanyEmulator
) -> None:
    connection = store_company(installation, tenant, company, requests_per_minute=600)
    faster = with_settings(installation, limits_factor=Decimal(10))

    open_books(faster, tenant, connection).close()

    with installation.state.tenant(tenant.id) as transaction:
        rows = transaction.execute(
            sa.text("SELECT name, calls FROM udsync.rate_limits ORDER BY name")
        ).all()
    assert [tuple(row) for row in rows] == [("batches", 380), ("requests", 600)]


def test_scaled_limits_are_refused_while_a_company_is_at_intuit(
    installation: Installation, tenant: Tenant, company: CompanyEmulator
) -> None:
    connection = store_company(
        installation, tenant, company, base_url="https://sandbox-quickbooks.api.intuit.com"
    )
    faster = with_settings(installation, limits_factor=Decimal(10))

    with pytest.raises(ConfigurationError, match="UDSYNC_LIMITS_FACTOR") as refused:
        open_books(faster, tenant, connection)

    assert refused.value.code == "limits_factor_refused"
    assert "Remove UDSYNC_LIMITS_FACTOR" in str(refused.value)


def test_the_visibility_horizon_shrinks_as_the_limits_grow(installation: Installation) -> None:
    faster = with_settings(installation, limits_factor=Decimal(100))

    assert visibility_horizon(installation.settings) == timedelta(minutes=5)
    assert visibility_horizon(faster.settings) == timedelta(seconds=3)
