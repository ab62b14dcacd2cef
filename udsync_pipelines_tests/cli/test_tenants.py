"""Making and listing tenants, and every name that cannot be one."""

import pytest

from udsync_pipelines_tests.cli.commands import CommandLine

pytestmark = pytest.mark.postgres


def test_a_tenant_is_made_once_and_listed_with_its_zone(udsync: CommandLine) -> None:
    made = udsync("tenant", "create", "blue-bicycles", "--timezone", "Europe/Berlin")
    again = udsync("tenant", "create", "blue-bicycles")
    listed = udsync("tenant", "list", "--json")

    assert made.code == 0
    assert "udsync connect woocommerce --tenant blue-bicycles" in made.out
    assert again.code == 1
    assert "'blue-bicycles' exists already" in again.complaint
    assert {"name": "blue-bicycles", "timezone": "Europe/Berlin"} in listed.json["tenants"]


def test_a_made_tenant_is_answered_as_json_when_asked(udsync: CommandLine) -> None:
    answer = udsync("tenant", "create", "json-shop", "--json").json

    assert answer["ok"] is True
    assert answer["tenant"] == "json-shop"
    assert answer["timezone"] == "America/Edmonton"


@pytest.mark.parametrize("name", ["Blue Bicycles", "", "ä", "a" * 41, "a/b", "a;drop"])
def test_a_bad_name_is_refused_with_what_a_name_may_be(udsync: CommandLine, name: str) -> None:
    refused = udsync("tenant", "create", name)

    assert refused.code == 1
    assert "small letters, digits and hyphens" in refused.complaint


def test_a_bad_zone_is_refused_with_an_example(udsync: CommandLine) -> None:
    refused = udsync("tenant", "create", "zoneless", "--timezone", "Mars/Olympus")

    assert refused.code == 1
    assert "'Mars/Olympus' is not a time zone" in refused.complaint
    assert "America/Edmonton" in refused.complaint


def test_a_failure_is_an_object_too_when_json_is_asked_for(udsync: CommandLine) -> None:
    refused = udsync("tenant", "create", "Not Good", "--json")

    assert refused.code == 1
    assert refused.json["ok"] is False
    assert refused.json["code"] == "tenant_name_invalid"


@pytest.mark.parametrize(
    "words",
    [["sync", "orders"], ["connect", "supabase", "--database-url", "postgresql://u:p@h/d"]],
)
def test_an_unknown_tenant_is_refused_with_the_known_ones(
    udsync: CommandLine, tenant: str, words: list[str]
) -> None:
    refused = udsync(*words, "--tenant", "nobody-knows")

    assert refused.code == 1
    assert "no tenant named 'nobody-knows'" in refused.complaint
    assert tenant in refused.complaint
