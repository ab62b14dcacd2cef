"""One sync of every lane in a process of its own, stage by stage, as the ops do it."""

import argparse
import json
from collections import Counter
from contextlib import ExitStack

from udsync_pipelines.services.engines import TenantEngine, open_engine
from udsync_pipelines.services.installation import open_installation
from udsync_pipelines.sync.engine import SyncReport
from udsync_pipelines.sync.entities import LANES, Lane
from udsync_pipelines.sync.plan import SyncOptions
from udsync_pipelines_tests.benchmarks.alone import end_with_parent
from udsync_pipelines_tests.benchmarks.machine import Stopwatch, peak_bytes
from udsync_pipelines_tests.benchmarks.workplace import TENANT

PLATFORM = "quickbooks"
STAGES = ("open", "extract", "map", "resolve", "load", "close")


def run(watch: Stopwatch) -> dict[str, object]:
    """Sync once; seconds by lane and stage, counts, what was parked, and the peak of memory."""
    counts: Counter[str] = Counter()
    parked: Counter[str] = Counter()
    states: dict[str, str] = {}
    in_doubt = 0
    with ExitStack() as opened:
        with watch.stage("open"):
            installation = opened.enter_context(open_installation())
            tenant = opened.enter_context(open_engine(installation, TENANT))
        for lane in LANES:
            report = _sync(tenant, lane, watch)
            states[lane.name] = report.plan.state
            in_doubt += report.in_doubt
            parked.update({lane.name: report.parked})
            counts.update({name: n for name, n in report.plan.counts.items() if isinstance(n, int)})
    return {
        "stages": watch.stages,
        "states": states,
        "counts": counts,
        "parked": parked,
        "in_doubt": in_doubt,
        "peak_bytes": peak_bytes(),
    }


def _sync(tenant: TenantEngine, lane: Lane, watch: Stopwatch) -> SyncReport:
    with watch.stage(f"{lane.name} extract"):
        plan = tenant.open(lane, SyncOptions(), trigger="manual", run_id=None)
        tenant.engine.extract(plan.id)
    with watch.stage(f"{lane.name} map"):
        tenant.engine.map(plan.id)
    with watch.stage(f"{lane.name} resolve"):
        tenant.engine.resolve(plan.id)
    with watch.stage(f"{lane.name} load"):
        tenant.engine.load(plan.id, PLATFORM)
    with watch.stage(f"{lane.name} close"):
        return tenant.close_sync(plan.id)


def main() -> None:
    """Sync with what the environment names, and print one JSON object."""
    end_with_parent()
    parser = argparse.ArgumentParser()
    parser.add_argument("--watch", action="append", default=[], help="NAME=PID")
    wanted = parser.parse_args()
    watched = dict(one.split("=") for one in wanted.watch)
    watch = Stopwatch({name: int(pid) for name, pid in watched.items()})
    print(json.dumps(run(watch)))


if __name__ == "__main__":
    main()
