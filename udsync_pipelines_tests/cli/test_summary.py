"""How a sync ends: its exit code, from what is stored of its plans."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from udsync_pipelines.cli.output import ExitCode
from udsync_pipelines.cli.runs import JobRun
from udsync_pipelines.cli.summary import exit_code
from udsync_pipelines.sync.plan import Plan, PlanState, SyncOptions

BLOCKED = {"step": "map", "code": "policy_missing", "message": "no policy.", "cure": "Accept one."}


def run_of(
    state: PlanState, counts: Mapping[str, Any] | None = None, status: str = "SUCCESS"
) -> JobRun:
    plan = Plan(
        id=uuid4(),
        tenant_id=uuid4(),
        lane="orders",
        source_connection_id=uuid4(),
        options=SyncOptions(dry_run=state is PlanState.DRY_RUN),
        trigger="manual",
        state=state,
        plan_hash="f" * 32,
        approved_by="policy",
        counts=dict(counts or {}),
        run_id="a run",
        error=None,
        created_at=datetime(2026, 9, 1, tzinfo=UTC),
        finished_at=None,
    )
    return JobRun("a run", status, [plan])


@pytest.mark.parametrize(
    "state", [PlanState.APPLIED, PlanState.DRY_RUN, PlanState.AWAITING_APPROVAL]
)
def test_a_platform_that_was_left_out_is_a_failure_whatever_else_was_done(
    state: PlanState,
) -> None:
    run = run_of(state, {"order.created": 5, "blocked.quickbooks": BLOCKED})

    assert exit_code(run) is ExitCode.FAILED


def test_a_platform_that_was_planned_for_after_all_is_no_failure() -> None:
    run = run_of(PlanState.APPLIED, {"blocked.quickbooks": None, "blocked.supabase": None})

    assert exit_code(run) is ExitCode.SETTLED


@pytest.mark.parametrize(
    "count", ["order.parked", "quickbooks.order.unmatched", "quickbooks.refund.refused"]
)
def test_whatever_parks_a_record_ends_with_three(count: str) -> None:
    assert exit_code(run_of(PlanState.APPLIED, {count: 1}, "FAILURE")) is ExitCode.PARKED
    assert exit_code(run_of(PlanState.APPLIED, {count: 0})) is ExitCode.SETTLED


def test_what_earlier_syncs_left_unsettled_still_ends_with_three() -> None:
    assert exit_code(run_of(PlanState.APPLIED), unsettled=1) is ExitCode.PARKED
    assert exit_code(run_of(PlanState.DRY_RUN), unsettled=1) is ExitCode.SETTLED


def test_a_failed_plan_and_a_run_without_plans_end_with_one() -> None:
    assert exit_code(run_of(PlanState.FAILED)) is ExitCode.FAILED
    assert exit_code(JobRun("a run", "FAILURE", [])) is ExitCode.FAILED
    assert exit_code(run_of(PlanState.APPLIED, status="FAILURE")) is ExitCode.FAILED


def test_a_plan_that_waits_ends_with_four() -> None:
    assert exit_code(run_of(PlanState.AWAITING_APPROVAL)) is ExitCode.AWAITING_APPROVAL
