"""A run in a process of its own: call with its job and its config, which is JSON.

The environment says where it is killed.
"""

import json
import sys

import dagster as dg

from udsync_pipelines.definitions import defs


def sync_orders() -> dg.JobDefinition:
    """A job that such a run executes."""
    return defs.resolve_job_def("sync_orders")


def backfill_orders() -> dg.JobDefinition:
    """Another."""
    return defs.resolve_job_def("backfill_orders")


def apply_plan() -> dg.JobDefinition:
    """The job that carries out what was approved."""
    return defs.resolve_job_def("apply_plan")


JOBS = {
    "sync_orders": sync_orders,
    "backfill_orders": backfill_orders,
    "apply_plan": apply_plan,
}


if __name__ == "__main__":
    with dg.DagsterInstance.get() as instance:
        dg.execute_job(
            dg.reconstructable(JOBS[sys.argv[1]]),
            instance=instance,
            run_config=json.loads(sys.argv[2]),
            raise_on_error=False,
        )
