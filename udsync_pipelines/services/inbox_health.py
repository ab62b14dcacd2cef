"""What waits in the inbox of webhooks, and what of it a person has to look at."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from udsync_pipelines.store.repositories import inbox_work, webhook_quarantine
from udsync_pipelines.store.tenancy import StateDatabase

LONG = timedelta(minutes=15)
"""A delivery that waits longer is told: a sync of its lane takes less, but for a backfill's."""


@dataclass(frozen=True, slots=True)
class InboxHealth:
    """Deliveries of all tenants.

    Attributes:
        waiting: how many wait to be worked on.
        oldest_waiting_seconds: how long the oldest waits; 0: none does.
        failed: of the last 7 days, tried in vain.
        unknown_companies: companies that sent events and nobody connected.
    """

    waiting: int
    oldest_waiting_seconds: float
    failed: int
    unknown_companies: int

    def facts(self) -> dict[str, Any]:
        """The figures for a program."""
        return asdict(self)

    def sentence(self) -> str:
        """What waits, for a person."""
        return f"Webhooks: {self.waiting} wait, {self.failed} failed in the last 7 days."

    def warnings(self) -> Iterator[str]:
        """What somebody has to look at, each with what to do."""
        if self.oldest_waiting_seconds > LONG.total_seconds():
            yield (
                f"The oldest webhook waits for {self.oldest_waiting_seconds / 60:.0f} minutes. "
                "Look at the runs of its lane in Dagster, and at the switch of webhook_inbox."
            )
        if self.failed:
            yield (
                f"{self.failed} webhooks were tried in vain. Syncs by time read their records; "
                "look at the red runs in Dagster."
            )
        if self.unknown_companies:
            yield (
                f"{self.unknown_companies} QuickBooks companies that nobody has connected have "
                "sent events. Connect them, and give the app's token to `udsync webhooks register`."
            )


def inbox_health(state: StateDatabase) -> InboxHealth:
    """Look into the inbox.

    Raises:
        PlatformUnavailableError: the database does not answer.
    """
    with state.dispatch() as connection:
        waiting = inbox_work.waiting(connection)
        unknown = webhook_quarantine.accounts(connection)
    age = (datetime.now(UTC) - waiting.since).total_seconds() if waiting.since else 0.0
    return InboxHealth(waiting.rows, round(max(age, 0.0), 3), waiting.failed, len(unknown))
