"""A store that gave up its webhooks is noticed, set right, and somebody is told."""

from collections.abc import Sequence

import dagster as dg
import pytest

from sensors.lost_webhooks import lost_webhooks
from udsync_pipelines.connectors.woocommerce.webhook import TOPICS
from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.orchestration.webhook_watch import watch_webhooks
from udsync_pipelines.services.store_webhooks import check_store, register_store
from udsync_pipelines_tests.api.intake import api_server
from udsync_pipelines_tests.orchestration.running import DagsterRuns, failure_of
from udsync_pipelines_tests.scenarios.shops import ConnectedShop
from udsync_pipelines_tests.sensors.test_run_failures import kill_at
from udsync_pipelines_tests.sensors.test_webhook_inbox import deliver, states
from udsync_pipelines_tests.store_fixtures import client_of

pytestmark = pytest.mark.postgres


def give_up_one_webhook(shop: ConnectedShop) -> None:
    """The store switches a webhook off, as after five failures."""
    with client_of(shop.store) as ask:
        (webhook, *_) = ask.get("webhooks").json()
        ask.put(f"webhooks/{webhook['id']}", json={"status": "disabled"})


def requests_of(shop: ConnectedShop, instance: dg.DagsterInstance) -> Sequence[dg.RunRequest]:
    context = dg.build_sensor_context(instance=instance)
    asked = lost_webhooks.evaluate_tick(context).run_requests or []
    return [one for one in asked if one.tags["udsync/tenant"] == shop.tenant.name]


def test_webhooks_that_a_store_gave_up_are_set_up_again_and_somebody_is_told(
    shop: ConnectedShop, dagster_runs: DagsterRuns
) -> None:
    with api_server(shop.installation.state, shop.installation.keys) as api:
        register_store(shop.installation, shop.tenant, str(api.client.base_url).rstrip("/"))
        give_up_one_webhook(shop)

        (asked,) = requests_of(shop, dagster_runs.instance)
        first = dagster_runs.run(str(asked.job_name), **asked.run_config)
        second = dagster_runs.run(str(asked.job_name), **asked.run_config)

    failure = failure_of(first.all_events, "look_after_webhooks")
    assert failure.description.startswith("1 webhooks of ")
    assert failure.metadata["code"].value == "webhooks_set_up_again"
    assert "udsync webhooks list" in str(failure.metadata["cure"].value)
    assert second.success
    now = check_store(shop.installation, shop.tenant)
    assert now is not None
    assert (len(now.now), now.problems) == (len(TOPICS), [])


def test_a_store_without_webhooks_of_ours_is_not_asked(
    shop: ConnectedShop, dagster_runs: DagsterRuns
) -> None:
    asked = requests_of(shop, dagster_runs.instance)
    looked = dagster_runs.run(watch_webhooks.name, tenant=shop.tenant.name)

    assert asked == []
    assert looked.success


def test_what_a_run_had_taken_up_that_was_cancelled_waits_again(
    shop: ConnectedShop, dagster_runs: DagsterRuns
) -> None:
    deliver(shop, 1, entity=Entity.ORDER)
    run = kill_at("page.archived", shop, dagster_runs.instance)

    requests_of(shop, dagster_runs.instance)

    assert run.status is dg.DagsterRunStatus.STARTED  # as it was when it was killed
    assert states(shop) == {"pending": 1}
