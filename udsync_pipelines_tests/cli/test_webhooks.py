"""`udsync webhooks`: what a store and a company tell us, set up and looked after by command."""

from collections.abc import Iterator

import pytest

from udsync_pipelines.emulators.quickbooks import CompanyEmulator
from udsync_pipelines.emulators.woocommerce import StoreEmulator
from udsync_pipelines_tests.cli.commands import CommandLine
from udsync_pipelines_tests.cli.conftest import connect_store
from udsync_pipelines_tests.cli.test_connect_quickbooks import company as company
from udsync_pipelines_tests.cli.test_connect_quickbooks import connect as connect_company
from udsync_pipelines_tests.emulators.woocommerce.listening import Listener, listening
from udsync_pipelines_tests.store_fixtures import client_of

pytestmark = pytest.mark.postgres


@pytest.fixture
def intake() -> Iterator[Listener]:
    with listening() as found:
        yield found


def test_registering_is_checked_listed_and_remembered(
    udsync: CommandLine, tenant: str, recorded_store: StoreEmulator, intake: Listener
) -> None:
    connect_store(udsync, tenant, recorded_store)
    before = udsync("webhooks", "check", "--tenant", tenant)

    made = udsync("webhooks", "register", "--tenant", tenant, "--url", intake.url, "--json")
    again = udsync("webhooks", "register", "--tenant", tenant, "--json")
    checked = udsync("webhooks", "check", "--tenant", tenant)
    listed = udsync("webhooks", "list", "--tenant", tenant)

    assert (before.code, "webhooks register" in before.out) == (3, True)
    assert (made.code, made.json["ok"]) == (0, True)
    assert len(made.json["woocommerce"]["done"]) == len(made.json["woocommerce"]["webhooks"]) == 11
    assert again.json["woocommerce"]["done"] == []
    assert (checked.code, checked.err) == (0, "")
    assert "order.updated  active" in listed.out
    assert f"{intake.url}/api/webhooks/woocommerce?connection=" in listed.out


def test_a_check_names_what_the_store_has_given_up_and_changes_nothing(
    udsync: CommandLine, tenant: str, recorded_store: StoreEmulator, intake: Listener
) -> None:
    connect_store(udsync, tenant, recorded_store)
    udsync("webhooks", "register", "--tenant", tenant, "--url", intake.url)
    with client_of(recorded_store) as ask:
        made = ask.get("webhooks", params={"per_page": 100}).json()
        hook = next(one for one in made if one["topic"] == "order.updated")
        ask.put(f"webhooks/{hook['id']}", json={"status": "disabled"})

    checked = udsync("webhooks", "check", "--tenant", tenant, "--json")
    rotated = udsync("webhooks", "register", "--rotate", "--tenant", tenant)

    assert checked.code == checked.json["exit_code"] == 3
    assert checked.json["problems"] == [
        "order.updated was given up by the store after failed deliveries."
        " Run: udsync webhooks register"
    ]
    assert rotated.code == 0
    assert "order.updated: created anew" in rotated.out
    assert "order.created: new secret" in rotated.out


def test_a_company_needs_its_token_and_says_what_to_enter_at_intuit(
    udsync: CommandLine, tenant: str, company: CompanyEmulator
) -> None:
    connect_company(udsync, tenant, company)
    before = udsync("webhooks", "list", "--tenant", tenant)

    missing = udsync("webhooks", "register", "--tenant", tenant, "--verifier-token", "t1")
    given = udsync(
        "webhooks", "register", "--tenant", tenant, "--url", "https://sync.example.com", "--json",
        UDSYNC_QUICKBOOKS_VERIFIER_TOKEN="verifier-token-1",
    )  # fmt: skip

    assert "give udsync the verifier token" in before.out
    assert (missing.code, "--url" in missing.complaint) == (1, True)
    assert (given.code, given.json["ok"]) == (0, True)
    assert given.json["quickbooks"]["has_token"] is True
    assert given.json["quickbooks"]["url"] == (
        "https://sync.example.com/api/webhooks/quickbooks/cloudevents"
    )
    assert "verifier-token-1" not in given.out + given.err
