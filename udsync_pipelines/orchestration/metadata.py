"""What a run shows of itself: counts, durations, and the records that need a person."""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from udsync_pipelines.sync.engine import SyncReport
from udsync_pipelines.sync.plan import Plan


def counts_metadata(counts: Mapping[str, Any]) -> dict[str, dg.MetadataValue[Any]]:
    """Numbers by `entity.count`, so that Dagster can plot them over time."""
    return {name: dg.MetadataValue.int(number) for name, number in sorted(counts.items())}


def plan_metadata(plan: Plan) -> dict[str, dg.MetadataValue[Any]]:
    """What a plan would do, and where it stands."""
    return {
        "plan": dg.MetadataValue.text(str(plan.id)),
        "state": dg.MetadataValue.text(plan.state.value),
        "show": dg.MetadataValue.text(f"udsync plan show {plan.id}"),
        **{
            name: dg.MetadataValue.int(number)
            for name, number in sorted(plan.counts.items())
            if isinstance(number, int)
        },
    }


def parked_metadata(report: SyncReport) -> dict[str, dg.MetadataValue[Any]]:
    """The newly parked records, each with its reason and cure."""
    return {
        "parked records": dg.MetadataValue.table(
            [
                dg.TableRecord(
                    {
                        "record": f"{entity}/{parked.source_id}",
                        "code": parked.code,
                        "reason": parked.reason,
                        "cure": parked.cure,
                    }
                )
                for entity, parked in report.newly_parked
            ],
            schema=dg.TableSchema(
                columns=[
                    dg.TableColumn(name, "string") for name in ("record", "code", "reason", "cure")
                ]
            ),
        )
    }
