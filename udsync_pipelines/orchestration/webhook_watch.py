"""The job that looks after a store's webhooks: sets up again what it has given up, and says so."""

from collections.abc import Mapping
from dataclasses import dataclass

import dagster as dg
from pydantic import Field

from udsync_pipelines.connectors.woocommerce.webhook_registry import Examined
from udsync_pipelines.errors import PlatformUnavailableError, UdsyncError
from udsync_pipelines.orchestration.config import Trigger
from udsync_pipelines.orchestration.failures import explained
from udsync_pipelines.orchestration.resources import SyncEngines
from udsync_pipelines.services.installation import Installation
from udsync_pipelines.services.process_set import running_services
from udsync_pipelines.services.run_tags import run_tags
from udsync_pipelines.services.runs import DagsterDoor
from udsync_pipelines.services.store_webhooks import StoreWebhooks, check_store, register_store
from udsync_pipelines.sync.entities import LANES


@dataclass(frozen=True, slots=True)
class Launched:
    """What became of asking for syncs: lane → its run, or why there is none."""

    runs: Mapping[str, str]
    refused: Mapping[str, str]


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
    raise _set_up_again(found, _sync_what_changed(installation, tenant.name), tenant.name)


def _set_up_again(found: StoreWebhooks, asked: Launched, tenant: str) -> dg.Failure:
    """What a person is told: it is the only word of it, as the next look finds all in order."""
    syncs = "What changed meanwhile is being synced."
    cure = (
        "Nothing, if it happens once. Else look why the store's deliveries fail: "
        f"udsync webhooks list --tenant {tenant}"
    )
    if asked.refused:
        syncs = (
            f"No sync of {', '.join(asked.refused)} could be launched: the next one by schedule "
            "brings what changed meanwhile."
        )
        cure = f"Do not wait for the schedule: udsync sync all --tenant {tenant}"
    return dg.Failure(
        f"{len(found.problems)} webhooks of {found.store} no longer delivered; they are set up "
        f"again. {syncs}",
        metadata={
            **_shown(found),
            "code": "webhooks_set_up_again",
            "cure": cure,
            **{
                f"sync of {lane}": dg.MetadataValue.dagster_run(run)
                for lane, run in asked.runs.items()
            },
            **{f"no sync of {lane}": why for lane, why in asked.refused.items()},
        },
        allow_retries=False,
    )


def _shown(found: StoreWebhooks) -> dict[str, str | int]:
    problems: list[Examined] = [*found.problems]
    named = ", ".join(f"{one.topic}: {one.finding}" for one in problems)
    return {"store": found.store, "problems": len(problems), "found": named or "all deliver"}


def _sync_what_changed(installation: Installation, tenant: str) -> Launched:
    """Launch a sync of each lane; one that cannot be is said, and left to the hourly one."""
    runs: dict[str, str] = {}
    refused: dict[str, str] = {}
    for lane in LANES:
        try:
            runs[lane.name] = _launch(installation, tenant, lane.name)
        except UdsyncError as error:
            refused[lane.name] = error.message
    return Launched(runs, refused)


def _launch(installation: Installation, tenant: str, lane: str) -> str:
    """Launch a sync of a lane; return the run's id.

    Raises:
        PlatformUnavailableError: the services do not run, or the webserver does not answer.
        ConfigurationError: Dagster refuses to launch it.
    """
    services = running_services(installation.settings.home)
    if services is None:
        raise PlatformUnavailableError(
            "`udsync up` does not run.", cure="Start it: udsync up", code="services_down"
        )
    trigger = Trigger.schedule
    return DagsterDoor(services.url).launch(
        f"sync_{lane}",
        {"tenant": tenant, "trigger": trigger.name},
        run_tags(tenant, lane, trigger.value),
    )


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
