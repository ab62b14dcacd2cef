"""Processes that start at once: they are forked from one that has imported everything already.

Importing all that a sync or a command needs takes seconds; tests that kill processes, or look at
how they end, need many. The one they come from has no threads and ends with the tests.
"""

import multiprocessing

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(
    [
        "udsync_pipelines_tests.scenarios.syncing",
        "udsync_pipelines_tests.cli.commands",
        "udsync_pipelines.definitions",
    ]
)
