"""The tags of a run: whose it is, what it syncs, who asked for it, and the lanes that are its own.

One tag for each lane, its value the tenant: Dagster's queue lets one run at a time have a pair of
key and value, and a run can have one value of a key. So a run of all lanes waits for each of them.
"""

from collections.abc import Collection, Mapping

from udsync_pipelines.sync.entities import LANES

ALL = "all"
"""The entity of a run that syncs every lane."""

TENANT = "udsync/tenant"
ENTITY = "udsync/entity"
TRIGGER = "udsync/trigger"
LANE = "udsync/lane."
"""A lane's name follows; the value is the tenant. `dagster.yaml` limits each to one run."""

SYNC = "udsync/sync."
"""A lane's name follows; the value is the id of the run's sync (its plan) of that lane."""

KIND = "udsync/kind"
BACKFILL = "backfill"
"""The kind of run that `dagster.yaml` keeps from taking every place."""


def run_tags(tenant: str, entity: str, trigger: str) -> dict[str, str]:
    """What a run of this entity (a lane's name, or `all`) is tagged with when it is asked for."""
    kind = {KIND: BACKFILL} if trigger == BACKFILL else {}
    return {TENANT: tenant, ENTITY: entity, TRIGGER: trigger, **kind} | lane_tags(
        tenant, lanes_of(entity)
    )


def lane_tags(tenant: str, lanes: Collection[str]) -> dict[str, str]:
    """The tags by which the queue keeps these lanes for one run."""
    return {f"{LANE}{lane}": tenant for lane in lanes}


def syncs_of(tags: Mapping[str, str]) -> list[str]:
    """The ids of the syncs that a run with these tags has opened, or has taken up."""
    return [value for name, value in tags.items() if name.startswith(SYNC)]


def lanes_of(entity: str) -> tuple[str, ...]:
    """The names of the lanes that a run of this entity syncs, in their order."""
    return tuple(lane.name for lane in LANES if entity in (lane.name, ALL))
