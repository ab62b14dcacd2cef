"""Services that ended unexpectedly are shown in the catalogue, as `udsync status` tells of them."""

import dagster as dg

from udsync_pipelines.orchestration.assets import SERVICES
from udsync_pipelines.services.process_set import RunningServices, running_services
from udsync_pipelines.settings import load_settings


@dg.sensor(
    name="service_restarts",
    minimum_interval_seconds=4,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Starts nothing: shows in the catalogue, at udsync/services, when a service or the "
    "embedded database ended unexpectedly and was started again.",
)
def service_restarts(context: dg.SensorEvaluationContext) -> dg.SensorResult:
    """Report each restart once; the cursor is the time of the last one that was reported."""
    home = load_settings().home
    services = running_services(home)
    news = _since(services, context.cursor or "") if services else []
    for at, name in news:
        context.instance.report_runless_asset_event(
            dg.AssetObservation(
                SERVICES.key,
                description=f"{name} ended unexpectedly and was started again.",
                metadata={
                    "service": name,
                    "started again at": at,
                    "log": str(home / "logs" / f"{name.replace(' ', '-')}.log"),
                    "cure": "Nothing, if it happens once: no event is lost, runs that ended early "
                    "are executed again. Else look into the log.",
                },
            )
        )
    cursor = news[-1][0] if news else context.cursor
    return dg.SensorResult(skip_reason=f"{len(news)} services were restarted.", cursor=cursor)


def _since(services: RunningServices, known: str) -> list[tuple[str, str]]:
    """Time and name of each restart after a time, in ISO 8601, the oldest first."""
    every = ((at, name) for name, times in services.restarts.items() for at in times)
    return sorted(one for one in every if one[0] > known)
