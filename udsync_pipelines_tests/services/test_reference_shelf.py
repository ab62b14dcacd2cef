"""Reference lists that all processes share: read once a day, and when something is doubtful."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from udsync_pipelines.connectors.quickbooks.reference import ReferenceLists
from udsync_pipelines.emulators.quickbooks import CompanyEmulator
from udsync_pipelines.services.books import open_books
from udsync_pipelines.services.installation import Installation
from udsync_pipelines.services.reference_shelf import PURPOSE, StoredShelf
from udsync_pipelines.store.repositories.bookmarks import Bookmarks
from udsync_pipelines.store.repositories.connections import Connection
from udsync_pipelines.store.repositories.tenants import Tenant
from udsync_pipelines_tests.services.emulated_books import (
    company,
    installation,
    start_company,
    store_company,
    tenant,
)

__all__ = ["company", "installation", "start_company", "tenant"]

pytestmark = pytest.mark.postgres

READS = 6
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.fixture
def connection(installation: Installation, tenant: Tenant, company: CompanyEmulator) -> Connection:
    return store_company(installation, tenant, company)


def test_the_lists_that_one_process_has_read_serve_the_next(
    installation: Installation, tenant: Tenant, company: CompanyEmulator, connection: Connection
) -> None:
    with open_books(installation, tenant, connection) as first:
        read = first.lists.company()
    calls = company.limits.reads
    with open_books(installation, tenant, connection) as second:
        taken = second.lists.company()

    assert calls == READS
    assert company.limits.reads == READS
    assert taken == read
    assert all(
        isinstance(part.percent, Decimal) for code in taken.tax_codes for part in code.components
    )


def test_lists_are_read_again_after_a_day_and_after_a_refusal(
    installation: Installation, tenant: Tenant, company: CompanyEmulator, connection: Connection
) -> None:
    shelf = StoredShelf(Bookmarks(installation.state, tenant.id, connection.id, PURPOSE))
    now = NOW
    with open_books(installation, tenant, connection) as books:

        def process() -> ReferenceLists:
            return ReferenceLists(books.client, shelf=shelf, clock=lambda: now)

        process().company()
        now = NOW + timedelta(days=1)
        process().company()
        within_a_day = company.limits.reads
        now = NOW + timedelta(days=1, seconds=1)
        process().company()
        after_a_day = company.limits.reads
        process().forget()
        process().company()

    assert (within_a_day, after_a_day, company.limits.reads) == (READS, 2 * READS, 3 * READS)


def test_renewing_reads_what_is_older_and_not_what_was_just_read(
    installation: Installation, tenant: Tenant, company: CompanyEmulator, connection: Connection
) -> None:
    shelf = StoredShelf(Bookmarks(installation.state, tenant.id, connection.id, PURPOSE))
    now = NOW
    with open_books(installation, tenant, connection) as books:
        ReferenceLists(books.client, shelf=shelf, clock=lambda: now).company()
        now = NOW + timedelta(hours=2)
        lists = ReferenceLists(books.client, shelf=shelf, clock=lambda: now)
        lists.renew(timedelta(hours=6))
        lists.company()
        young_enough = company.limits.reads
        lists.renew(timedelta(hours=1))
        lists.company()
        renewed = company.limits.reads
        now += timedelta(hours=2)
        lists.renew(timedelta(hours=1))
        lists.company()

    assert (young_enough, renewed, company.limits.reads) == (READS, 2 * READS, 2 * READS)


def test_the_address_of_the_company_is_not_kept(
    installation: Installation, tenant: Tenant, connection: Connection
) -> None:
    with open_books(installation, tenant, connection) as books:
        books.lists.company()
        info = books.client.company_info()
    kept = StoredShelf(Bookmarks(installation.state, tenant.id, connection.id, PURPOSE)).kept()

    assert kept is not None
    assert {"CompanyAddr"} <= set(info)
    assert set(kept[0]["CompanyInfo"][0]) <= {"CompanyName", "LegalName", "Country", "NameValue"}
