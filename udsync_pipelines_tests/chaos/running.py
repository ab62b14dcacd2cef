"""A schedule from end to end: its rounds, syncs until everything is certain, the judgement."""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from udsync_pipelines.emulators.quickbooks.faults import Fault as BooksFault
from udsync_pipelines.emulators.woocommerce.faults import Fault as StoreFault
from udsync_pipelines_tests.chaos import hands, shopping
from udsync_pipelines_tests.chaos.judging import judge_books, judge_state, parked_records
from udsync_pipelines_tests.chaos.kinds import KINDS, PLACES, Side
from udsync_pipelines_tests.chaos.schedule import Round, Schedule, Strike
from udsync_pipelines_tests.chaos.working import Ended, attempt, run
from udsync_pipelines_tests.chaos.world import Place, World, open_place
from udsync_pipelines_tests.scenarios.books_evidence import DOCUMENTS, PREFIX

MOST_SYNCS = 12
"""Syncs after the last failure until everything must be certain."""

NEEDS_CONSENT = "needs_consent"

_LANE_FREE_WITHIN_SECONDS = 20.0

Armed = list[tuple[Strike, BooksFault | StoreFault]]


@dataclass
class Outcome:
    """What came of one schedule; `violations` are sentences, none when all promises were kept."""

    schedule: Schedule
    violations: list[str] = field(default_factory=list)
    struck: Counter[str] = field(default_factory=Counter)
    hands: Counter[str] = field(default_factory=Counter)
    ended: Counter[str] = field(default_factory=Counter)
    sums: Counter[str] = field(default_factory=Counter)


def play(world: World, schedule: Schedule) -> Outcome:
    """Carry out a schedule in a new place and judge it."""
    outcome = Outcome(schedule)
    with open_place(world, schedule) as place:
        for number, one in enumerate(schedule.rounds, 1):
            ended = _live(place, one, outcome)
            outcome.violations += judged(place, ended, f"round {number}")
        if not (len(ended) == 1 and ended[0].is_green):
            _recover(place, outcome)
        outcome.violations += [*judge_books(place, is_over=True), *judge_state(place)]
        _count(place, outcome)
    return outcome


def _live(place: Place, one: Round, outcome: Outcome) -> list[Ended]:
    """One round. What can be undone is undone at its end."""
    for doing in one.doings:
        shopping.do(place, doing)
    place.hide_new_objects(is_hidden=one.is_hidden)
    armed = _arm(place, one.strikes)
    acting = [each for each in one.interferences if hands.prepare(place, each)]
    ended = run(place, one.work)
    outcome.ended.update(map(str, ended))
    outcome.hands.update(each.hand.value for each in acting)
    for strike, fault in armed:
        outcome.struck[f"{strike.side}: {strike.words}"] += fault.struck
    _calm(place)
    if one.is_waited_for:
        place.pass_time()
    return ended


def _arm(place: Place, strikes: Sequence[Strike]) -> Armed:
    armed: Armed = []
    for strike in strikes:
        kind = KINDS[strike.side][strike.kind]
        method, path = PLACES[strike.side][strike.place]
        faults = place.company.faults if strike.side is Side.BOOKS else place.store.faults
        fault = faults.add(
            kind.fault,
            path=path,
            method=method,
            nth=strike.nth,
            times=strike.times,
            **kind.settings,
        )
        armed.append((strike, fault))
    return armed


def _calm(place: Place) -> None:
    place.company.faults.clear()
    place.store.faults.clear()
    place.company.control.close_books("")
    place.hide_new_objects(is_hidden=False)


def judged(place: Place, ended: Sequence[Ended], when: str) -> list[str]:
    """What is wrong with a round: a bug, or a sync that claims what is not so."""
    wrong = [f"{when} ended with {one.bug}" for one in ended if one.bug]
    if any(one.is_whole for one in ended):
        colour = "green" if any(one.is_green for one in ended) else "whole"
        wrong += [f"{when} ended {colour}, but {one}" for one in judge_books(place, is_over=False)]
    return wrong


def _recover(place: Place, outcome: Outcome) -> None:
    """Sync until everything is certain, with all the time that takes.

    What is parked gets one more sync: books that remember requests repeat to the first one the
    refusal that they gave when its answer was lost, also when its reason is gone by now.
    """
    place.be_patient()
    was_whole = False
    for _ in range(MOST_SYNCS):
        place.pass_time()
        ended = _when_free(place)
        if ended.error == NEEDS_CONSENT:
            place.consent_anew()
        outcome.violations += [f"a sync afterwards ended with {ended.bug}"] if ended.bug else []
        if ended.is_green or (ended.is_whole and was_whole):
            return
        was_whole = ended.is_whole
    outcome.violations.append(f"nothing is certain after {MOST_SYNCS} syncs without a failure")


def _when_free(place: Place) -> Ended:
    """The server may need a moment to notice that a killed process is gone."""
    deadline = time.monotonic() + _LANE_FREE_WITHIN_SECONDS
    while True:
        ended = attempt(place)
        if not ended.is_busy or time.monotonic() > deadline:
            return ended
        time.sleep(0.05)


def _count(place: Place, outcome: Outcome) -> None:
    counts = place.company.audit(PREFIX)["counts"]
    found = place.rows(
        "select count(*) as found from udsync.sync_queue where kind = 'record'"
        " and receipt->>'was_found' = 'true'"
    )
    outcome.sums.update(
        orders=len(place.orders),
        documents=sum(counts.get(entity, 0) for entity in DOCUMENTS),
        parked=len(parked_records(place)),
        found=int(found[0]["found"]),
    )
