"""A service that had to be started again is shown in Dagster's catalogue, once."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import dagster as dg
import orjson
import pytest

from sensors.service_restarts import service_restarts
from udsync_pipelines.orchestration.assets import SERVICES
from udsync_pipelines.services.process_set import announcement, sole_supervisor

pytestmark = pytest.mark.postgres

FIRST, SECOND, THIRD = (f"2026-11-30T10:0{minute}:00.000001+00:00" for minute in range(3))


def announce(home: Path, restarts: Mapping[str, Sequence[str]]) -> None:
    """Write down what a supervisor would."""
    known = {"pid": 1, "url": "", "api_url": "", "since": FIRST, "processes": {}}
    announcement(home).write_bytes(orjson.dumps({**known, "restarts": restarts}))


def tick(instance: dg.DagsterInstance, cursor: str | None) -> str | None:
    """Let the sensor look once; return its next cursor."""
    context = dg.build_sensor_context(instance=instance, cursor=cursor)
    return service_restarts.evaluate_tick(context).cursor


def shown(instance: dg.DagsterInstance) -> list[tuple[object, object]]:
    """Service and time of what the catalogue shows, the oldest first."""
    found = instance.fetch_observations(SERVICES.key, limit=10, ascending=True).records
    seen = [one.asset_observation for one in found]
    return [
        (one.metadata["service"].value, one.metadata["started again at"].value)
        for one in seen
        if one is not None
    ]


def test_each_restart_of_a_service_is_shown_once_in_the_catalogue(
    environment: Path, dagster_instance: dg.DagsterInstance
) -> None:
    before = tick(dagster_instance, None)
    with sole_supervisor(environment):
        announce(environment, {"API": [SECOND], "daemon": [FIRST]})
        first = tick(dagster_instance, before)
        announce(environment, {"API": [SECOND, THIRD], "daemon": [FIRST]})
        second = tick(dagster_instance, first)
        third = tick(dagster_instance, second)

    assert (before, first, second, third) == (None, SECOND, THIRD, THIRD)
    assert shown(dagster_instance) == [("daemon", FIRST), ("API", SECOND), ("API", THIRD)]
