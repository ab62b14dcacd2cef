"""A store that gave up its webhooks is noticed, set right, and somebody is told."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict

import dagster as dg
import orjson
import pytest

from sensors.lost_webhooks import lost_webhooks
from udsync_pipelines.connectors.woocommerce.webhook import TOPICS
from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.orchestration.webhook_watch import watch_webhooks
from udsync_pipelines.services.installation import Installation
from udsync_pipelines.services.process_set import RunningServices, announcement, sole_supervisor
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


@pytest.fixture
def webserver_is_away(installation: Installation) -> Iterator[None]:
    """The services run, and nothing answers where their webserver was."""
    home = installation.settings.home
    with sole_supervisor(home):
        away = "http://127.0.0.1:9"
        services = RunningServices(os.getpid(), away, away, "2026-11-30T12:00:00Z", {}, {})
        announcement(home).write_bytes(orjson.dumps(asdict(services)))
        yield
    announcement(home).unlink()


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
    assert failure.metadata["no sync of orders"].value == "`udsync up` does not run."
    assert "udsync sync all" in str(failure.metadata["cure"].value)
    assert second.success
    now = check_store(shop.installation, shop.tenant)
    assert now is not None
    assert (len(now.now), now.problems) == (len(TOPICS), [])


def test_syncs_that_cannot_be_launched_are_named_with_the_webhooks_that_were_set_up_again(
    shop: ConnectedShop, dagster_runs: DagsterRuns, webserver_is_away: None
) -> None:
    with api_server(shop.installation.state, shop.installation.keys) as api:
        register_store(shop.installation, shop.tenant, str(api.client.base_url).rstrip("/"))
        give_up_one_webhook(shop)

        result = dagster_runs.run(watch_webhooks.name, tenant=shop.tenant.name)

    failure = failure_of(result.all_events, "look_after_webhooks")
    shown = {name: str(one.value) for name, one in failure.metadata.items()}
    assert shown["code"] == "webhooks_set_up_again"
    assert "No sync of customers, products, orders could be launched" in failure.description
    assert shown["problems"] == "1"
    assert "does not answer" in shown["no sync of orders"]
    assert f"udsync sync all --tenant {shop.tenant.name}" in shown["cure"]


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
