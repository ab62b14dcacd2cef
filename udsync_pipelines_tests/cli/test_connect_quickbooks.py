"""Connecting a company: what the command takes, says and refuses."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from udsync_pipelines.emulators.quickbooks import CompanyEmulator
from udsync_pipelines.services.process_set import free_port
from udsync_pipelines_tests.cli.commands import CommandLine, Result

pytestmark = pytest.mark.postgres


@pytest.fixture
def company() -> Iterator[CompanyEmulator]:
    """A company that takes a second use of a refresh token for theft."""
    with CompanyEmulator(limits_factor=0, rotate_seconds=0, double_use_revokes=True) as started:
        yield started


def connect(
    udsync: CommandLine,
    tenant: str,
    company: CompanyEmulator,
    *flags: str,
    **differences: str | None,
) -> Result:
    """Connect a company by command; a difference of None leaves the option out."""
    given: dict[str, str | None] = {
        "realm_id": company.realm_id,
        "client_id": company.options.client_id,
        "client_secret": company.options.client_secret,
        "refresh_token": company.refresh_token,
        "base_url": company.url,
        "oauth_url": company.oauth_url,
        **differences,
    }
    options = (
        word
        for name, value in given.items()
        if value is not None
        for word in (f"--{name.replace('_', '-')}", value)
    )
    return udsync("connect", "quickbooks", "--tenant", tenant, *options, *flags)


def test_a_company_is_connected_and_says_who_it_is(
    udsync: CommandLine, tenant: str, company: CompanyEmulator
) -> None:
    connected = connect(udsync, tenant, company)

    assert connected.code == 0, connected.err
    assert connected.out == "Connected the company Rig Books (CA, CAD).\n"
    assert connected.err == ""


def test_status_says_how_long_the_consent_lasts_and_warns_a_month_ahead(
    udsync: CommandLine, tenant: str, company: CompanyEmulator
) -> None:
    connect(udsync, tenant, company)
    with CompanyEmulator(limits_factor=0, refresh_seconds=20 * 86_400) as old:
        assert udsync("tenant", "create", f"{tenant}-old").code == 0
        connect(udsync, f"{tenant}-old", old)

    shown, told = udsync("status"), udsync("status", "--json")

    lines = [line for line in shown.out.splitlines() if "the consent to use" in line]
    assert f"{tenant}: the consent to use QuickBooks (Rig Books) ends in 99 days." in lines
    assert (
        f"warning: {tenant}-old: the consent to use QuickBooks (Rig Books) ends in 19 days:"
        " have an administrator of the company connect it again before." in lines
    )
    assert any(line.startswith("Webhooks: ") for line in shown.out.splitlines())
    assert told.json["webhooks"].keys() >= {"waiting", "failed", "unknown_companies"}
    urgent = {one["tenant"]: one["is_urgent"] for one in told.json["consents"]}
    assert (urgent[tenant], urgent[f"{tenant}-old"]) == (False, True)


def test_the_answer_for_scripts_holds_facts_and_no_secret(
    udsync: CommandLine, tenant: str, company: CompanyEmulator
) -> None:
    connected = connect(udsync, tenant, company, "--read-only", "--json")

    assert connected.code == 0, connected.err
    assert connected.json["ok"] is True
    assert connected.json["platform"] == "quickbooks"
    assert connected.json["account"] == company.realm_id
    assert connected.json["facts"]["read_only"] is True
    assert connected.json["facts"]["home_currency"] == "CAD"
    for secret in (company.options.client_secret, company.refresh_token, "access-", "refresh-"):
        assert secret not in connected.out


def test_secrets_may_come_from_files_and_from_the_environment(
    udsync: CommandLine, tenant: str, company: CompanyEmulator, tmp_path: Path
) -> None:
    token_file = tmp_path / "token"
    token_file.write_text(company.refresh_token + "\n")

    connected = udsync(
        "connect", "quickbooks", "--tenant", tenant, "--refresh-token-file", str(token_file),
        UDSYNC_QUICKBOOKS_REALM_ID=company.realm_id,
        UDSYNC_QUICKBOOKS_CLIENT_ID=company.options.client_id,
        UDSYNC_QUICKBOOKS_CLIENT_SECRET=company.options.client_secret,
        UDSYNC_QUICKBOOKS_BASE_URL=company.url,
        UDSYNC_QUICKBOOKS_OAUTH_URL=company.oauth_url,
    )  # fmt: skip

    assert connected.code == 0, connected.err


def test_the_same_command_may_be_repeated(
    udsync: CommandLine, tenant: str, company: CompanyEmulator
) -> None:
    codes = [connect(udsync, tenant, company).code for _ in range(3)]

    assert codes == [0, 0, 0]


def test_what_the_owner_should_change_in_the_books_is_said(
    udsync: CommandLine, tenant: str
) -> None:
    with CompanyEmulator(doc_number_custom=False, using_sales_tax=False) as company:
        connected = connect(udsync, tenant, company)

    assert connected.code == 0
    assert "Note: QuickBooks numbers documents itself" in connected.out
    assert "Note: Sales tax is not set up" in connected.out


@pytest.mark.parametrize(
    ("differences", "code", "sentence"),
    [
        ({"realm_id": "1234567"}, 1, "does not let this app into the company 1234567"),
        ({"realm_id": "my books"}, 1, "realm id) of QuickBooks is a number"),
        ({"client_id": "ABnobody"}, 1, "Intuit refuses the id or the secret of the app"),
        ({"client_secret": "wrong-secret"}, 1, "Intuit refuses the id or the secret of the app"),
        ({"refresh_token": "dead-token"}, 1, "Intuit does not accept this refresh token"),
        ({"base_url": "http://books.example"}, 1, "neither Intuit's nor on this machine"),
        ({"oauth_url": "https://token.example/t"}, 1, "neither Intuit's nor on this machine"),
        ({"oauth_url": None}, 1, "Only one of the two addresses"),
        ({"realm_id": None}, 2, "Missing option '--realm-id'"),
        ({"client_id": None}, 2, "--client-id is missing"),
        ({"client_id": ""}, 2, "--client-id is missing"),
        ({"client_id": " "}, 2, "The client id is empty"),
        ({"client_secret": None}, 2, "--client-secret is missing"),
        ({"refresh_token": None}, 2, "--refresh-token is missing"),
    ],
)
def test_each_wrong_value_gets_one_line_that_keeps_secrets(
    udsync: CommandLine,
    tenant: str,
    company: CompanyEmulator,
    differences: dict[str, str | None],
    code: int,
    sentence: str,
) -> None:
    refused = connect(udsync, tenant, company, **differences)

    assert refused.code == code
    assert sentence in refused.complaint
    assert "wrong-secret" not in refused.complaint
    assert "dead-token" not in refused.complaint


def test_a_company_that_does_not_answer_is_told_apart_from_a_refusal(
    udsync: CommandLine, tenant: str, company: CompanyEmulator
) -> None:
    nobody = f"http://127.0.0.1:{free_port()}"

    silent = connect(udsync, tenant, company, base_url=nobody)
    tokenless = connect(udsync, tenant, company, oauth_url=f"{nobody}/token")

    assert silent.code == tokenless.code == 1
    assert "QuickBooks refuses the connection" in silent.complaint
    assert "Intuit's token service refuses the connection" in tokenless.complaint


def test_a_failure_is_an_object_for_scripts_too(
    udsync: CommandLine, tenant: str, company: CompanyEmulator
) -> None:
    refused = connect(udsync, tenant, company, "--json", refresh_token="dead-token")

    assert refused.code == 1
    assert refused.json["ok"] is False
    assert refused.json["code"] == "refresh_token_refused"


def test_scaled_limits_are_refused_for_a_company_at_intuit(
    udsync: CommandLine, tenant: str, company: CompanyEmulator
) -> None:
    refused = udsync(
        "connect", "quickbooks", "--tenant", tenant, "--realm-id", company.realm_id,
        "--client-id", "AB", "--client-secret", "secret", "--refresh-token", "token",
        UDSYNC_LIMITS_FACTOR="10",
    )  # fmt: skip

    assert refused.code == 1
    assert "Remove UDSYNC_LIMITS_FACTOR" in refused.complaint
