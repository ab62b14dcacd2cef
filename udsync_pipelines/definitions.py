"""START HERE: everything Dagster knows of udsync, wired once.

The main path, in reading order: this file, `orchestration/jobs.py`, `orchestration/ops.py`,
`sync/engine.py`, then `sync/rows.py` (databases) and `sync/books/target.py` (books).
"""

import dagster as dg

from sensors import SENSORS
from udsync_pipelines.orchestration.assets import ASSETS
from udsync_pipelines.orchestration.backfills import backfill_orders
from udsync_pipelines.orchestration.checks import CHECKS
from udsync_pipelines.orchestration.consents import daily_consents, keep_consents
from udsync_pipelines.orchestration.housekeeping import daily_housekeeping, housekeeping
from udsync_pipelines.orchestration.jobs import JOBS
from udsync_pipelines.orchestration.resources import SyncEngines
from udsync_pipelines.orchestration.schedules import SCHEDULES
from udsync_pipelines.orchestration.webhook_watch import watch_webhooks

defs = dg.Definitions(
    jobs=[*JOBS, backfill_orders, watch_webhooks, keep_consents, housekeeping],
    assets=ASSETS,
    asset_checks=CHECKS,
    schedules=[*SCHEDULES, daily_consents, daily_housekeeping],
    sensors=SENSORS,
    # Named, or a run executed in the caller's process would keep in memory what its ops hand on:
    # then nobody could execute it again from where it failed.
    resources={"engines": SyncEngines(), "io_manager": dg.FilesystemIOManager()},
)
