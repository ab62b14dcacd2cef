"""A plan that was approved is carried out once, by whoever comes to it."""

from collections.abc import Sequence
from uuid import uuid4

import dagster as dg
import pytest

from sensors.approved_plans import MOST_RUNS, approved_plans
from udsync_pipelines.store.repositories.ledger import PostgresLedger
from udsync_pipelines.sync.plan import Plan, PlanState
from udsync_pipelines_tests.orchestration.running import DagsterRuns
from udsync_pipelines_tests.scenarios.shops import ConnectedShop
from udsync_pipelines_tests.sensors.test_run_failures import kill_job_at, notice

pytestmark = pytest.mark.postgres


@pytest.fixture
def waiting(shop: ConnectedShop, dagster_runs: DagsterRuns) -> Plan:
    """A plan that waits for approval."""
    asked = dagster_runs.run("sync_customers", tenant=shop.tenant.name, approve="ask")
    (plan,) = ledger(shop).plans_of_run(asked.run_id)
    assert plan.state is PlanState.AWAITING_APPROVAL
    return plan


def ledger(shop: ConnectedShop) -> PostgresLedger:
    return PostgresLedger(shop.installation.state, shop.tenant.id)


def approve(shop: ConnectedShop, plan: Plan) -> None:
    """A person approved it a minute ago, and whoever was to carry it out has gone."""
    ledger(shop).approve(plan.id, "operator")
    with shop.installation.state.tenant(shop.tenant.id) as connection:
        connection.exec_driver_sql(
            "update udsync.plans set approved_at = approved_at - interval '1 minute'"
        )


def requests_of(shop: ConnectedShop, instance: dg.DagsterInstance) -> Sequence[dg.RunRequest]:
    context = dg.build_sensor_context(instance=instance)
    asked = approved_plans.evaluate_tick(context).run_requests or []
    return [one for one in asked if one.tags["udsync/tenant"] == shop.tenant.name]


def test_an_approved_plan_is_asked_for_and_carried_out(
    shop: ConnectedShop, waiting: Plan, dagster_runs: DagsterRuns
) -> None:
    before = requests_of(shop, dagster_runs.instance)
    approve(shop, waiting)

    (asked,) = requests_of(shop, dagster_runs.instance)
    applied = dagster_runs.run(str(asked.job_name), **asked.run_config)

    assert before == []
    assert asked.tags["udsync/sync.customers"] == str(waiting.id)
    assert asked.tags["udsync/lane.customers"] == shop.tenant.name
    assert applied.success
    assert len(shop.live("woo_customers")) == 59
    assert requests_of(shop, dagster_runs.instance) == []


def test_a_plan_that_cannot_be_begun_is_not_tried_for_ever(
    shop: ConnectedShop, waiting: Plan, dagster_instance: dg.DagsterInstance
) -> None:
    approve(shop, waiting)
    keys = []
    while asked := requests_of(shop, dagster_instance):
        keys.append(asked[0].run_key)
        failed = dg.DagsterRun(
            job_name="apply_plan", status=dg.DagsterRunStatus.FAILURE, tags=asked[0].tags
        )
        dagster_instance.add_run(failed)

    assert keys == [f"{waiting.id}:{number}" for number in range(1, MOST_RUNS + 1)]


def test_a_plan_whose_run_was_killed_is_asked_for_again_until_it_is_carried_out(
    shop: ConnectedShop, waiting: Plan, dagster_runs: DagsterRuns
) -> None:
    approve(shop, waiting)
    (first,) = requests_of(shop, dagster_runs.instance)
    config = dict(first.run_config)
    killed = kill_job_at("load.committed", dagster_runs.instance, "apply_plan", config)
    while_it_was_cut_off = requests_of(shop, dagster_runs.instance)

    notice(killed.run_id, dagster_runs.instance)
    (again,) = requests_of(shop, dagster_runs.instance)
    applied = dagster_runs.run(str(again.job_name), **again.run_config)

    assert while_it_was_cut_off == []
    assert again.run_key == f"{waiting.id}:2"
    assert applied.success
    assert len(shop.live("woo_customers")) == 59
    assert requests_of(shop, dagster_runs.instance) == []


def test_what_dagster_executes_again_by_itself_is_no_further_try(
    shop: ConnectedShop, waiting: Plan, dagster_instance: dg.DagsterInstance
) -> None:
    approve(shop, waiting)
    (asked,) = requests_of(shop, dagster_instance)
    failure = dg.DagsterRunStatus.FAILURE
    first = dg.DagsterRun(job_name="apply_plan", status=failure, tags=asked.tags)
    dagster_instance.add_run(first)
    for _ in range(MOST_RUNS):
        again = first._replace(
            run_id=str(uuid4()), root_run_id=first.run_id, parent_run_id=first.run_id
        )
        dagster_instance.add_run(again)

    assert [one.run_key for one in requests_of(shop, dagster_instance)] == [f"{waiting.id}:2"]


def test_a_plan_that_was_approved_just_now_is_left_to_who_approved_it(
    shop: ConnectedShop, waiting: Plan, dagster_instance: dg.DagsterInstance
) -> None:
    ledger(shop).approve(waiting.id, "operator")

    assert requests_of(shop, dagster_instance) == []
