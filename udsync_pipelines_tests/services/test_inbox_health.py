"""What the inbox tells a person."""

import pytest

from udsync_pipelines.services.inbox_health import InboxHealth

QUIET = InboxHealth(waiting=3, oldest_waiting_seconds=2.5, failed=0, unknown_companies=0)


def test_deliveries_that_wait_for_a_moment_are_no_cause_for_a_warning() -> None:
    assert QUIET.sentence() == "Webhooks: 3 wait, 0 failed in the last 7 days."
    assert list(QUIET.warnings()) == []


@pytest.mark.parametrize(
    ("found", "told", "cure"),
    [
        (InboxHealth(3, 1800.0, 0, 0), "waits for 30 minutes", "webhook_inbox"),
        (InboxHealth(0, 0.0, 4, 0), "4 webhooks were tried in vain", "red runs"),
        (InboxHealth(0, 0.0, 0, 2), "2 QuickBooks companies", "udsync webhooks register"),
    ],
)
def test_what_somebody_has_to_look_at_is_told_with_what_to_do(
    found: InboxHealth, told: str, cure: str
) -> None:
    (warning,) = found.warnings()

    assert told in warning
    assert cure in warning
