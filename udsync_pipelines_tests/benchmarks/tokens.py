"""A thousand processes killed with Intuit's answer in hand: `make bench SUITE=tokens`.

Eight processes share a company whose access token has ended; the one that renews it is killed
between Intuit's answer and our commit, at a random moment. The exit code is 1 when an expiry was
renewed twice, when a connection was lost although its token had not been replaced in an answer
that nobody stored, or when that was not said exactly once, and followed by a token call.

`--kills 1000`, or the environment variable UDSYNC_BENCH_KILLS, chooses how many; `--seed` when.
"""

import argparse
import os
import random
import sys
import time
from pathlib import Path

from udsync_pipelines.services.embedded_postgres import EmbeddedPostgres
from udsync_pipelines.services.installation import open_installation
from udsync_pipelines.store.repositories import tenants
from udsync_pipelines_tests.disposable_postgres import guarded_folder
from udsync_pipelines_tests.scenarios.books import settings_of
from udsync_pipelines_tests.scenarios.token_race import Campaign, open_race
from udsync_pipelines_tests.store.databases import StateServer, migrated_template, text_of

KILLS = 1_000
SEED = 20_261_130


def main() -> int:
    """Race, print what it came to, and return the exit code."""
    parser = argparse.ArgumentParser(prog="make bench SUITE=tokens", description=__doc__)
    default = int(os.environ.get("UDSYNC_BENCH_KILLS") or KILLS)
    parser.add_argument("--kills", type=int, default=default)
    parser.add_argument("--seed", type=int, default=SEED)
    asked = parser.parse_args()
    with guarded_folder() as folder:
        campaign, seconds = run(folder, asked.kills, asked.seed)
    for name, count in sorted(campaign.counts.items()):
        print(f"{name:<45}{count:>8,}")
    print(f"{'seconds':<45}{seconds:>8,.0f}")
    for promise in campaign.broken:
        print(f"BROKEN (seed {asked.seed}): {promise}")
    return 1 if campaign.broken else 0


def run(folder: Path, kills: int, seed: int) -> tuple[Campaign, float]:
    """The campaign on a server of its own, and how many seconds it took."""
    server = EmbeddedPostgres(folder / "home")
    server.start()
    try:
        with (
            migrated_template(StateServer(server.url())) as template,
            open_installation(settings_of(text_of(template.url), folder)) as installation,
        ):
            with installation.state.dispatch() as transaction:
                tenant = tenants.create(transaction, "acme")
            with open_race(installation, tenant) as race:
                began = time.monotonic()
                campaign = Campaign(race, random.Random(seed))  # noqa: S311 - chances, no secrets
                campaign.run(kills)
                return campaign, time.monotonic() - began
    finally:
        server.stop()


if __name__ == "__main__":
    sys.exit(main())
