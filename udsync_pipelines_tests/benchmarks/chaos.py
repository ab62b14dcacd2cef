"""The fault campaign: `make bench SUITE=chaos`.

Seeded schedules of failures are carried out over small stores, each in a world of its own, and
judged from outside. The exit code is 1 when a promise was broken; then the schedule is told in
words, with the command that has it happen again. Nothing is left of the servers.

Environment variables, which `make` hands on: `SEED=n` plays one schedule and tells it;
`SCHEDULES=10000` chooses how many, `FIRST=1` the first of them; `WORKERS=2` how many processes
share the work; `REPORT=docs/explanation/fault-campaign.md` a page into which the figures are put.
Ctrl-C, or `kill`, ends a campaign with the figures of what was played.
"""

import logging
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing.queues import SimpleQueue
from pathlib import Path

import sqlalchemy as sa

from udsync_pipelines.services.embedded_postgres import EmbeddedPostgres
from udsync_pipelines_tests.chaos.drawing import draw
from udsync_pipelines_tests.chaos.report import figures, put_into
from udsync_pipelines_tests.chaos.running import Outcome, play
from udsync_pipelines_tests.chaos.servers import CampaignServer
from udsync_pipelines_tests.chaos.tally import Tally, told
from udsync_pipelines_tests.chaos.world import World, open_world
from udsync_pipelines_tests.disposable_postgres import guarded_folder
from udsync_pipelines_tests.store.databases import StateServer, migrated_template

SCHEDULES = 10_000
WORKERS = 2
BLOCK = 250
"""Schedules that share an installation and its server; then both are made anew."""

TOLD_EVERY = 100


@contextmanager
def own_world(folder: Path, name: str) -> Iterator[World]:
    """A world with a server of its own, which may be killed; nothing is left of it."""
    server = EmbeddedPostgres(folder / f"server-{name}")
    server.start()
    try:
        with migrated_template(StateServer(server.url())) as template, template.clone() as url:
            database = str(sa.make_url(url).database)
            at = folder / f"world-{name}"
            with open_world(url, at, CampaignServer(server, database)) as world:
                yield world
    finally:
        server.stop()


def work(folder: Path, numbers: Sequence[int], told: "SimpleQueue[Outcome]") -> None:
    """Play these schedules, block by block, and tell what came of each."""
    logging.disable(logging.ERROR)  # thousands of faults, all of them wanted
    for start in range(0, len(numbers), BLOCK):
        with own_world(folder, str(numbers[start])) as world:
            for number in numbers[start : start + BLOCK]:
                told.put(play(world, draw(number)))


def outcomes(folder: Path, numbers: Sequence[int], workers: int) -> Iterator[Outcome]:
    """What came of these schedules, as they end.

    Raises:
        RuntimeError: a process of the campaign itself has died.
    """
    context = multiprocessing.get_context("spawn")
    queue: SimpleQueue[Outcome] = context.SimpleQueue()
    shares = [numbers[worker::workers] for worker in range(workers)]
    processes = [context.Process(target=work, args=(folder, one, queue)) for one in shares]
    for one in processes:
        one.start()
    try:
        for _ in numbers:
            while queue.empty():
                if any(one.exitcode for one in processes):
                    raise RuntimeError("a process of the campaign has died; it says above why")
                time.sleep(0.1)
            yield queue.get()
    finally:
        for one in processes:
            one.terminate()
            one.join()


def campaign(numbers: Sequence[int], workers: int) -> Tally:
    """Play schedules, and tell of each broken one at once; Ctrl-C ends it with what there is."""
    tally = Tally()
    with guarded_folder() as folder, suppress(KeyboardInterrupt):
        for one in outcomes(folder, numbers, workers):
            tally.add(one)
            if one.violations:
                print(told(one), flush=True)
            if tally.schedules % TOLD_EVERY == 0:
                print(f"{tally.schedules:,} schedules, {len(tally.broken)} broken", flush=True)
    return tally


def main() -> int:
    """Run the campaign that the environment asks for; return the exit code."""
    for end in (signal.SIGINT, signal.SIGTERM):  # in the background Ctrl-C is ignored otherwise
        signal.signal(end, signal.default_int_handler)
    seed = os.environ.get("SEED")
    if seed:
        print(draw(int(seed)).told(), flush=True)
        tally = campaign([int(seed)], 1)
    else:
        first = int(os.environ.get("FIRST") or 1)
        count = int(os.environ.get("SCHEDULES") or SCHEDULES)
        workers = int(os.environ.get("WORKERS") or WORKERS)
        tally = campaign(range(first, first + count), workers)
        print(figures(tally))
    page = os.environ.get("REPORT")
    if page and not seed:
        Path(page).write_text(put_into(Path(page).read_text(), tally))
    print("Every promise was kept." if not tally.broken else f"{len(tally.broken)} broken.")
    return 1 if tally.broken else 0


if __name__ == "__main__":
    sys.exit(main())
