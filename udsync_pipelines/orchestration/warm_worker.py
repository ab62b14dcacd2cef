"""What the worker of a run needs, imported before it is forked; see `code_server`.

Nothing is opened here and no thread started: neither outlives a fork.
"""

import gc
from contextlib import suppress
from importlib import import_module

NEEDED = (
    "udsync_pipelines.definitions",
    "udsync_pipelines.orchestration.launcher",
    "udsync_pipelines.orchestration.storage",
    # What Dagster itself imports only in the midst of a run:
    "dagster._core.definitions.repository_definition.repository_data_builder",
    "dagster._core.execution.plan.active",
    "dagster._core.executor.in_process",
    "dagster._core.instance.factory",
    "dagster._core.instance.runs.run_domain",
    "dagster._core.storage.local_compute_log_manager",
    "dagster._core.storage.root",
    "dagster._grpc.impl",
    "fsspec.implementations.local",
    "psycopg2.extras",
    "upath.implementations.local",
)

for name in NEEDED:
    with suppress(ImportError):  # a run that needs it says so
        import_module(name)

gc.collect()
gc.freeze()  # what no collection touches stays shared with every worker
