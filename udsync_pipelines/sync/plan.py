"""A plan: the intents of one sync, what they would change, and whether they may run.

Pure: comparing, counting, hashing and approving take values and return values.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.sync.decisions import Question
from udsync_pipelines.sync.records import JSON, Row, Window


class PlanState(StrEnum):
    """Where a plan stands."""

    PLANNING = "planning"
    AWAITING_APPROVAL = "awaiting_approval"
    APPROVED = "approved"
    APPLYING = "applying"
    APPLIED = "applied"
    DRY_RUN = "dry_run"
    FAILED = "failed"
    SUPERSEDED = "superseded"


class IntentState(StrEnum):
    """Where a write stands. Each write is an intent, stored before it is sent."""

    PLANNED = "planned"
    APPROVED = "approved"
    SENT = "sent"
    SETTLED = "settled"
    REJECTED = "rejected"
    UNKNOWN = "unknown"
    SUPERSEDED = "superseded"


POLICY = "policy"
"""Who has approved a plan that needed no person."""

BLOCKED = "blocked."
"""Under this and the platform's name, a plan's counts say why a platform was left out."""


class Action(StrEnum):
    """What a plan does with one record."""

    CREATE = "create"
    UPDATE = "update"
    SKIP = "skip"


class Approval(StrEnum):
    """Who lets a plan take effect. Names equal values: Dagster shows the names.

    `automatic` lets everything go on that takes nothing out of books; what does waits for a person
    to decide. `everything` says that a person has agreed to that too.
    """

    automatic = "automatic"
    ask = "ask"
    everything = "everything"


@dataclass(frozen=True, slots=True)
class SyncOptions:
    """What was asked of one sync.

    `ask_above`: with `approve=ask`, a plan of at most so many changes needs no person.
    """

    window: Window = field(default_factory=Window)
    dry_run: bool = False
    approve: Approval = Approval.automatic
    ask_above: int = 0


@dataclass(frozen=True, slots=True)
class PlannedRecord:
    """One record of an intent: what it is to become at the destination.

    `row_hash` says what its rows are; `is_deleted` that the shop no longer has it.
    """

    source_id: str
    row_hash: bytes
    is_deleted: bool = False
    action: Action = Action.CREATE


@dataclass(frozen=True, slots=True)
class Parked:
    """A record that cannot go on, why, and what cures it.

    With a `question`, a person may decide what becomes of it.
    """

    source_id: str
    content_hash: bytes
    code: str
    reason: str
    cure: str
    question: Question | None = None


Differences = Mapping[str, Mapping[str, tuple[JSON, JSON]]]
"""source id → column → (stored value, new value), of the records that a plan updates."""


@dataclass(frozen=True, slots=True)
class Intent:
    """One batch of records for one destination, written in one transaction there.

    When it is settled, every change up to `last_seq` has arrived. `parked` are the records of the
    batch that could not be mapped.
    """

    id: UUID
    plan_id: UUID
    position: int
    entity: Entity
    target_connection_id: UUID
    state: IntentState
    records: tuple[PlannedRecord, ...]
    last_seq: int
    parked: tuple[Parked, ...] = ()
    differences: Differences = field(default_factory=dict)

    def count(self, action: Action) -> int:
        """How many of its records it treats in this way."""
        return sum(record.action is action for record in self.records)

    @property
    def changes(self) -> int:
        """How many records it would write."""
        return len(self.records) - self.count(Action.SKIP)

    def digest(self) -> bytes:
        """16 bytes that change when anything that this intent would write changes."""
        digest = hashlib.blake2b(digest_size=16)
        digest.update(f"{self.entity}|{self.target_connection_id}|".encode())
        for record in self.records:
            digest.update(f"{record.source_id}|{record.action}|".encode() + record.row_hash)
        return digest.digest()


@dataclass(frozen=True, slots=True)
class Plan:
    """One sync: what was asked, how far it came, what it counted. Its id is the sync id."""

    id: UUID
    tenant_id: UUID
    lane: str
    source_connection_id: UUID
    options: SyncOptions
    trigger: str
    state: PlanState
    plan_hash: str | None
    approved_by: str | None
    counts: Mapping[str, JSON]
    run_id: str | None
    error: Mapping[str, JSON] | None
    created_at: datetime
    finished_at: datetime | None

    @property
    def is_approved(self) -> bool:
        """Whether it may take effect."""
        return self.approved_by is not None

    @property
    def is_approved_by_person(self) -> bool:
        """Whether it was shown to somebody first: then a run of its own carries it out."""
        return self.approved_by not in (None, POLICY)

    @property
    def is_by_hand(self) -> bool:
        """Whether a person has started it."""
        return self.trigger == "manual"

    @property
    def blocked(self) -> Mapping[str, Mapping[str, JSON]]:
        """The platforms that could not be planned for, each with the step and the error."""
        return {
            name.removeprefix(BLOCKED): why
            for name, why in self.counts.items()
            if name.startswith(BLOCKED) and isinstance(why, Mapping)
        }


def classify(
    records: Sequence[PlannedRecord], stored: Mapping[str, bytes]
) -> tuple[PlannedRecord, ...]:
    """Decide what to do with each record, given the row hashes that the destination holds.

    A record that is deleted in the shop and was never loaded is nothing to load.
    """
    return tuple(replace(record, action=_action(record, stored)) for record in records)


def _action(record: PlannedRecord, stored: Mapping[str, bytes]) -> Action:
    held = stored.get(record.source_id)
    if held is None:
        return Action.SKIP if record.is_deleted else Action.CREATE
    return Action.SKIP if held == record.row_hash else Action.UPDATE


def differences(new: Row, old: Row) -> dict[str, tuple[JSON, JSON]]:
    """Column by column what an update changes, as text fit for a person."""
    return {
        column: (_shown(old.get(column)), _shown(value))
        for column, value in new.items()
        if _shown(old.get(column)) != _shown(value)
    }


def plan_hash(intents: Iterable[Intent], version: str, more: Iterable[bytes] = ()) -> str:
    """The hash of everything a plan would write, in order: what was shown is what is executed.

    `version` is that of profiles and policy, `more` what the batches themselves do not cover.
    """
    digest = hashlib.blake2b(version.encode(), digest_size=16)
    for intent in intents:
        digest.update(intent.digest())
    for part in more:
        digest.update(part)
    return digest.hexdigest()


def state_after_planning(options: SyncOptions, changes: int) -> PlanState:
    """Whether a finished plan is only shown, may run, or waits for a person."""
    if options.dry_run:
        return PlanState.DRY_RUN
    if options.approve is Approval.ask and changes > options.ask_above:
        return PlanState.AWAITING_APPROVAL
    return PlanState.APPROVED


def _shown(value: object) -> JSON:
    """A value as the plan shows it; equal amounts and equal instants look equal."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, Decimal):
        return _shown_number(value)
    return json.dumps(value, sort_keys=True, default=str, ensure_ascii=False)


def _shown_number(value: Decimal) -> str:
    """Exact, without the zeros that say nothing; `normalize` would round after 28 digits."""
    text = format(value, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text
