"""Connecting a company: what is stored when, and what a failed check leaves behind."""

import threading
import time
from typing import Any

import pytest
from pydantic import SecretStr

from udsync_pipelines.connectors.quickbooks.entities import BookEntity
from udsync_pipelines.connectors.quickbooks.query import Query
from udsync_pipelines.emulators.quickbooks import CompanyEmulator
from udsync_pipelines.errors import (
    AuthorizationError,
    ConfigurationError,
    PlatformUnavailableError,
    UdsyncError,
)
from udsync_pipelines.services.books import open_books
from udsync_pipelines.services.connecting import Connected
from udsync_pipelines.services.connecting_books import connect_quickbooks
from udsync_pipelines.services.installation import Installation
from udsync_pipelines.store.repositories.tenants import Tenant
from udsync_pipelines.store.tables.states import ConnectionState
from udsync_pipelines_tests.services.emulated_books import (
    StartCompany,
    books_of,
    company,
    installation,
    renewals,
    secrets_of,
    start_company,
    status_of,
    tenant,
    with_settings,
)

__all__ = ["company", "installation", "start_company", "tenant"]

pytestmark = pytest.mark.postgres

OTHER_REALM = "4620816365000000002"


def connect(
    installation: Installation, tenant: Tenant, company: CompanyEmulator, **differences: Any
) -> Connected:
    """Connect a company as its owner would, with differences."""
    given: dict[str, Any] = {
        "realm_id": company.realm_id,
        "client_id": company.options.client_id,
        "client_secret": company.options.client_secret,
        "refresh_token": company.refresh_token,
        "base_url": company.url,
        "oauth_url": company.oauth_url,
        **differences,
    }
    for name in ("client_secret", "refresh_token"):
        given[name] = SecretStr(given[name])
    return connect_quickbooks(installation, tenant, **given)


def works(installation: Installation, tenant: Tenant) -> bool:
    """Whether a sync could read the tenant's one enabled company now, with renewed tokens."""
    (enabled,) = (found for found in books_of(installation, tenant) if found.is_enabled)
    with open_books(installation, tenant, enabled) as books:
        books.client.tokens.renew(books.client.tokens.current())
        return books.client.count(Query(BookEntity.ITEM)) > 0


# --- what is stored ---------------------------------------------------------------------------


def test_a_connected_company_is_stored_with_what_it_said_of_itself(
    installation: Installation, tenant: Tenant, company: CompanyEmulator
) -> None:
    connected = connect(installation, tenant, company)

    (stored,) = books_of(installation, tenant)
    assert stored.is_enabled
    assert stored.name == "Rig Books"
    assert stored.external_id == company.realm_id
    assert stored.settings == {
        "base_url": company.url,
        "oauth_url": company.oauth_url,
        "read_only": False,
        "country": "CA",
        "home_currency": "CAD",
        "multicurrency": False,
        "custom_numbers": True,
        "sales_tax": True,
    }
    assert connected.connection == stored
    assert connected.facts["consent_days_left"] == 99
    assert status_of(installation, stored).state is ConnectionState.HEALTHY


def test_the_refresh_token_that_is_stored_is_the_newest(
    installation: Installation, tenant: Tenant, company: CompanyEmulator
) -> None:
    connect(installation, tenant, company)

    (stored,) = books_of(installation, tenant)
    secrets = secrets_of(installation, stored)
    assert renewals(company) == 1
    assert secrets["refresh_token"] != company.refresh_token
    assert secrets["client_secret"] == company.options.client_secret
    assert not [name for name in secrets if name.startswith("trial")]
    assert works(installation, tenant)


def test_credentials_are_sealed_from_the_first_moment(
    installation: Installation, tenant: Tenant, company: CompanyEmulator
) -> None:
    company.faults.add("status", path="/v3/company", status=500, times=50)

    with pytest.raises(PlatformUnavailableError):
        connect(installation, tenant, company)

    with installation.state.tenant(tenant.id) as transaction:
        rows = transaction.exec_driver_sql("SELECT sealed FROM udsync.integration_credentials")
        sealed = [row.sealed for row in rows]
    assert len(sealed) > 3
    assert all(text.startswith("u1.") for text in sealed)


# --- failing after the refresh token was used --------------------------------------------------


@pytest.mark.parametrize("fault", ["status", "hang", "close"])
def test_a_check_that_fails_after_the_renewal_loses_no_token(
    installation: Installation, tenant: Tenant, company: CompanyEmulator, fault: str
) -> None:
    company.faults.add(fault, path="/v3/company", status=503, times=50, seconds=3)
    with pytest.raises(PlatformUnavailableError):
        connect(installation, tenant, company)
    (failed,) = books_of(installation, tenant)
    company.faults.clear()

    connect(installation, tenant, company)

    assert not failed.is_enabled
    assert works(installation, tenant)


def test_a_failed_check_is_noted_with_its_reason(
    installation: Installation, tenant: Tenant, company: CompanyEmulator
) -> None:
    company.faults.add("status", path="/v3/company", status=503, times=50)

    with pytest.raises(PlatformUnavailableError) as caught:
        connect(installation, tenant, company)

    (failed,) = books_of(installation, tenant)
    status = status_of(installation, failed)
    assert status.state is ConnectionState.FAILING
    assert status.details["reason"] == str(caught.value)


def test_the_token_of_a_wrong_company_id_still_opens_the_right_one(
    installation: Installation, tenant: Tenant, company: CompanyEmulator
) -> None:
    with pytest.raises(AuthorizationError, match=f"into the company {OTHER_REALM}") as caught:
        connect(installation, tenant, company, realm_id=OTHER_REALM)

    connect(installation, tenant, company)

    assert caught.value.code == "company_refused"
    assert works(installation, tenant)
    wrong = next(
        found for found in books_of(installation, tenant) if found.external_id == OTHER_REALM
    )
    assert not wrong.is_enabled
    assert secrets_of(installation, wrong) == {}


def test_a_failed_check_leaves_the_former_company_in_force(
    installation: Installation, tenant: Tenant, start_company: StartCompany
) -> None:
    former, new = start_company(), start_company(realm_id=OTHER_REALM, seed=2)
    connect(installation, tenant, former)
    new.faults.add("status", path="/v3/company", status=500, times=50)

    with pytest.raises(PlatformUnavailableError):
        connect(installation, tenant, new)

    enabled = [found.external_id for found in books_of(installation, tenant) if found.is_enabled]
    assert enabled == [former.realm_id]
    assert works(installation, tenant)


@pytest.mark.parametrize(
    "differences",
    [
        {"refresh_token": "refresh-of-nobody"},
        {"client_secret": "wrong", "refresh_token": "another"},
        {"client_id": "ABnobody"},
        {"base_url": "http://127.0.0.1:1"},
    ],
)
def test_failing_to_connect_the_same_company_anew_leaves_its_tokens_in_force(
    installation: Installation,
    tenant: Tenant,
    company: CompanyEmulator,
    differences: dict[str, str],
) -> None:
    connect(installation, tenant, company)
    (before,) = books_of(installation, tenant)

    with pytest.raises(UdsyncError):
        connect(installation, tenant, company, **differences)

    assert books_of(installation, tenant) == (before,)
    assert status_of(installation, before).state is ConnectionState.HEALTHY
    assert works(installation, tenant)


# --- connecting again --------------------------------------------------------------------------


def test_the_same_refresh_token_may_be_given_again_long_after_its_first_use(
    installation: Installation, tenant: Tenant, company: CompanyEmulator
) -> None:
    first = connect(installation, tenant, company)
    works(installation, tenant)

    second = connect(installation, tenant, company, read_only=True)

    assert second.connection.id == first.connection.id
    assert second.connection.settings["read_only"] is True
    assert works(installation, tenant)


def test_a_second_command_at_the_same_time_is_refused_before_it_asks_anything(
    installation: Installation, tenant: Tenant, company: CompanyEmulator
) -> None:
    company.faults.add("slow", path="/oauth2", seconds=2)
    patient = with_settings(installation, http_timeout_seconds=30)
    first = threading.Thread(target=connect, args=(patient, tenant, company))
    first.start()
    while not company.faults.listed()[0].struck:
        time.sleep(0.01)

    with pytest.raises(ConfigurationError) as caught:
        connect(installation, tenant, company)
    first.join()

    assert caught.value.code == "connecting_busy"
    assert renewals(company) == 1
    assert works(installation, tenant)


def test_connecting_again_beside_a_running_sync_keeps_that_sync_going(
    installation: Installation, tenant: Tenant, company: CompanyEmulator
) -> None:
    connected = connect(installation, tenant, company)

    with open_books(installation, tenant, connected.connection) as running:
        before = running.client.count(Query(BookEntity.ITEM))
        company.control.expire_tokens()
        connect(installation, tenant, company)
        after = running.client.count(Query(BookEntity.ITEM))

    assert before == after == 2


def test_a_wrong_secret_beside_a_used_token_leaves_the_tokens_in_force(
    installation: Installation, tenant: Tenant, company: CompanyEmulator
) -> None:
    connect(installation, tenant, company)

    with pytest.raises(AuthorizationError) as caught:
        connect(installation, tenant, company, client_secret="wrong")

    (stored,) = books_of(installation, tenant)
    assert caught.value.code == "client_refused"
    assert status_of(installation, stored).state is ConnectionState.HEALTHY
    assert works(installation, tenant)


def test_a_secret_that_was_replaced_at_intuit_is_taken_with_the_old_token(
    installation: Installation, tenant: Tenant, start_company: StartCompany
) -> None:
    former = start_company(rotate_seconds=86_400)
    connect(installation, tenant, former)
    former.stop()
    port = int(former.url.rpartition(":")[2])
    anew = start_company(rotate_seconds=86_400, port=port, client_secret="replaced-secret")

    connect(installation, tenant, anew)

    (stored,) = books_of(installation, tenant)
    assert secrets_of(installation, stored)["client_secret"] == "replaced-secret"
    assert renewals(anew) == 1
    assert works(installation, tenant)


def test_a_new_consent_replaces_one_that_has_ended(
    installation: Installation, tenant: Tenant, company: CompanyEmulator
) -> None:
    connect(installation, tenant, company)
    company.control.disconnect()
    with pytest.raises(AuthorizationError, match="does not accept this refresh token"):
        connect(installation, tenant, company)
    (stored,) = books_of(installation, tenant)
    ended = status_of(installation, stored).state

    connect(installation, tenant, company, refresh_token=company.control.connect()["refresh_token"])

    assert ended is ConnectionState.NEEDS_CONSENT
    assert status_of(installation, stored).state is ConnectionState.HEALTHY
    assert works(installation, tenant)


def test_an_emulated_company_that_was_started_anew_is_connected_again(
    installation: Installation, tenant: Tenant, start_company: StartCompany
) -> None:
    former = start_company()
    port = int(former.url.rpartition(":")[2])
    connect(installation, tenant, former)
    former.stop()
    anew = start_company(port=port)

    connect(installation, tenant, anew)

    assert anew.refresh_token == former.refresh_token
    assert works(installation, tenant)


def test_a_dead_token_is_asked_for_once_for_each_command(
    installation: Installation, tenant: Tenant, company: CompanyEmulator
) -> None:
    company.control.disconnect()

    for _ in range(2):
        with pytest.raises(AuthorizationError) as caught:
            connect(installation, tenant, company)
        assert caught.value.code == "refresh_token_refused"

    assert renewals(company) == 2


def test_the_token_of_a_connected_company_is_not_used_for_another(
    installation: Installation, tenant: Tenant, company: CompanyEmulator
) -> None:
    connect(installation, tenant, company)

    with pytest.raises(ConfigurationError, match="is for the company Rig Books") as caught:
        connect(installation, tenant, company, realm_id=OTHER_REALM)

    assert caught.value.code == "refresh_token_of_other_company"
    assert len(books_of(installation, tenant)) == 1
    assert works(installation, tenant)


def test_another_company_disables_the_former_one_and_keeps_it(
    installation: Installation, tenant: Tenant, start_company: StartCompany
) -> None:
    former, new = start_company(), start_company(realm_id=OTHER_REALM, country="US")
    connect(installation, tenant, former)

    connected = connect(installation, tenant, new)

    assert connected.replaced == (former.realm_id,)
    assert connected.facts["home_currency"] == "USD"
    states = {found.external_id: found.is_enabled for found in books_of(installation, tenant)}
    assert states == {former.realm_id: False, new.realm_id: True}


def test_damaged_credentials_are_cured_by_connecting_again(
    installation: Installation, tenant: Tenant, company: CompanyEmulator
) -> None:
    connect(installation, tenant, company)
    with installation.state.tenant(tenant.id) as transaction:
        transaction.exec_driver_sql(
            "UPDATE udsync.integration_credentials SET sealed ="
            " (SELECT sealed FROM udsync.integration_credentials WHERE name = 'client_id')"
        )

    connect(installation, tenant, company, refresh_token=company.control.connect()["refresh_token"])

    assert works(installation, tenant)


# --- what cannot work ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("differences", "code", "sentence"),
    [
        ({"realm_id": "Rig Books"}, "realm_invalid", "is a number"),
        ({"realm_id": ""}, "realm_invalid", "is a number"),
        ({"client_id": " "}, "usage", "the client id is empty"),
        ({"client_secret": ""}, "usage", "the client secret is empty"),
        ({"refresh_token": " "}, "usage", "the refresh token is empty"),
        ({"refresh_token": "two words"}, "usage", "the refresh token is not a plain word"),
        ({"base_url": "http://books.example"}, "address_invalid", "QuickBooks API is neither"),
        ({"base_url": "books"}, "address_invalid", "QuickBooks API is neither"),
        ({"oauth_url": "http://a.example/t"}, "address_invalid", "token endpoint is neither"),
        ({"oauth_url": None}, "address_invalid", "only one of the two addresses"),
        ({"base_url": None}, "address_invalid", "only one of the two addresses"),
    ],
)
def test_what_cannot_work_is_refused_before_anything_is_stored_or_asked(
    installation: Installation,
    tenant: Tenant,
    company: CompanyEmulator,
    differences: dict[str, str | None],
    code: str,
    sentence: str,
) -> None:
    with pytest.raises(ConfigurationError, match=sentence) as caught:
        connect(installation, tenant, company, **differences)

    assert caught.value.code == code
    assert books_of(installation, tenant) == ()
    assert renewals(company) == 0


def test_an_address_that_is_no_quickbooks_is_told_in_one_sentence(
    installation: Installation, tenant: Tenant, company: CompanyEmulator
) -> None:
    with pytest.raises(UdsyncError) as caught:
        connect(installation, tenant, company, base_url=f"{company.url}/__emulator__")

    assert caught.value.code == "request_refused"
    assert "Check the address of the API." in str(caught.value)
