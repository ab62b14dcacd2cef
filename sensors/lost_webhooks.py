"""Stores that have stopped delivering are noticed, by asking each for its webhooks now and then.

Deliveries that runs had taken up which have ended without a word, cancelled for example, are given
back here too.
"""

import time
from collections.abc import Iterator

import dagster as dg

from udsync_pipelines.orchestration.asking import UNFINISHED
from udsync_pipelines.orchestration.webhook_watch import watch_webhooks
from udsync_pipelines.services.deliveries import release_where
from udsync_pipelines.services.installation import Installation
from udsync_pipelines.services.run_tags import TENANT
from udsync_pipelines.services.standing_installation import standing_installation
from udsync_pipelines.store.repositories import connections, tenants, webhook_configs
from udsync_pipelines.store.repositories.tenants import Tenant
from udsync_pipelines.store.tables.states import Platform

EVERY_SECONDS = 900


@dg.sensor(
    name="lost_webhooks",
    jobs=[watch_webhooks],
    minimum_interval_seconds=EVERY_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Has each store that was given webhooks looked at, every quarter of an hour: those "
    "that it has given up are set up again, and what changed meanwhile is synced.",
)
def lost_webhooks(context: dg.SensorEvaluationContext) -> list[dg.RunRequest] | dg.SkipReason:
    """Ask for a look at each store that has webhooks of ours."""
    instance, number = context.instance, int(time.time()) // EVERY_SECONDS
    with standing_installation() as installation:
        release_where(installation, lambda run_id: _is_over(instance, run_id))
        watched = [*_watched(installation)]
    asked = [
        dg.RunRequest(
            job_name=watch_webhooks.name,
            run_key=f"{tenant.name}:{number}",
            run_config={"tenant": tenant.name},
            tags={TENANT: tenant.name},
        )
        for tenant in watched
    ]
    return asked or dg.SkipReason("No store was given webhooks.")


def _watched(installation: Installation) -> Iterator[Tenant]:
    with installation.state.dispatch() as connection:
        every = [one for one in tenants.list_all(connection) if one.is_enabled]
    for tenant in every:
        with installation.state.tenant(tenant.id) as connection:
            stores = connections.list_all(connection, tenant.id, Platform.WOOCOMMERCE)
            enabled = [store for store in stores if store.is_enabled]
            if any(webhook_configs.list_all(connection, tenant.id, one.id) for one in enabled):
                yield tenant


def _is_over(instance: dg.DagsterInstance, run_id: str) -> bool:
    """Whether neither this run nor one that executes it again is under way."""
    again = dg.RunsFilter(tags={"dagster/root_run_id": run_id}, statuses=UNFINISHED)
    run = instance.get_run_by_id(run_id)
    return (run is None or run.is_finished) and not instance.get_run_ids(again, limit=1)
