"""The engine: one sync from the shop to its destinations, in steps that survive a crash.

Each step reads what the step before stored and stores what it did, batch by batch: a process
that dies is followed by one that goes on, and memory does not grow with the number of records.
"""

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from types import MappingProxyType
from uuid import UUID

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.errors import ConfigurationError, UdsyncError
from udsync_pipelines.sync.entities import lane_named
from udsync_pipelines.sync.extract import extract
from udsync_pipelines.sync.plan import (
    BLOCKED,
    POLICY,
    Approval,
    IntentState,
    Parked,
    Plan,
    PlanState,
    SyncOptions,
    plan_hash,
    state_after_planning,
)
from udsync_pipelines.sync.ports import Archive, Ledger, Source
from udsync_pipelines.sync.records import JSON
from udsync_pipelines.sync.target import Counts, Reached, Sync, Target

EXTRACT_COUNTS = ("calls", "read", "changed", "unchanged", "deleted")

OVER = (PlanState.APPLIED, PlanState.DRY_RUN, PlanState.SUPERSEDED)
"""How a plan ends for good; how it ended is never written over."""

CHANGES = (".create", ".update", ".delete")
"""How the counts of what a plan would change end."""

LOAD_TO = "load_to_"
"""The name of the step that loads a platform begins with it."""

SHOWN_PARKED = 50
"""How many newly parked records a report names; all of them are in the ledger."""


@dataclass(frozen=True, slots=True)
class SyncReport:
    """How a sync ended: its plan, the records it newly parked, and all that are parked.

    `count_newly_parked` counts them all, where `newly_parked` names only the first. A record that
    several destinations cannot take is counted once. `in_doubt` are writes whose answer was lost;
    the next sync looks whether they arrived.
    """

    plan: Plan
    newly_parked: Sequence[tuple[Entity, Parked]]
    parked: int
    in_doubt: int = 0
    count_newly_parked: int = 0


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
                target.check_writable()
        return self.ledger.open_plan(
            lane, self.source_connection_id, options, trigger=trigger, run_id=run_id
        )

    def extract(
        self, plan_id: UUID, named: Mapping[Entity, Collection[str]] = MappingProxyType({})
    ) -> Mapping[str, int]:
        """Read the store into the archive. Returns counts by `entity.count`.

        `named` are records that are read in any case, for somebody has told that they changed.
        """
        with self._step(plan_id, "extract") as (plan, counts):
            due = time.monotonic()
            for entity in lane_named(plan.lane).entities:
                counts.update({f"{entity}.{name}": 0 for name in EXTRACT_COUNTS})
                ids = named.get(entity, ())
                for page in extract(plan, entity, self.source, self.archive, self.reached, ids):
                    counts.update({f"{entity}.{name}": number for name, number in page.items()})
                    if time.monotonic() >= due:
                        self.ledger.count(plan_id, counts)
                        due = time.monotonic() + self.counted_every
            return counts

    def map(self, plan_id: UUID) -> Mapping[str, int]:
        """Turn what is due into planned intents; park what cannot be mapped.

        A target that fails is left out and said by its load: the others are not held up.

        Raises:
            ConfigurationError: the plan is over.
            UdsyncError: every target failed.
        """
        with self._step(plan_id, "map") as (plan, counts):
            _check_open(plan)
            self.ledger.discard_batches(plan_id)
            sync = self._sync(plan)
            position = 0

            def map_for(target: Target) -> Iterator[Counts]:
                nonlocal position
                for following, done in target.map(sync, position):
                    position = following
                    yield done

            self._for_each_target(plan, "map", self._counted(plan_id, counts, map_for))
            return counts

    def resolve(self, plan_id: UUID) -> Plan:
        """Compare the intents with the destinations, seal the plan, and approve it if it may.

        Raises:
            ConfigurationError: the plan is over.
            UdsyncError: every target failed.
        """
        with self._step(plan_id, "resolve") as (plan, counts):
            _check_open(plan)
            sync = self._sync(plan)

            def resolve_for(target: Target) -> Iterator[Counts]:
                return target.resolve(sync)

            self._for_each_target(plan, "resolve", self._counted(plan_id, counts, resolve_for))
            changes = sum(
                number
                for key, number in counts.items()
                if key.endswith((".create", ".update", ".delete"))
            )
            state = state_after_planning(plan.options, changes)
            self.ledger.move_plan(plan_id, state, plan_hash=self._hash(plan_id))
            if state is PlanState.APPROVED:
                agreed = plan.options.approve is Approval.everything
                self.ledger.approve(plan_id, POLICY, with_questions=agreed)
        return self.ledger.plan(plan_id)

    def load(self, plan_id: UUID, platform: str) -> Mapping[str, int]:
        """Carry out the plan's intents for one platform; nothing, if it only shows or waits.

        Raises:
            ConfigurationError: the platform could not be planned for, the stored plan is not the
                one that was approved, or it is over.
        """
        step = f"{LOAD_TO}{platform}"
        with self._step(plan_id, step) as (plan, counts):
            if platform in plan.blocked:
                raise _blocked(plan, platform)
            if plan.state in (PlanState.DRY_RUN, PlanState.AWAITING_APPROVAL):
                return counts
            self._check_may_run(plan)
            if not _has_failed_elsewhere(plan, step):
                self.ledger.move_plan(plan_id, PlanState.APPLYING)
            sync = self._sync(plan)
            for target in self.targets:
                if target.platform == platform:
                    for done in target.load(sync):
                        counts.update(done)
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
        entities = lane_named(plan.lane).entities
        return SyncReport(
            plan=self.ledger.plan(plan_id),
            newly_parked=self.ledger.parked_by(plan_id, SHOWN_PARKED),
            parked=sum(
                self.ledger.count_parked(self.source_connection_id, entity) for entity in entities
            ),
            in_doubt=self.ledger.count_in_doubt(plan.lane, self.source_connection_id),
            count_newly_parked=self._count_newly_parked(plan),
        )

    def _count_newly_parked(self, plan: Plan) -> int:
        """A dry run parks nothing; of it, what would be parked."""
        if not plan.options.dry_run:
            return self.ledger.count_parked_by(plan.id)
        batches = self.ledger.intents(plan.id)
        return len({(batch.entity, one.source_id) for batch in batches for one in batch.parked})

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

    def _sync(self, plan: Plan) -> Sync:
        entities = lane_named(plan.lane).entities
        return Sync(plan, entities, self.source, self.archive, self.ledger, self.reached)

    def _counted(
        self, plan_id: UUID, counts: Counter[str], work: Callable[[Target], Iterator[Counts]]
    ) -> Callable[[Target], None]:
        """The work of a step on one target, with its counts stored as it goes on."""

        def run(target: Target) -> None:
            for done in work(target):
                counts.update(done)
                self.ledger.count(plan_id, counts)

        return run

    def _for_each_target(self, plan: Plan, step: str, run: Callable[[Target], None]) -> None:
        """Run a step for each target that no earlier step left out; note whom this one leaves out.

        Raises:
            UdsyncError: no target is left.
        """
        left_out = {name for name, why in plan.blocked.items() if why["step"] != step}
        errors: dict[str, UdsyncError] = {}
        for target in self.targets:
            if target.platform in left_out:
                continue
            try:
                run(target)
            except UdsyncError as error:
                errors.setdefault(target.platform, error)
        if errors and len(errors) + len(left_out) == len(self.targets):
            raise next(iter(errors.values()))
        tried = {target.platform for target in self.targets} - left_out
        self.ledger.count(
            plan.id,
            {
                f"{BLOCKED}{name}": _failure(step, errors[name]) if name in errors else None
                for name in tried
            },
        )

    def _hash(self, plan_id: UUID) -> str:
        versions = "|".join(target.version for target in self.targets)
        more = chain.from_iterable(target.digests(plan_id) for target in self.targets)
        return plan_hash(self.ledger.intents(plan_id), versions, more)

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


def _has_failed_elsewhere(plan: Plan, step: str) -> bool:
    """Whether another platform's load has failed, which this one must not cover up."""
    failed = str(plan.error["step"]) if plan.error else ""
    return failed.startswith(LOAD_TO) and failed != step


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


def _blocked(plan: Plan, platform: str) -> ConfigurationError:
    """Why nothing was planned for a platform, said where its load would have been."""
    why = plan.blocked[platform]
    return ConfigurationError(
        str(why["message"]), cure=_text(why["cure"]), code=_text(why["code"]), platform=platform
    )


def _text(value: JSON) -> str | None:
    return None if value is None else str(value)


def _failure(step: str, error: Exception) -> Mapping[str, str | None]:
    """What the plan remembers of a failure: never a payload, never a traceback."""
    if isinstance(error, UdsyncError):
        return {"step": step, "code": error.code, "message": error.message, "cure": error.cure}
    return {"step": step, "code": type(error).__name__, "message": "unexpected error", "cure": None}
