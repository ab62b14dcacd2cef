"""The report of a campaign: its figures, its place in a page, how a broken promise is told."""

from collections import Counter

import pytest

from udsync_pipelines_tests.chaos.drawing import draw
from udsync_pipelines_tests.chaos.kinds import KINDS, Side
from udsync_pipelines_tests.chaos.report import figures, put_into
from udsync_pipelines_tests.chaos.running import Outcome
from udsync_pipelines_tests.chaos.schedule import REAL_KILLS
from udsync_pipelines_tests.chaos.tally import tallied

PAGE = "Before.\n<!-- campaign: begin -->\n| of 1999 |\n<!-- campaign: end -->\nAfter.\n"
BROKEN = Outcome(draw(3), violations=["order 76 is lost"])


def test_a_broken_promise_is_told_with_its_schedule_and_how_to_play_it_again() -> None:
    (told,) = tallied([Outcome(draw(1)), BROKEN]).broken

    assert told.startswith("BROKEN: order 76 is lost\nSchedule 3: the company ")
    assert told.endswith("Again: make bench SUITE=chaos SEED=3")


def test_the_figures_add_up_schedules_faults_and_ends() -> None:
    first, second = (Outcome(draw(number)) for number in (1, 2))
    words = KINDS[Side.BOOKS][0].words
    first.struck.update({f"books: {words}": 2})
    second.struck.update({f"books: {words}": 1})
    second.ended.update({"green": 3})
    second.sums.update({"orders": 4})

    told = figures(tallied([first, second]))

    assert "| schedules | 2 |" in told
    assert f"| {words} | 3 |" in told
    assert "| syncs that ended green, and had everything | 3 |" in told
    assert "| orders sold | 4 |" in told
    assert "lost, wrong or left open** | 0 |" in told


def test_killed_processes_and_databases_are_counted_by_their_schedules() -> None:
    kills = [draw(number) for number in range(1, 200)]
    killing = [one for one in kills if any(way in REAL_KILLS for way in one.ways())]

    tally = tallied(map(Outcome, kills))

    ways = Counter(way for one in kills for way in one.ways() if way in REAL_KILLS)
    assert tally.with_real_kills == len(killing) > 0
    assert tally.processes_killed + tally.databases_killed == ways.total()


def test_new_figures_take_the_place_of_the_old_ones_in_a_page() -> None:
    page = put_into(PAGE, tallied([BROKEN]))

    assert page.startswith("Before.\n<!-- campaign: begin -->\n| of the last campaign |  |\n")
    assert "of 1999" not in page
    assert page.endswith("<!-- campaign: end -->\nAfter.\n")
    assert put_into(page, tallied([BROKEN])) == page


def test_a_page_without_a_place_for_figures_is_refused() -> None:
    with pytest.raises(ValueError, match="no place"):
        put_into("Nothing here.", tallied([]))
