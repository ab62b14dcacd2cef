"""A run in a process of its own: call with the tenant. The environment says where it is killed."""

import sys

import dagster as dg

from udsync_pipelines.definitions import defs


def sync_orders() -> dg.JobDefinition:
    """The job that the run executes."""
    return defs.resolve_job_def("sync_orders")


if __name__ == "__main__":
    with dg.DagsterInstance.get() as instance:
        dg.execute_job(
            dg.reconstructable(sync_orders),
            instance=instance,
            run_config={"tenant": sys.argv[1]},
            raise_on_error=False,
        )
