"""The command explains itself, and refuses what it does not know with one line."""

import subprocess

import pytest

from udsync_pipelines_tests.cli.commands import SCRIPT, CommandLine

pytestmark = pytest.mark.postgres

COMMANDS = {
    "up": "keep-database",
    "down": "Stop all services",
    "status": "--json",
    "demo": "--orders",
    "sync": "--dry-run",
    "tenant create": "--timezone",
    "tenant list": "--json",
    "connect woocommerce": "--consumer-key-file",
    "connect supabase": "--print-ddl",
    "plan show": "--limit",
    "plan approve": "--json",
    "emulate woocommerce": "--plain-http",
    "emulate supabase": "--name",
    "db migrate": "--json",
}


def test_the_installed_command_lists_all_its_commands() -> None:
    shown = subprocess.run([SCRIPT, "--help"], capture_output=True, text=True, check=False)  # noqa: S603

    assert shown.returncode == 0
    assert all(f"\n  {word.split()[0]}" in shown.stdout for word in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_shows_its_own_help(udsync: CommandLine, command: str) -> None:
    shown = udsync(*command.split(), "--help")

    assert shown.code == 0
    assert COMMANDS[command] in shown.out
    assert shown.err == ""


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["synch"], "synch"),
        (["sync", "orders"], "--tenant"),
        (["sync", "--tenant", "a"], "customers|products|orders|all"),
        (["tenant", "create"], "name"),
        (["tenant", "rename"], "rename"),
        (["sync", "orders", "--tenant", "a", "--fast"], "--fast"),
        (["emulate", "woocommerce", "--port", "eighty"], "--port"),
        (["emulate", "woocommerce", "--port", "70000"], "65535"),
        (["demo", "--orders", "-1"], "--orders"),
    ],
)
def test_wrong_usage_is_one_line_that_names_it_and_exit_code_two(
    udsync: CommandLine, words: list[str], named: str
) -> None:
    refused = udsync(*words)

    assert refused.code == 2
    assert named in refused.complaint
    assert "--help" in refused.complaint
    assert refused.out == ""


def test_wrong_usage_is_an_object_too_when_json_is_asked_for(udsync: CommandLine) -> None:
    refused = udsync("sync", "invoices", "--tenant", "a", "--json")

    assert (refused.code, refused.json["code"], refused.json["ok"]) == (2, "usage", False)
    assert "'invoices'" in refused.json["message"]
