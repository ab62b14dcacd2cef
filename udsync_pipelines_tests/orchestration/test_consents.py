"""Each morning the consents of all companies are looked after, and red says where a person must."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from udsync_pipelines.connectors.quickbooks.tokens import GRANT_ENDS, moment_text
from udsync_pipelines.emulators.quickbooks import CompanyEmulator
from udsync_pipelines.orchestration.consents import keep_consents
from udsync_pipelines.services.installation import Installation
from udsync_pipelines.store.repositories import connections, tenants
from udsync_pipelines.store.repositories.connections import Connection
from udsync_pipelines.store.repositories.credentials import LockedCredentials, Owner
from udsync_pipelines_tests.orchestration.running import DagsterRuns, failure_of, metadata_of
from udsync_pipelines_tests.services.emulated_books import (
    company,
    renewals,
    start_company,
    store_company,
)

__all__ = ["company", "start_company"]

pytestmark = pytest.mark.postgres

OP = "look_after_consents"


@pytest.fixture
def connection(
    installation: Installation, company: CompanyEmulator, request: pytest.FixtureRequest
) -> Iterator[Connection]:
    """A company of a tenant of the test's own that nobody has asked anything yet."""
    with installation.state.dispatch() as transaction:
        tenant = tenants.create(transaction, request.node.name[-40:].replace("_", "-"))
    connection = store_company(installation, tenant, company)
    yield connection
    with installation.state.tenant(tenant.id) as transaction:
        connections.enable(transaction, tenant.id, connection.id, is_enabled=False)


def test_a_company_that_nobody_syncs_is_asked_once_a_week_and_not_daily(
    dagster_runs: DagsterRuns, company: CompanyEmulator, connection: Connection
) -> None:
    first = dagster_runs.run(keep_consents.name)
    second = dagster_runs.run(keep_consents.name)

    assert (first.success, second.success) == (True, True)
    assert [metadata_of(run.all_events, OP)["companies asked"] for run in (first, second)] == [1, 0]
    assert renewals(company) == 1


def test_a_grant_that_ends_within_a_month_is_red_and_says_what_to_do(
    installation: Installation, dagster_runs: DagsterRuns, connection: Connection
) -> None:
    dagster_runs.run(keep_consents.name)
    owner = Owner(connection.tenant_id, connection.platform, connection.id)
    soon = moment_text(datetime.now(UTC) + timedelta(days=20, hours=1))
    LockedCredentials(installation.state, owner, installation.keys).renew(
        lambda _: {GRANT_ENDS: soon}
    )

    failure = failure_of(dagster_runs.run(keep_consents.name).all_events, OP)

    assert "ends in 20 days" in failure.description
    assert failure.metadata["code"].value == "consents_need_a_person"
    assert "udsync connect quickbooks" in str(failure.metadata["cure"].value)


def test_a_consent_that_is_found_to_have_ended_is_red_once_and_listed_from_then_on(
    dagster_runs: DagsterRuns, company: CompanyEmulator, connection: Connection
) -> None:
    company.control.disconnect()

    first = dagster_runs.run(keep_consents.name)
    second = dagster_runs.run(keep_consents.name)

    assert "no longer accepts" in failure_of(first.all_events, OP).description
    assert second.success
    assert any("has ended" in str(one) for one in metadata_of(second.all_events, OP).values())
    assert renewals(company) == 1
