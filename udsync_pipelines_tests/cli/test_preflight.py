"""`udsync policy check` and `decide`: what is asked before the first posting, and answered."""

from datetime import UTC, datetime, timedelta

import pytest

from udsync_pipelines.emulators.quickbooks import CompanyEmulator
from udsync_pipelines.emulators.woocommerce import StoreEmulator
from udsync_pipelines_tests.cli.commands import CommandLine
from udsync_pipelines_tests.cli.conftest import connect_store
from udsync_pipelines_tests.cli.test_policy import Bookkeeper, connect_company
from udsync_pipelines_tests.services.emulated_books import StartCompany, start_company

__all__ = ["start_company"]

pytestmark = pytest.mark.postgres


def forget_in_a_drawer(company: CompanyEmulator) -> None:
    """A person enters money long ago that nobody ever banked."""
    control = company.control
    customer = control.create("Customer", {"DisplayName": "Counter"})["Id"]
    detail = {"ItemRef": {"value": "1"}, "TaxCodeRef": {"value": "2"}}
    line = {"Amount": 90, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}
    day = (datetime.now(UTC) - timedelta(days=90)).date().isoformat()
    body = {"CustomerRef": {"value": customer}, "TxnDate": day, "Line": [line]}
    control.create("SalesReceipt", body)


def test_a_finding_is_shown_with_its_choices_and_decided(
    udsync: CommandLine,
    tenant: str,
    recorded_store: StoreEmulator,
    start_company: StartCompany,
) -> None:
    company = start_company()
    connect_store(udsync, tenant, recorded_store)
    connect_company(udsync, tenant, company)
    keeper = Bookkeeper(udsync, tenant)
    early = keeper.policy("check")
    assert keeper.policy("propose", "--accept", "--allow-open").code == 0
    forget_in_a_drawer(company)

    asked = keeper.policy("check")
    as_json = keeper.policy("check", "--json")
    subject = as_json.json["findings"][-1]["subject"]
    decide = ("policy", "decide", subject)
    wrong = udsync(*decide, "burn", "--tenant", tenant)
    decided = udsync(*decide, "go_on", "--tenant", tenant)
    after = keeper.policy("check")

    assert "No posting policy is in force" in early.err
    assert (asked.code, as_json.code, wrong.code, decided.code, after.code) == (4, 4, 1, 0, 0)
    assert "Undeposited Funds holds 90" in asked.out
    assert f"udsync policy decide '{subject}' CHOICE --tenant {tenant}" in asked.out
    assert as_json.json["undecided"] == 1
    assert as_json.json["findings"][-1]["choices"][0]["name"] == "go_on"
    assert "Choose one of: go_on" in wrong.err
    assert "go_on. It is known" in decided.out
    assert "Decided: go_on." in after.out
    assert "Nothing is left to decide." in after.out
