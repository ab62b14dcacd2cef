"""A part of the fault campaign: `make bench SUITE=chaos` plays ten thousand schedules."""

from pathlib import Path

import pytest

from udsync_pipelines_tests.benchmarks.chaos import own_world
from udsync_pipelines_tests.chaos.drawing import draw
from udsync_pipelines_tests.chaos.running import play
from udsync_pipelines_tests.chaos.schedule import REAL_KILLS, Schedule, Way
from udsync_pipelines_tests.chaos.tally import tallied
from udsync_pipelines_tests.chaos.world import World

pytestmark = [pytest.mark.postgres, pytest.mark.slow]

BLOCKS = 5
IN_A_BLOCK = 10
COSTLY = (*REAL_KILLS, Way.STOPPED)


def is_cheap(schedule: Schedule) -> bool:
    return not any(way in COSTLY for way in schedule.ways())


def first_with(way: Way) -> Schedule:
    """The first schedule that consists of one round in this way."""
    number = next(n for n in range(1, 10_001) if list(draw(n).ways()) == [way])
    return draw(number)


@pytest.mark.parametrize("block", range(BLOCKS))
def test_no_schedule_doubles_loses_or_hides_anything(world: World, block: int) -> None:
    cheap = [one for one in map(draw, range(1, 2 * BLOCKS * IN_A_BLOCK)) if is_cheap(one)]
    mine = cheap[block * IN_A_BLOCK : (block + 1) * IN_A_BLOCK]

    tally = tallied(play(world, one) for one in mine)

    assert tally.broken == []
    assert tally.schedules == IN_A_BLOCK
    assert tally.struck.total() > 0


@pytest.mark.parametrize("way", [Way.KILLED_AT_POINT, Way.KILLED_AT_RANDOM, Way.STOPPED])
def test_a_process_that_is_killed_or_stopped_breaks_no_promise(world: World, way: Way) -> None:
    outcome = play(world, first_with(way))

    assert tallied([outcome]).broken == []
    assert outcome.ended["killed"] or way is Way.STOPPED


def test_a_database_that_is_restarted_or_killed_breaks_no_promise(server_folder: Path) -> None:
    schedules = [first_with(way) for way in (Way.SERVER_RESTARTED, Way.SERVER_KILLED)]

    with own_world(server_folder, "chaos") as world:
        tally = tallied(play(world, one) for one in schedules)

    assert tally.broken == []
    assert tally.databases_killed == 2
