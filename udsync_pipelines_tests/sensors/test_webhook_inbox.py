"""Deliveries that wait become one run a lane, are taken up once, and wait again after a failure."""

from collections.abc import Sequence

import dagster as dg
import pytest

from sensors.webhook_inbox import webhook_inbox
from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.services.deliveries import claim, release_where
from udsync_pipelines.services.run_tags import run_tags
from udsync_pipelines.store.repositories import connections, inbox
from udsync_pipelines.store.tables.states import Platform
from udsync_pipelines.sync.delivery import Delivery, WebhookFormat
from udsync_pipelines_tests.orchestration.running import DagsterRuns, metadata_of
from udsync_pipelines_tests.scenarios.shops import ConnectedShop
from udsync_pipelines_tests.sensors.killed_run import sync_orders
from udsync_pipelines_tests.sensors.test_run_failures import kill_at, notice

pytestmark = pytest.mark.postgres


def deliver(shop: ConnectedShop, *numbers: int, entity: Entity = Entity.CUSTOMER) -> None:
    """The store tells of a record, once for each number."""
    state, tenant = shop.installation.state, shop.tenant.id
    with state.tenant(tenant) as connection:
        store = connections.default(connection, tenant, Platform.WOOCOMMERCE)
    each = [
        Delivery(
            format=WebhookFormat.WOOCOMMERCE,
            topic=f"{entity}.updated",
            deduplication_key=f"{entity}:{number}",
            body_hash=bytes(32),
            entity=entity,
            resource_id=str(number),
        )
        for number in numbers
    ]
    inbox.receive(state, tenant, store.id, each)


def tick(instance: dg.DagsterInstance, cursor: str | None = None) -> dg.SensorResult:
    context = dg.build_sensor_context(instance=instance, cursor=cursor)
    return webhook_inbox.evaluate_tick(context)  # type: ignore[return-value] # alike where we look


def requests_of(
    shop: ConnectedShop, instance: dg.DagsterInstance, cursor: str | None = None
) -> Sequence[dg.RunRequest]:
    """What a tick asks for this shop; other tests have shops too."""
    asked = tick(instance, cursor).run_requests or []
    return [one for one in asked if one.tags["udsync/tenant"] == shop.tenant.name]


def add_run(
    instance: dg.DagsterInstance, asked: dg.RunRequest, status: dg.DagsterRunStatus
) -> dg.DagsterRun:
    """The run that was asked for, as far as it has come."""
    return instance.add_run(
        dg.DagsterRun(job_name=str(asked.job_name), status=status, tags=asked.tags)
    )


def states(shop: ConnectedShop) -> dict[str, int]:
    found = shop.state("select state, count(*) from udsync.webhook_events group by 1")
    return {row["state"]: row["count"] for row in found}


def test_many_deliveries_become_one_run_for_each_lane(
    shop: ConnectedShop, dagster_instance: dg.DagsterInstance
) -> None:
    deliver(shop, *range(200))
    deliver(shop, 1, 2, entity=Entity.PRODUCT)
    deliver(shop, 3, entity=Entity.VARIATION)

    asked = requests_of(shop, dagster_instance)

    assert sorted(str(one.job_name) for one in asked) == ["sync_customers", "sync_products"]
    for one in asked:
        lane = str(one.job_name).removeprefix("sync_")
        config = {"tenant": shop.tenant.name, "full": False, "trigger": "webhook"}
        assert one.run_config == config
        assert one.tags.items() >= run_tags(shop.tenant.name, lane, "webhook").items()
    assert states(shop) == {"pending": 203}


def test_a_repeated_evaluation_asks_for_the_same_run_and_a_later_one_for_another(
    shop: ConnectedShop, dagster_instance: dg.DagsterInstance
) -> None:
    deliver(shop, 1)

    (first,) = requests_of(shop, dagster_instance, "41")
    (repeated,) = requests_of(shop, dagster_instance, "41")
    (later,) = requests_of(shop, dagster_instance, tick(dagster_instance, "41").cursor)

    assert first.run_key == repeated.run_key == f"{shop.tenant.name}:customers:42"
    assert later.run_key == f"{shop.tenant.name}:customers:43"


def test_a_lane_whose_run_will_take_up_what_waits_is_not_asked_for_again(
    shop: ConnectedShop, dagster_instance: dg.DagsterInstance
) -> None:
    deliver(shop, 1)
    (asked,) = requests_of(shop, dagster_instance)
    running = add_run(dagster_instance, asked, dg.DagsterRunStatus.STARTED)

    while_it_runs = requests_of(shop, dagster_instance)
    dagster_instance.report_run_failed(running)
    after_it = requests_of(shop, dagster_instance)

    assert while_it_runs == []
    assert len(after_it) == 1


def test_what_comes_after_a_run_has_begun_gets_one_more_run_that_waits(
    shop: ConnectedShop, dagster_instance: dg.DagsterInstance
) -> None:
    deliver(shop, 1)
    (asked,) = requests_of(shop, dagster_instance)
    running = add_run(dagster_instance, asked, dg.DagsterRunStatus.STARTED)
    claim(shop.installation, shop.tenant, running.run_id, "customers")

    with_nothing_new = requests_of(shop, dagster_instance)
    deliver(shop, 2)
    with_something = requests_of(shop, dagster_instance)
    add_run(dagster_instance, with_something[0], dg.DagsterRunStatus.NOT_STARTED)
    once_it_waits = requests_of(shop, dagster_instance)
    release_where(shop.installation, lambda run_id: run_id == running.run_id)

    assert [len(each) for each in (with_nothing_new, with_something, once_it_waits)] == [0, 1, 0]


def test_a_run_takes_up_what_waits_and_nothing_waits_after_it(
    shop: ConnectedShop, dagster_runs: DagsterRuns
) -> None:
    deliver(shop, 1, 2, 3)

    result = dagster_runs.run("sync_customers", tenant=shop.tenant.name, trigger="webhook")

    assert result.success
    assert metadata_of(result.all_events, "extract_customers")["webhook deliveries"] == 3
    assert states(shop) == {"done": 3}
    assert requests_of(shop, dagster_runs.instance) == []


def test_a_dry_run_leaves_what_waits_to_the_next_sync(
    shop: ConnectedShop, dagster_runs: DagsterRuns
) -> None:
    deliver(shop, 1)

    dagster_runs.run("sync_customers", tenant=shop.tenant.name, dry_run=True)
    dagster_runs.run("sync_customers", tenant=shop.tenant.name, since="2026-09-01")

    assert states(shop) == {"pending": 1}


def test_what_a_killed_run_had_taken_up_waits_again(
    shop: ConnectedShop, dagster_runs: DagsterRuns
) -> None:
    deliver(shop, 1, entity=Entity.ORDER)
    run = kill_at("page.archived", shop, dagster_runs.instance)
    taken_up = states(shop)

    notice(run.run_id, dagster_runs.instance)

    assert taken_up == {"claimed": 1}
    assert states(shop) == {"pending": 1}


def test_a_run_that_is_executed_again_keeps_its_syncs_and_its_deliveries(
    shop: ConnectedShop, dagster_runs: DagsterRuns
) -> None:
    deliver(shop, 1, entity=Entity.ORDER)
    run = kill_at("load.committed", shop, dagster_runs.instance)

    result = dagster_runs.launch_again(sync_orders, run.run_id)

    assert result.success
    assert states(shop) == {"done": 1}


def test_only_what_runs_that_are_over_had_taken_up_is_given_back(
    shop: ConnectedShop, dagster_runs: DagsterRuns
) -> None:
    deliver(shop, 1, entity=Entity.ORDER)
    run = kill_at("page.archived", shop, dagster_runs.instance)

    kept = release_where(shop.installation, lambda run_id: run_id != run.run_id)
    given_back = release_where(shop.installation, lambda run_id: run_id == run.run_id)

    assert (kept, given_back) == (0, 1)


def test_the_inbox_is_looked_at_every_second_from_the_start() -> None:
    assert webhook_inbox.default_status is dg.DefaultSensorStatus.RUNNING
    assert webhook_inbox.minimum_interval_seconds == 1
