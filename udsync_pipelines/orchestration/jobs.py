"""The jobs: extract → map → resolve conflicts → load → close, one for each lane, and all of them.

The shape of a run, the same for every entity:

    extract_orders → map_orders → resolve_order_conflicts ┬→ load_orders_to_supabase ─→ close_orders
                                                          └→ load_orders_to_quickbooks ───↗
"""

from collections.abc import Sequence
from enum import Enum
from typing import Any

import dagster as dg

from udsync_pipelines.orchestration.config import ApprovedPlanConfig, SyncConfig
from udsync_pipelines.orchestration.ops import (
    LaneOps,
    close_op,
    lane_ops,
    load_op,
    open_approved_plan,
)
from udsync_pipelines.orchestration.presets import with_presets
from udsync_pipelines.sync.entities import DESTINATIONS, LANES, Lane

LANE_OPS = {lane.name: lane_ops(lane) for lane in LANES}


def sync_job(name: str, lanes: Sequence[Lane], description: str) -> dg.JobDefinition:
    """A job that syncs these lanes one after the other.

    A lane starts when the lane before it has loaded. Neither records that were parked there nor a
    destination that failed hold it up: a shop's rows land also while its books cannot be reached.
    """

    @dg.job(
        name=name,
        description=with_presets(name, description),
        config=_config_of_all(lanes),
        executor_def=dg.in_process_executor,
    )
    def job() -> None:
        resolved: Any = None
        for lane in lanes:
            resolved = lane_graph(LANE_OPS[lane.name], resolved)

    return job


def lane_graph(ops: LaneOps, after: Any) -> Any:
    """The steps of one lane.

    It waits for the plan of the lane before, not for its loads: a step that waits for one that
    fails would never run. That loads come first is left to their priority.
    """
    mapped = ops.map(ops.extract(after=after) if after is not None else ops.extract())
    resolved = ops.resolve(mapped)
    ops.close([load(resolved) for load in ops.loads])
    return resolved


def _config_of_all(lanes: Sequence[Lane]) -> dg.ConfigMapping:
    """One form in the launchpad, whatever the number of lanes."""

    @dg.config_mapping
    def every_lane(config: SyncConfig) -> dict[str, Any]:
        return {"ops": {f"extract_{lane.name}": {"config": _plain(config)} for lane in lanes}}

    return every_lane


def _plain(config: dg.Config) -> dict[str, Any]:
    """The config as Dagster's schema takes it: enumerations by member name, no nulls."""
    return {
        name: value.name if isinstance(value, Enum) else value
        for name, value in config.model_dump(exclude_none=True).items()
    }


@dg.config_mapping
def _approved_plan(config: ApprovedPlanConfig) -> dict[str, Any]:
    return {"ops": {"open_approved_plan": {"config": _plain(config)}}}


_apply_loads = [load_op("approved_plan", platform) for platform in DESTINATIONS]
_apply_close = close_op("approved_plan")


@dg.job(config=_approved_plan, executor_def=dg.in_process_executor)
def apply_plan() -> None:
    """Carry out a plan that waited for approval, exactly as it was shown."""
    approved = open_approved_plan()
    _apply_close([load(approved) for load in _apply_loads])


DESCRIPTIONS = {
    "customers": "Bring the store's customers to the tenant's database. In the books a customer is "
    "made with the first sale, unless the posting policy says otherwise.",
    "products": "Bring products and variations to the tenant's database, and to the books as "
    "items.",
    "orders": "Bring orders and refunds to the tenant's database, and to the books as sales "
    "receipts, invoices with payments, refund receipts and credit memos: once, and to the cent.",
}

SYNC_JOBS = [sync_job(f"sync_{lane.name}", [lane], DESCRIPTIONS[lane.name]) for lane in LANES]

SYNC_ALL = sync_job(
    "sync_all",
    LANES,
    "Sync everything to the tenant's database and books, what orders refer to first: customers, "
    "products, orders. Ends red when something was parked, so that somebody looks; all else has "
    "arrived then.",
)

JOBS = [*SYNC_JOBS, SYNC_ALL, apply_plan]
