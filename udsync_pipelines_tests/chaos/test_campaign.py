"""A part of the fault campaign: `make bench SUITE=chaos` plays ten thousand schedules."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import count, islice
from pathlib import Path

import pytest

from udsync_pipelines_tests.benchmarks.chaos import own_world
from udsync_pipelines_tests.chaos.drawing import draw
from udsync_pipelines_tests.chaos.running import play
from udsync_pipelines_tests.chaos.schedule import REAL_KILLS, Schedule, Way
from udsync_pipelines_tests.chaos.tally import tallied
from udsync_pipelines_tests.chaos.world import World

pytestmark = [pytest.mark.postgres, pytest.mark.slow]

SCHEDULES = 250
AT_ONCE = 8
"""Schedules that are played side by side: mostly they wait."""

MOST_UNTIL_ONE_DIES = 5
"""A fault may end a sync before the point at which its process dies."""

COSTLY = (*REAL_KILLS, Way.STOPPED)


def is_cheap(schedule: Schedule) -> bool:
    return not any(way in COSTLY for way in schedule.ways())


def cuts(schedule: Schedule) -> bool:
    """Whether it cuts sessions, which would be those of others beside it too."""
    return Way.SESSIONS_CUT in schedule.ways()


def each_with(way: Way) -> Iterator[Schedule]:
    """The schedules that consist of one round in this way."""
    return (one for one in map(draw, count(1)) if list(one.ways()) == [way])


@pytest.mark.timeout(1200)
def test_no_schedule_doubles_loses_or_hides_anything(world: World) -> None:
    cheap = list(islice(filter(is_cheap, map(draw, count(1))), SCHEDULES))
    together, alone = [one for one in cheap if not cuts(one)], [one for one in cheap if cuts(one)]

    with ThreadPoolExecutor(AT_ONCE) as threads:
        outcomes = list(threads.map(partial(play, world), together))
    tally = tallied([*outcomes, *(play(world, one) for one in alone)])

    assert tally.broken == []
    assert tally.schedules == SCHEDULES
    assert tally.struck.total() > SCHEDULES
    assert min(len(together), len(alone)) > 0


@pytest.mark.parametrize("way", [Way.KILLED_AT_POINT, Way.KILLED_AT_RANDOM, Way.STOPPED])
def test_a_process_that_is_killed_or_stopped_breaks_no_promise(world: World, way: Way) -> None:
    outcomes = []
    for schedule in islice(each_with(way), MOST_UNTIL_ONE_DIES):
        outcomes.append(play(world, schedule))
        if way is Way.STOPPED or outcomes[-1].ended["killed"]:
            break

    assert tallied(outcomes).broken == []
    assert way is Way.STOPPED or outcomes[-1].ended["killed"]


def test_a_database_that_is_restarted_or_killed_breaks_no_promise(server_folder: Path) -> None:
    schedules = [next(each_with(way)) for way in (Way.SERVER_RESTARTED, Way.SERVER_KILLED)]

    with own_world(server_folder, "chaos") as world:
        tally = tallied(play(world, one) for one in schedules)

    assert tally.broken == []
    assert tally.databases_killed == 2
