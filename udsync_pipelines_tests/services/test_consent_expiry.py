"""How long consents last is told a month ahead, and companies that nobody syncs are kept alive."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from udsync_pipelines.connectors.quickbooks.tokens import ACCESS_ENDS, ACCESS_RENEWS, moment_text
from udsync_pipelines.services.consent_expiry import Consent, consents, keep_alive
from udsync_pipelines.services.installation import Installation
from udsync_pipelines.store.repositories import connections, tenants
from udsync_pipelines.store.repositories.credentials import LockedCredentials, Owner
from udsync_pipelines.store.repositories.tenants import Tenant
from udsync_pipelines.store.tables.states import ConnectionState
from udsync_pipelines_tests.services.emulated_books import (
    StartCompany,
    connect_company,
    installation,
    renewals,
    start_company,
    status_of,
    store_company,
    tenant,
)

__all__ = ["installation", "start_company", "tenant"]

pytestmark = pytest.mark.postgres

DAY = timedelta(days=1)


def only(installation: Installation) -> Consent:
    (found,) = consents(installation)
    return found


def let_pass(installation: Installation, time: timedelta) -> None:
    """Make the stored access token older."""
    connection = only(installation).connection
    owner = Owner(connection.tenant_id, connection.platform, connection.id)

    def older(held: Mapping[str, SecretStr]) -> Mapping[str, SecretStr]:
        return {
            name: moment_text(datetime.fromisoformat(held[name].get_secret_value()) - time)
            for name in (ACCESS_RENEWS, ACCESS_ENDS)
        }

    LockedCredentials(installation.state, owner, installation.keys).renew(older)


def test_a_fresh_consent_lasts_a_hundred_days_and_is_not_urgent(
    installation: Installation, tenant: Tenant, start_company: StartCompany
) -> None:
    connect_company(installation, tenant, start_company())

    consent, now = only(installation), datetime.now(UTC)

    assert consent.sentence(now) == (
        "acme: the consent to use QuickBooks (Rig Books) ends in 99 days."
    )
    assert consent.facts(now) == {
        "tenant": "acme",
        "connection": str(consent.connection.id),
        "company": "Rig Books",
        "needs_consent": False,
        "days_left": 99,
        "is_urgent": False,
    }


def test_the_end_of_a_consent_is_told_from_the_thirtieth_day_before_it(
    installation: Installation, tenant: Tenant, start_company: StartCompany
) -> None:
    connect_company(installation, tenant, start_company())
    consent, now = only(installation), datetime.now(UTC)

    early, late = now + 68 * DAY, now + 69 * DAY

    assert not consent.is_urgent(early)
    assert consent.is_urgent(late)
    assert consent.sentence(late).endswith(
        "ends in 30 days: have an administrator of the company connect it again before."
    )


def test_a_consent_that_has_ended_is_said_with_its_cure(
    installation: Installation, tenant: Tenant, start_company: StartCompany
) -> None:
    company = start_company()
    connect_company(installation, tenant, company)
    let_pass(installation, 8 * DAY)
    company.control.disconnect()

    keep_alive(installation)
    told = keep_alive(installation)

    consent, now = only(installation), datetime.now(UTC)
    assert told == []
    assert consent.is_urgent(now)
    assert consent.sentence(now).endswith(
        "has ended: have an administrator of the company connect it again."
    )


def test_a_company_that_was_never_asked_says_that_its_end_is_unknown(
    installation: Installation, tenant: Tenant, start_company: StartCompany
) -> None:
    store_company(installation, tenant, start_company())

    consent, now = only(installation), datetime.now(UTC)

    assert not consent.is_urgent(now)
    assert consent.sentence(now).endswith("ends on a day that Intuit has not told.")


def test_a_company_that_nobody_synced_for_a_week_is_renewed(
    installation: Installation, tenant: Tenant, start_company: StartCompany
) -> None:
    company = start_company()
    connect_company(installation, tenant, company)
    before = renewals(company)
    let_pass(installation, timedelta(days=8))

    early = keep_alive(installation, datetime.now(UTC) - 2 * DAY)
    due = keep_alive(installation)

    assert early == []
    assert [(one.consent.tenant.name, one.error) for one in due] == [("acme", None)]
    assert renewals(company) == before + 1
    assert only(installation).expiry.access_ends_at > datetime.now(UTC)  # type: ignore[operator]


def test_one_company_that_lost_its_consent_does_not_hold_up_the_others(
    installation: Installation, tenant: Tenant, start_company: StartCompany
) -> None:
    lost, well = start_company(), start_company(realm_id="4620816365000000777")
    connection = store_company(installation, tenant, lost)
    with installation.state.dispatch() as transaction:
        another = tenants.create(transaction, "zenith")
    store_company(installation, another, well)
    lost.control.disconnect()

    first, second = keep_alive(installation)

    assert first.error is not None
    assert first.error.code == "needs_consent"
    assert second.error is None
    assert status_of(installation, connection).state is ConnectionState.NEEDS_CONSENT
    assert (renewals(lost), renewals(well)) == (1, 1)


def test_a_disabled_company_is_neither_shown_nor_asked(
    installation: Installation, tenant: Tenant, start_company: StartCompany
) -> None:
    company = start_company()
    connection = store_company(installation, tenant, company)
    with installation.state.tenant(tenant.id) as transaction:
        connections.enable(transaction, tenant.id, connection.id, is_enabled=False)

    assert consents(installation) == []
    assert keep_alive(installation) == []
    assert renewals(company) == 0
