"""What is left to do for a run that ended without closing its syncs, and what it has done."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from udsync_pipelines.services.failures import NAMES
from udsync_pipelines.services.installation import Installation
from udsync_pipelines.services.run_tags import TENANT, syncs_of
from udsync_pipelines.store.repositories import tenants
from udsync_pipelines.store.repositories.ledger import PostgresLedger
from udsync_pipelines.store.repositories.write_counts import WriteStates, states_by_platform
from udsync_pipelines.sync.plan import IntentState, Plan, PlanState

UNFINISHED = (PlanState.PLANNING, PlanState.APPROVED, PlanState.APPLYING)
LEFT = (*UNFINISHED, PlanState.FAILED, PlanState.SUPERSEDED)
"""Syncs that a run has left; superseded is one that the next sync has taken over already."""
TOLD = (*LEFT, PlanState.APPLIED)
"""A run can be killed when its sync is finished and only the run is not: that is told too."""

_STEPS = ("extract", "map", "resolve")
_DOUBTED = (IntentState.SENT, IntentState.UNKNOWN)
_REFUSED = (IntentState.REJECTED,)
_SETTLED = (IntentState.SETTLED,)


@dataclass(frozen=True, slots=True)
class Account:
    """What one sync of a run has done, and what it has left; `left` counts writes or batches."""

    lane: str
    is_finished: bool
    sentence: str
    settled: int
    in_doubt: int
    left: int


@dataclass(frozen=True, slots=True)
class EndedRun:
    """A run that is over: its tags, and its id with those of the runs that it executed again."""

    tags: Mapping[str, str]
    ids: Collection[str]


def close_failed_run(installation: Installation, run: EndedRun) -> int:
    """Close the syncs that the run left unfinished; return how many.

    What a failed sync left undone is done by the next one; a plan that a person has approved waits
    to be carried out again. A sync that says itself why it failed keeps its own words; one that
    waits for approval is not touched.
    """
    unfinished = [plan for plan in _plans(installation, run) if plan.state in UNFINISHED]
    for plan in unfinished:
        account = _account(installation, plan)
        PostgresLedger(installation.state, plan.tenant_id).move_plan(
            plan.id,
            PlanState.APPROVED if plan.is_approved_by_person else PlanState.FAILED,
            error={
                "step": plan.state.value,
                "code": "run_ended",
                "message": f"the run ended before the sync was finished. {account.sentence}",
                "cure": f"{_goes_on(plan)}; the run's page shows the cause.",
            },
        )
    return len(unfinished)


def accounts_of_run(installation: Installation, run: EndedRun) -> Sequence[Account]:
    """What each sync of a run that is over has done and left; not those that wait for approval."""
    plans = _plans(installation, run)
    return [_account(installation, plan) for plan in plans if plan.state in TOLD]


def _plans(installation: Installation, run: EndedRun) -> Sequence[Plan]:
    """The syncs of a run. What it planned and a person approved is carried out by another one."""
    with installation.state.dispatch() as connection:
        tenant = tenants.find(connection, run.tags.get(TENANT, ""))
    if tenant is None:
        return ()
    found = PostgresLedger(installation.state, tenant.id).plans_of_runs(run.ids, syncs_of(run.tags))
    return [plan for plan in found if plan.run_id not in run.ids or not plan.is_approved_by_person]


def _goes_on(plan: Plan) -> str:
    """Who finishes the work of a run that has ended."""
    if plan.is_approved_by_person:
        return "It is carried out again by itself, a few times at most; else sync again"
    return "The next sync finishes the work"


def _account(installation: Installation, plan: Plan) -> Account:
    with installation.state.tenant(plan.tenant_id) as connection:
        return account_of(plan, states_by_platform(connection, plan.tenant_id, plan.id))


def account_of(plan: Plan, written: Sequence[WriteStates]) -> Account:
    """What a sync has done and what it has left, from how far its writes came."""
    steps = _finished(plan)
    done = f"Finished steps: {', '.join(steps)}." if steps else "No step was finished."
    told = [_of_platform(one) for one in written] or ["No write was planned."]
    settled = sum(one.count(*_SETTLED) for one in written)
    in_doubt = sum(one.count(*_DOUBTED) for one in written if not one.is_by_batch)
    refused = sum(one.count(*_REFUSED) for one in written)
    left = sum(one.total for one in written) - settled - in_doubt - refused
    sentence = " ".join((done, *told))
    return Account(plan.lane, plan.state not in LEFT, sentence, settled, in_doubt, left)


def _finished(plan: Plan) -> list[str]:
    """The steps of planning that came to their end; of loading, the writes say more."""
    failed = str(plan.error["step"]) if plan.error else ""
    return [step for step in _STEPS if f"seconds.{step}" in plan.counts and step != failed]


def _of_platform(one: WriteStates) -> str:
    """A batch that was begun is left as a whole: its transaction has committed or not."""
    settled, refused = one.count(*_SETTLED), one.count(*_REFUSED)
    in_doubt = 0 if one.is_by_batch else one.count(*_DOUBTED)
    left = one.total - settled - refused - in_doubt
    parts = [f"{settled} of {one.total} {'batches' if one.is_by_batch else 'writes'} settled"]
    if in_doubt:
        parts.append(f"{in_doubt} sent and not answered")
    if refused:
        parts.append(f"{refused} refused")
    if left:
        parts.append(f"{left} left")
    return f"{NAMES.get(one.platform, one.platform)}: {', '.join(parts)}."
