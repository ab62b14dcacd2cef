"""`udsync schedule`: made, shown, switched and removed, or refused in one line."""

import pytest

from udsync_pipelines_tests.cli.commands import CommandLine

pytestmark = pytest.mark.postgres

MORNINGS = ("--entity", "orders", "--cron", "30 6 * * 1-5", "--timezone", "Europe/Berlin")


def test_a_schedule_is_made_shown_switched_and_removed(udsync: CommandLine, tenant: str) -> None:
    mine = ("--tenant", tenant, "--json")

    made = udsync("schedule", "add", "mornings", *MORNINGS, "--full", *mine)
    off = udsync("schedule", "disable", "mornings", *mine)
    listed = udsync("schedule", "list", *mine)
    on = udsync("schedule", "enable", "mornings", "--tenant", tenant)
    removed = udsync("schedule", "remove", "mornings", *mine)
    after = udsync("schedule", "list", *mine)

    assert made.code == 0, made
    schedule = made.json["schedule"]
    assert schedule["next"].endswith(("04:30:00+00:00", "05:30:00+00:00"))
    assert {**schedule, "next": None} == {
        "name": "mornings",
        "entity": "orders",
        "full": True,
        "cron": "30 6 * * 1-5",
        "timezone": "Europe/Berlin",
        "enabled": True,
        "next": None,
        "last": None,
    }
    assert off.json["schedule"]["enabled"] is False
    assert listed.json["schedules"] == [off.json["schedule"]]
    assert on.out.count("06:30 +0") == 3
    assert (removed.code, after.json["schedules"]) == (0, [])


def test_what_cannot_be_scheduled_is_refused_in_one_line(udsync: CommandLine, tenant: str) -> None:
    def add(name: str, cron: str, zone: str) -> str:
        options = ("--entity", "orders", "--cron", cron, "--timezone", zone)
        refused = udsync("schedule", "add", name, "--tenant", tenant, *options)
        assert refused.code == 1
        return refused.complaint

    assert "'at six' is not a cron expression." in add("mine", "at six", "UTC")
    assert "'Mars/Base' is not a time zone." in add("mine", "0 6 * * *", "Mars/Base")
    assert "'My own' cannot be the name" in add("My own", "0 6 * * *", "UTC")
    udsync("schedule", "add", "mine", *MORNINGS, "--tenant", tenant)
    assert "There is a schedule named 'mine' already." in add("mine", "0 6 * * *", "UTC")
    unknown = udsync("schedule", "remove", "other", "--tenant", tenant)
    assert unknown.complaint == "There is no schedule named 'other'. Use one of: mine."
