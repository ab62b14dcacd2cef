"""The engine: one sync from the shop to its destinations, in steps that survive a crash.

Each step reads what the step before stored and stores what it did, batch by batch: a process
that dies is followed by one that goes on, and memory does not grow with the number of records.
"""

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.errors import ConfigurationError, UdsyncError
from udsync_pipelines.mapping.profile import Profile
from udsync_pipelines.sync.entities import Lane, lane_named
from udsync_pipelines.sync.extract import extract
from udsync_pipelines.sync.load import Loader, Reached
from udsync_pipelines.sync.mapped import Mapper
from udsync_pipelines.sync.plan import (
    Action,
    Intent,
    IntentState,
    Parked,
    Plan,
    PlanState,
    SyncOptions,
    plan_hash,
    state_after_planning,
)
from udsync_pipelines.sync.planning import Planner
from udsync_pipelines.sync.ports import Archive, Destination, Ledger, Source

EXTRACT_COUNTS = ("calls", "read", "changed", "unchanged", "deleted")

OVER = (PlanState.APPLIED, PlanState.DRY_RUN, PlanState.SUPERSEDED)
"""How a plan ends for good; how it ended is never written over."""

SHOWN_PARKED = 50
"""How many newly parked records a report names; all of them are in the ledger."""


@dataclass(frozen=True, slots=True)
class Target:
    """A destination connection with the mapping profiles that lead to it."""

    connection_id: UUID
    platform: str
    destination: Destination
    profiles: Mapping[Entity, Profile]


@dataclass(frozen=True, slots=True)
class SyncReport:
    """How a sync ended: its plan, the records it newly parked, and all that are parked."""

    plan: Plan
    newly_parked: Sequence[tuple[Entity, Parked]]
    parked: int

    @property
    def count_newly_parked(self) -> int:
        """How many records it newly parked, also where `newly_parked` names only the first."""
        return sum(
            number
            for name, number in self.plan.counts.items()
            if name.endswith((".parked", ".refused")) and isinstance(number, int)
        )


@dataclass(frozen=True, slots=True)
class SyncEngine:
    """Carries out the syncs of one tenant. Every step takes the sync's id and may be repeated.

    While pages are read, their counts are stored every `counted_every` seconds, for those who
    watch; whole they are stored when the step ends.
    """

    source: Source
    source_connection_id: UUID
    archive: Archive
    ledger: Ledger
    targets: Sequence[Target]
    reached: Reached
    counted_every: float = 0.5

    def open(
        self, lane: str, options: SyncOptions, *, trigger: str = "manual", run_id: str | None = None
    ) -> Plan:
        """Start a sync of a lane.

        Raises:
            ConfigurationError: nothing to load into, or a destination may only be read; nothing
                was read or written.
        """
        if not self.targets:
            raise ConfigurationError(
                "there is no destination to load into.",
                cure="Connect one: udsync connect supabase --tenant … --database-url …",
                code="no_destination",
            )
        if not options.dry_run:
            for target in self.targets:
                target.destination.check_writable()
        return self.ledger.open_plan(
            lane, self.source_connection_id, options, trigger=trigger, run_id=run_id
        )

    def extract(self, plan_id: UUID) -> Mapping[str, int]:
        """Read the store into the archive. Returns counts by `entity.count`."""
        with self._step(plan_id, "extract") as (plan, counts):
            due = time.monotonic()
            for entity in self._lane(plan).entities:
                counts.update({f"{entity}.{name}": 0 for name in EXTRACT_COUNTS})
                for page in extract(plan, entity, self.source, self.archive, self.reached):
                    counts.update({f"{entity}.{name}": number for name, number in page.items()})
                    if time.monotonic() >= due:
                        self.ledger.count(plan_id, counts)
                        due = time.monotonic() + self.counted_every
            return counts

    def map(self, plan_id: UUID) -> Mapping[str, int]:
        """Map what is pending into planned batches; park what cannot be mapped.

        Raises:
            ConfigurationError: the plan is over.
        """
        with self._step(plan_id, "map") as (plan, counts):
            _check_open(plan)
            self.ledger.discard_batches(plan_id)
            position = 0
            for entity, target in self._flows(plan):
                planner = self._planner(plan, entity, target)
                counts.update({f"{entity}.parked": 0, f"{entity}.mapped": 0})
                for intent, newly_parked in planner.plan_batches(position):
                    position = intent.position + 1
                    counts[f"{entity}.parked"] += newly_parked
                    counts[f"{entity}.mapped"] += len(intent.records)
                    self.ledger.count(plan_id, counts)
            return counts

    def resolve(self, plan_id: UUID) -> Plan:
        """Compare the batches with the destinations, seal the plan, and approve it if it may.

        Raises:
            ConfigurationError: the plan is over.
        """
        with self._step(plan_id, "resolve") as (plan, counts):
            _check_open(plan)
            for entity, target in self._flows(plan):
                planner = self._planner(plan, entity, target)
                counts.update({f"{entity}.{action}": 0 for action in ("create", "update", "skip")})
                for intent in self._planned(plan_id, entity, target, IntentState.PLANNED):
                    resolved = planner.resolve(intent)
                    for action in Action:
                        counts[f"{entity}.{action}"] += resolved.count(action)
            changes = sum(
                number for key, number in counts.items() if key.endswith((".create", ".update"))
            )
            state = state_after_planning(plan.options, changes)
            self.ledger.move_plan(plan_id, state, plan_hash=self._hash(plan_id))
            if state is PlanState.APPROVED:
                self.ledger.approve(plan_id, "policy")
        return self.ledger.plan(plan_id)

    def load(self, plan_id: UUID, platform: str) -> Mapping[str, int]:
        """Carry out the plan's batches for one platform; nothing, if it only shows or waits.

        Raises:
            ConfigurationError: the stored plan is not the one that was approved, or it is over.
        """
        with self._step(plan_id, f"load_to_{platform}") as (plan, counts):
            if plan.state in (PlanState.DRY_RUN, PlanState.AWAITING_APPROVAL):
                return counts
            self._check_may_run(plan)
            self.ledger.move_plan(plan_id, PlanState.APPLYING)
            for entity, target in self._flows(plan, platform):
                # A load that is taken up again goes on counting.
                for name in ("created", "updated", "refused"):
                    counts[f"{entity}.{name}"] += _counted(plan, f"{entity}.{name}")
                loader = self._loader(entity, target)
                for intent in self._planned(
                    plan_id, entity, target, IntentState.APPROVED, IntentState.SENT
                ):
                    receipt, newly_parked = loader.load(intent)
                    counts[f"{entity}.created"] += receipt.created
                    counts[f"{entity}.updated"] += receipt.updated
                    counts[f"{entity}.refused"] += newly_parked
                    self.ledger.count(plan_id, counts)
            return counts

    def approved(self, plan_id: UUID) -> Plan:
        """The plan, once a person has approved it.

        Raises:
            ConfigurationError: it was not approved, or is over.
        """
        plan = self.ledger.plan(plan_id)
        self._check_may_run(plan)
        return plan

    def close(self, plan_id: UUID) -> SyncReport:
        """End the sync: it is applied when every batch is settled. Returns what it came to.

        Raises:
            ConfigurationError: batches are left that were not carried out.
        """
        plan = self.ledger.plan(plan_id)
        if plan.state is PlanState.APPLYING:
            self._check_settled(plan)
            self.ledger.move_plan(plan_id, PlanState.APPLIED)
        lane = self._lane(plan)
        return SyncReport(
            plan=self.ledger.plan(plan_id),
            newly_parked=self.ledger.parked_by(plan_id, SHOWN_PARKED),
            parked=sum(
                self.ledger.count_parked(self.source_connection_id, entity)
                for entity in lane.entities
            ),
        )

    @contextmanager
    def _step(self, plan_id: UUID, name: str) -> Iterator[tuple[Plan, Counter[str]]]:
        """Count and time one step; record a failure in the plan before passing it on."""
        counts: Counter[str] = Counter()
        started = time.monotonic()
        plan = self.ledger.plan(plan_id)
        try:
            yield plan, counts
        except Exception as error:
            if plan.state not in OVER:
                self.ledger.move_plan(plan_id, PlanState.FAILED, error=_failure(name, error))
            raise
        finally:
            seconds = round(time.monotonic() - started, 3)
            self.ledger.count(plan_id, {**counts, f"seconds.{name}": seconds})

    def _lane(self, plan: Plan) -> Lane:
        return lane_named(plan.lane)

    def _flows(self, plan: Plan, platform: str | None = None) -> Iterator[tuple[Entity, Target]]:
        """Each entity of the plan's lane with each target that it flows to."""
        for target in self.targets:
            for entity in self._lane(plan).entities:
                if entity in target.profiles and platform in (None, target.platform):
                    yield entity, target

    def _planned(
        self, plan_id: UUID, entity: Entity, target: Target, *states: IntentState
    ) -> Iterator[Intent]:
        for intent in self.ledger.intents(plan_id, *states):
            if intent.entity is entity and intent.target_connection_id == target.connection_id:
                yield intent

    def _planner(self, plan: Plan, entity: Entity, target: Target) -> Planner:
        return Planner(
            plan=plan,
            entity=entity,
            target_connection_id=target.connection_id,
            archive=self.archive,
            ledger=self.ledger,
            mapper=Mapper(self.source, target.profiles[entity]),
            destination=target.destination,
            reached=self.reached,
        )

    def _loader(self, entity: Entity, target: Target) -> Loader:
        return Loader(
            source_connection_id=self.source_connection_id,
            archive=self.archive,
            ledger=self.ledger,
            mapper=Mapper(self.source, target.profiles[entity]),
            destination=target.destination,
            reached=self.reached,
        )

    def _hash(self, plan_id: UUID) -> str:
        versions = "|".join(
            profile.version for target in self.targets for profile in target.profiles.values()
        )
        return plan_hash(self.ledger.intents(plan_id), versions)

    def _check_may_run(self, plan: Plan) -> None:
        """A failed load may be tried again; what is over or was never approved may not run."""
        is_open = plan.state in (PlanState.APPROVED, PlanState.APPLYING, PlanState.FAILED)
        if not (is_open and plan.is_approved):
            raise _cannot_go_on(plan)
        if self._hash(plan.id) != plan.plan_hash:
            raise ConfigurationError(
                f"plan {plan.id} is not the plan that was approved.",
                cure="Sync again: a new plan is made from what is known now.",
                code="plan_changed",
            )

    def _check_settled(self, plan: Plan) -> None:
        left = sum(1 for _ in self.ledger.intents(plan.id, IntentState.APPROVED, IntentState.SENT))
        if left:
            raise ConfigurationError(
                f"{left} batches of plan {plan.id} were not carried out.",
                cure="Sync again; the next sync plans what is left.",
                code="batches_left",
            )


def _check_open(plan: Plan) -> None:
    """A plan that is over stays as it ended, with its batches and receipts."""
    if plan.state in OVER:
        raise _cannot_go_on(plan)


def _cannot_go_on(plan: Plan) -> ConfigurationError:
    return ConfigurationError(
        f"plan {plan.id} cannot be carried out; it is {plan.state}.",
        cure="Sync again to make a new plan.",
        code="plan_not_approved",
    )


def _counted(plan: Plan, name: str) -> int:
    number = plan.counts.get(name)
    return number if isinstance(number, int) else 0


def _failure(step: str, error: Exception) -> Mapping[str, str | None]:
    """What the plan remembers of a failure: never a payload, never a traceback."""
    if isinstance(error, UdsyncError):
        return {"step": step, "code": error.code, "message": error.message, "cure": error.cure}
    return {"step": step, "code": type(error).__name__, "message": "unexpected error", "cure": None}
