"""The job that looks after a store's webhooks: sets up again what it has given up, and says so."""

import dagster as dg
from pydantic import Field

from udsync_pipelines.connectors.woocommerce.webhook_registry import Examined
from udsync_pipelines.orchestration.config import Trigger
from udsync_pipelines.orchestration.failures import explained
from udsync_pipelines.orchestration.resources import SyncEngines
from udsync_pipelines.services.installation import Installation
from udsync_pipelines.services.process_set import running_services
from udsync_pipelines.services.run_tags import run_tags
from udsync_pipelines.services.runs import DagsterDoor
from udsync_pipelines.services.store_webhooks import StoreWebhooks, check_store, register_store
from udsync_pipelines.sync.entities import LANES


class WatchConfig(dg.Config):
    """Whose store is looked at."""

    tenant: str = Field(description="Name of the tenant, as given to `udsync tenant create`.")


@dg.config_mapping
def _one_form(config: WatchConfig) -> dict[str, object]:
    return {"ops": {"look_after_webhooks": {"config": {"tenant": config.tenant}}}}


@dg.op(
    name="look_after_webhooks",
    description="Compare the store's list of webhooks with what was registered. What is missing or "
    "was given up is made anew, and everything that changed meanwhile is synced.",
)
@explained
def look_after(context: dg.OpExecutionContext, config: WatchConfig, engines: SyncEngines) -> None:
    """End quietly when all is as it should be; else mend it and fail, so that somebody looks."""
    installation = engines.installation
    tenant = installation.tenant(config.tenant)
    found = check_store(installation, tenant)
    if found is None or not found.url:
        context.add_output_metadata({"note": "No webhooks were registered."})
        return
    context.add_output_metadata(_shown(found))
    if not found.problems:
        return
    register_store(installation, tenant)
    started = _sync_what_changed(installation, tenant.name)
    raise dg.Failure(
        f"{len(found.problems)} webhooks of {found.store} no longer delivered; they are set up "
        "again. What changed meanwhile is being synced.",
        metadata={
            **_shown(found),
            "code": "webhooks_set_up_again",
            "cure": "Nothing, if it happens once. Else look why the store's deliveries fail: "
            f"udsync webhooks list --tenant {tenant.name}",
            **{f"sync of {lane}": dg.MetadataValue.dagster_run(run) for lane, run in started},
        },
        allow_retries=False,
    )


def _shown(found: StoreWebhooks) -> dict[str, str | int]:
    problems: list[Examined] = [*found.problems]
    named = ", ".join(f"{one.topic}: {one.finding}" for one in problems)
    return {"store": found.store, "problems": len(problems), "found": named or "all deliver"}


def _sync_what_changed(installation: Installation, tenant: str) -> list[tuple[str, str]]:
    """Launch a sync of each lane, where services run; else the next hourly one does it."""
    services = running_services(installation.settings.home)
    if services is None:
        return []
    door, trigger = DagsterDoor(services.url), Trigger.schedule
    return [
        (
            lane.name,
            door.launch(
                f"sync_{lane.name}",
                {"tenant": tenant, "trigger": trigger.name},
                run_tags(tenant, lane.name, trigger.value),
            ),
        )
        for lane in LANES
    ]


@dg.job(
    name="watch_webhooks",
    description="Look whether a store still delivers its webhooks. WooCommerce gives a webhook up "
    "after five failures in a row; it is set up again here. Red: it had to be, so look once why.",
    config=_one_form,
    executor_def=dg.in_process_executor,
)
def watch_webhooks() -> None:
    """One step."""
    look_after()
