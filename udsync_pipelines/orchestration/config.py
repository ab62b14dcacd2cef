"""What the launchpad asks for, typed and explained."""

from dataclasses import replace
from datetime import UTC, datetime
from enum import Enum

import dagster as dg
from pydantic import Field

from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines.sync.plan import Approval, SyncOptions
from udsync_pipelines.sync.records import Window


class Approve(str, Enum):  # noqa: UP042 - Dagster reads the members of (str, Enum) into its schema
    """Who lets the changes take effect."""

    automatic = "automatic"
    ask = "ask"
    everything = "everything"


class Trigger(str, Enum):  # noqa: UP042 - Dagster reads the members of (str, Enum) into its schema
    """What asked for a sync."""

    manual = "manual"
    schedule = "schedule"
    webhook = "webhook"
    backfill = "backfill"


class SyncConfig(dg.Config):
    """One sync of a tenant: what to read, and whether to write."""

    tenant: str = Field(description="Name of the tenant, as given to `udsync tenant create`.")
    full: bool = Field(
        default=False,
        description="Read the whole store and compare everything, instead of what has changed.",
    )
    since: str | None = Field(
        default=None,
        description="Read only what changed at or after this time, for example "
        "2026-09-01T00:00:00-06:00. Without an offset it is UTC.",
    )
    until: str | None = Field(
        default=None, description="Read only what changed at or before this time."
    )
    of_creation: bool = Field(
        default=False,
        description="Let since and until be times at which records were made. Such a span is read "
        "once: when the sync is repeated it goes on where it was cut off.",
    )
    dry_run: bool = Field(
        default=False, description="Plan and show every change, but write to no platform."
    )
    accept_deletions: bool = Field(
        default=False,
        description="Believe that records which vanished from the store in numbers are deleted, "
        "instead of stopping.",
    )
    approve: Approve = Field(
        default=Approve.automatic,
        description="automatic: changes take effect at once, and what takes a document out of the "
        "books waits for a decision. everything: that takes effect too. ask: the plan waits for "
        "`udsync plan approve`.",
    )
    ask_above: int = Field(
        default=0, description="With approve=ask, this many changes still need nobody."
    )
    trigger: Trigger = Field(default=Trigger.manual, description="What asked for the sync.")

    def options(self) -> SyncOptions:
        """The options of the engine.

        Raises:
            ConfigurationError: a time is malformed, or the span is empty.
        """
        return SyncOptions(
            window=replace(
                window(full=self.full, since=self.since, until=self.until),
                accept_deletions=self.accept_deletions,
                of_creation=self.of_creation,
            ),
            dry_run=self.dry_run,
            approve=Approval(Approve(self.approve).value),
            ask_above=self.ask_above,
        )


class ApprovedPlanConfig(dg.Config):
    """A plan that a person has approved, to be carried out."""

    tenant: str = Field(description="Name of the tenant whose plan it is.")
    plan: str = Field(description="Id of the plan, as `udsync sync` and `plan show` print it.")
    trigger: Trigger = Field(
        default=Trigger.manual,
        description="What asked for it: a person's run fails when its lane is busy, others wait.",
    )


def window(*, full: bool, since: str | None, until: str | None) -> Window:
    """The window that these texts ask for.

    Raises:
        ConfigurationError: a time is malformed, the span is empty, or it contradicts `full`.
    """
    start, end = _instant("since", since), _instant("until", until)
    if full and (start or end):
        raise ConfigurationError(
            "a full sync reads everything.",
            cure="Leave out either full or since/until.",
            code="bad_time",
        )
    if start and end and start > end:
        raise ConfigurationError(
            "since is later than until.", cure="Swap the two times.", code="bad_time"
        )
    return Window(full=full, since=start, until=end)


def _instant(name: str, text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(
            f"{name} is not a time: {text!r}.",
            cure="Write it like 2026-09-01 or 2026-09-01T14:30:00-06:00.",
            code="bad_time",
        ) from None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
