"""One sync of orders and refunds in a process of its own, stage by stage, as the ops do it."""

import argparse
import json
from contextlib import ExitStack

from udsync_pipelines.services.engines import TenantEngine, open_engine
from udsync_pipelines.services.installation import open_installation
from udsync_pipelines.sync.engine import SyncReport
from udsync_pipelines.sync.entities import DESTINATIONS, lane_named
from udsync_pipelines.sync.plan import SyncOptions
from udsync_pipelines.sync.records import Window
from udsync_pipelines_tests.benchmarks.alone import end_with_parent
from udsync_pipelines_tests.benchmarks.machine import Stopwatch, peak_bytes
from udsync_pipelines_tests.benchmarks.workplace import TENANT

LANE = lane_named("orders")


def run(watch: Stopwatch, *, full: bool) -> dict[str, object]:
    """Sync once; seconds by stage, counts, the number of intents, and the peak of memory."""
    with ExitStack() as opened:
        with watch.stage("open"):
            installation = opened.enter_context(open_installation())
            tenant = opened.enter_context(open_engine(installation, TENANT))
            options = SyncOptions(window=Window(full=full))
            plan = tenant.open(LANE, options, trigger="manual", run_id=None)
        with watch.stage("extract"):
            tenant.engine.extract(plan.id)
        with watch.stage("map"):
            tenant.engine.map(plan.id)
        with watch.stage("resolve"):
            tenant.engine.resolve(plan.id)
        with watch.stage("load"):
            for platform in DESTINATIONS:
                tenant.engine.load(plan.id, platform)
        with watch.stage("close"):
            report = tenant.close_sync(plan.id)
        return _told(tenant, report, watch)


def _told(tenant: TenantEngine, report: SyncReport, watch: Stopwatch) -> dict[str, object]:
    plan = report.plan
    return {
        "stages": watch.stages,
        "state": plan.state,
        "counts": dict(plan.counts),
        "parked": report.parked,
        "intents": sum(1 for _ in tenant.ledger.intents(plan.id)),
        "peak_bytes": peak_bytes(),
    }


def main() -> None:
    """Sync with what the environment names, and print one JSON object."""
    end_with_parent()
    parser = argparse.ArgumentParser()
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--postgres", type=int, required=True)
    parser.add_argument("--shop", type=int, required=True)
    wanted = parser.parse_args()
    watch = Stopwatch({"postgres": wanted.postgres, "shop": wanted.shop})
    print(json.dumps(run(watch, full=wanted.full)))


if __name__ == "__main__":
    main()
