"""`udsync policy`: what a bookkeeper reads and types, and every way in which it can be wrong."""

from dataclasses import dataclass
from pathlib import Path

import orjson
import pytest

from udsync_pipelines.emulators.quickbooks import CompanyEmulator
from udsync_pipelines.emulators.woocommerce import StoreEmulator
from udsync_pipelines_tests.cli.commands import CommandLine, Result
from udsync_pipelines_tests.cli.conftest import connect_store
from udsync_pipelines_tests.services.emulated_books import StartCompany, start_company

__all__ = ["start_company"]

pytestmark = pytest.mark.postgres


@dataclass(frozen=True)
class Bookkeeper:
    """Who types `udsync policy … --tenant T`."""

    udsync: CommandLine
    tenant: str

    def policy(self, command: str, *options: str) -> Result:
        # Limits are not what is tested here: nobody waits for them.
        return self.udsync(
            "policy", command, "--tenant", self.tenant, *options, UDSYNC_LIMITS_FACTOR="1000"
        )


def connect_company(udsync: CommandLine, tenant: str, company: CompanyEmulator) -> None:
    connected = udsync(
        "connect", "quickbooks", "--tenant", tenant, "--realm-id", company.realm_id,
        "--client-id", company.options.client_id,
        "--client-secret", company.options.client_secret,
        "--refresh-token", company.refresh_token,
        "--base-url", company.url, "--oauth-url", company.oauth_url,
        UDSYNC_LIMITS_FACTOR="1000",
    )  # fmt: skip
    assert connected.code == 0, connected.err


@pytest.fixture
def keeper(
    udsync: CommandLine, tenant: str, recorded_store: StoreEmulator, start_company: StartCompany
) -> Bookkeeper:
    """A tenant with the recorded store and a new Canadian company."""
    connect_store(udsync, tenant, recorded_store)
    connect_company(udsync, tenant, start_company())
    return Bookkeeper(udsync, tenant)


def test_a_proposal_is_explained_and_then_accepted_by_its_version(keeper: Bookkeeper) -> None:
    proposed = keeper.policy("propose")
    shown = keeper.policy("show", "--proposed", "--json").json

    accepted = keeper.policy("accept", "--version", shown["version"])
    in_force = keeper.policy("show")

    assert proposed.code == 0, proposed.err
    assert "certain  taxes.codes.4 = 6" in proposed.out
    assert "HST ON 13 % (CA-ON) is HST ON: the only tax code with these rates." in proposed.out
    assert f"Next: udsync policy accept --tenant {keeper.tenant}" in proposed.out
    assert shown["state"] == "proposed"
    assert accepted.code == 0, accepted.err
    assert f"The posting policy of {keeper.tenant} is in force." in accepted.out
    assert "timezone = America/Edmonton" in in_force.out
    assert "taxes.codes.4 = 6" in in_force.out


def test_one_command_proposes_and_accepts_for_a_new_company(keeper: Bookkeeper) -> None:
    answer = keeper.policy("propose", "--accept", "--json")

    assert answer.code == 0, answer.err
    assert (answer.json["state"], answer.json["open"]) == ("active", [])
    assert answer.json["missing"] == []
    assert all(answer.json["policy"]["items"].values())


def test_a_proposal_is_edited_in_a_file_and_set_whole(keeper: Bookkeeper, tmp_path: Path) -> None:
    file = tmp_path / "policy.json"
    assert keeper.policy("propose", "--file", str(file), "--accept").code == 0
    keeper.policy("show", "--file", str(file))
    policy = orjson.loads(file.read_bytes())
    file.write_bytes(orjson.dumps({**policy, "due_days": 14}))

    answer = keeper.policy("set", "--file", str(file))
    again = keeper.policy("propose")

    assert answer.code == 0, answer.err
    assert "due_days: 30 → 14" in answer.out
    assert "It is the policy in force, unchanged." in again.out


def test_single_fields_are_set_and_the_change_is_shown(keeper: Bookkeeper) -> None:
    keeper.policy("propose", "--accept")

    answer = keeper.policy("set", "start_on=2026-01-01", "taxes.codes.3+2=5", "--json")

    assert answer.code == 0, answer.err
    assert answer.json["changes"] == {
        "start_on": {"old": None, "new": "2026-01-01"},
        "taxes.codes.2+3": {"old": "7", "new": "5"},
    }


def test_an_open_decision_is_marked_with_what_to_do_and_must_be_allowed(
    udsync: CommandLine, tenant: str, recorded_store: StoreEmulator, start_company: StartCompany
) -> None:
    connect_store(udsync, tenant, recorded_store)
    company = start_company()
    for name in ("Zero-rated goods", "Exempt services"):
        company.control.add_tax_code(name, ["0"])
    connect_company(udsync, tenant, company)
    keeper = Bookkeeper(udsync, tenant)

    refused = keeper.policy("propose", "--accept")
    allowed = keeper.policy("accept", "--allow-open")

    assert refused.code == 1
    assert "OPEN     taxes.untaxed" in refused.out
    assert f"udsync policy set --tenant {tenant} --proposed taxes.untaxed=ID" in refused.out
    assert "1 decision is still open in the proposed posting policy" in refused.complaint
    assert "accept with --allow-open" in refused.complaint
    assert allowed.code == 0, allowed.err
    assert "Note: Choose a tax code for lines without tax (taxes.untaxed)." in allowed.out


def test_what_the_books_do_not_offer_is_refused_in_one_line(keeper: Bookkeeper) -> None:
    keeper.policy("propose", "--accept")

    refused = keeper.policy("set", "gateways.cod.account_id=404")

    assert refused.code == 1
    assert refused.complaint == (
        "The books cannot serve this posting policy. Account 404 for cod is not active in the "
        "books. Choose other ids with `udsync policy set`, or propose anew."
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (b'{"due_days": 3,\n  oops}', "is no JSON: line 2, column 3"),
        (b'{"due_day": 3}', "due_day is not known; did you mean due_days"),
        (b'{"start_on": "1.1.2026"}', "start_on must be a day as 2026-01-31"),
        (b"[1]", "must be an object with named values"),
        (b"\xff\xfe{}", "is not text in UTF-8"),
        (b"", "is no JSON: line 1, column 1"),
    ],
)
def test_a_file_that_is_no_policy_is_refused_in_one_line(
    udsync: CommandLine, tenant: str, tmp_path: Path, text: bytes, sentence: str
) -> None:
    file = tmp_path / "policy.json"
    file.write_bytes(text)

    refused = udsync("policy", "set", "--tenant", tenant, "--file", str(file))

    assert refused.code == 1
    assert sentence in refused.complaint


def test_a_file_that_is_not_there_and_a_folder_are_refused(
    udsync: CommandLine, tenant: str, tmp_path: Path
) -> None:
    missing = udsync("policy", "set", "--tenant", tenant, "--file", str(tmp_path / "none.json"))
    folder = udsync("policy", "set", "--tenant", tenant, "--file", str(tmp_path))

    assert (missing.code, folder.code) == (1, 1)
    assert "cannot be read: No such file or directory." in missing.complaint
    assert "cannot be read: Is a directory." in folder.complaint


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("set",), "give either --file or FIELD=VALUE"),
        (("set", "due_days=1", "--file", "x.json"), "give either --file or FIELD=VALUE"),
        (("set", "due_days"), "'due_days' is not written FIELD=VALUE"),
        (("set", "--file", "x.json", "--proposed"), "not with --file"),
        (("propose", "--allow-open"), "goes with --accept"),
    ],
)
def test_what_is_typed_wrongly_ends_as_wrong_usage(
    udsync: CommandLine, tenant: str, options: tuple[str, ...], sentence: str
) -> None:
    refused = udsync("policy", *options, "--tenant", tenant)

    assert refused.code == 2
    assert sentence in refused.complaint


def test_what_is_missing_names_the_next_command(
    udsync: CommandLine, tenant: str, recorded_store: StoreEmulator, start_company: StartCompany
) -> None:
    keeper = Bookkeeper(udsync, tenant)
    no_store = keeper.policy("propose", "--json")
    connect_store(udsync, tenant, recorded_store)
    no_company = keeper.policy("propose")
    connect_company(udsync, tenant, start_company())
    nothing_proposed = keeper.policy("accept")
    nothing_in_force = keeper.policy("show")

    assert (no_store.json["code"], no_store.code) == ("connection_missing", 1)
    assert "udsync connect woocommerce" in no_store.complaint
    assert "udsync connect quickbooks" in no_company.complaint
    assert f"Run `udsync policy propose --tenant {tenant}`." in nothing_proposed.complaint
    assert f"Run `udsync policy propose --tenant {tenant}`." in nothing_in_force.complaint
