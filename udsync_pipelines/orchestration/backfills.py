"""The job that brings the orders of a past month: a partition for each month and tenant."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import dagster as dg

from udsync_pipelines.orchestration.assets import TENANTS
from udsync_pipelines.orchestration.jobs import LANE_OPS, lane_graph
from udsync_pipelines.services.backfilling import Month, months_of
from udsync_pipelines.services.run_tags import BACKFILL, KIND, run_tags

MONTHS = dg.MonthlyPartitionsDefinition(start_date="2010-01", fmt="%Y-%m")
PARTITIONS = dg.MultiPartitionsDefinition({"month": MONTHS, "tenant": TENANTS})

NAME = "backfill_orders"

LIVE_SYNCS_FIRST = {"dagster/priority": "-1", KIND: BACKFILL}
"""Of runs that wait those of backfills come last, and `dagster.yaml` lets few of them go on."""


def run_config_of(tenant: str, month: Month) -> dict[str, Any]:
    """The run config that brings one month of a tenant's orders, by the days they were made."""
    config = {
        "tenant": tenant,
        "since": month.since.isoformat(),
        "until": month.until.isoformat(),
        "of_creation": True,
        "approve": "automatic",
        "trigger": "backfill",
    }
    return {"ops": {"extract_orders": {"config": config}}}


def partition_of(tenant: str, month: Month) -> str:
    """The partition of a month of a tenant."""
    return str(dg.MultiPartitionKey({"month": month.name, "tenant": tenant}))


def _config_of_partition(key: str) -> Mapping[str, Any]:
    """A run that is started by its partition reads the month of UTC: together months leave no gap.

    A partition's key names its dimensions in alphabetical order.
    """
    name, _, tenant = key.partition("|")
    first = date.fromisoformat(f"{name}-01")
    last = (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)
    (month,) = months_of(first, last, "UTC")
    return run_config_of(tenant, month)


def _tags_of_partition(key: str) -> Mapping[str, str]:
    return run_tags(key.partition("|")[2], "orders", BACKFILL)


@dg.job(
    name=NAME,
    description="Bring the orders and refunds of a past month, by the days they were made. Who is "
    "cut off goes on where that was. `udsync backfill orders` runs month after month, and says "
    "before what it will cost.",
    partitions_def=PARTITIONS,
    config=dg.PartitionedConfig(
        PARTITIONS,
        run_config_for_partition_key_fn=_config_of_partition,
        tags_for_partition_key_fn=_tags_of_partition,
    ),
    tags=LIVE_SYNCS_FIRST,
    executor_def=dg.in_process_executor,
)
def backfill_orders() -> None:
    """The steps of the orders' lane."""
    lane_graph(LANE_OPS["orders"], None)
