"""What came of many schedules: counts, and every broken promise with its schedule in words."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from udsync_pipelines_tests.chaos.running import Outcome
from udsync_pipelines_tests.chaos.schedule import DATABASE_KILLED, PROCESSES_KILLED, REAL_KILLS, Way


@dataclass
class Tally:
    """Sums over schedules; `broken` tells each schedule that broke a promise."""

    schedules: int = 0
    ignoring: int = 0
    with_real_kills: int = 0
    rounds: Counter[Way] = field(default_factory=Counter)
    struck: Counter[str] = field(default_factory=Counter)
    hands: Counter[str] = field(default_factory=Counter)
    ended: Counter[str] = field(default_factory=Counter)
    sums: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)

    def add(self, one: Outcome) -> None:
        """Count one schedule."""
        schedule = one.schedule
        ways = list(schedule.ways())
        self.schedules += 1
        self.ignoring += not schedule.remembers_requests
        self.with_real_kills += any(way in REAL_KILLS for way in ways)
        self.rounds.update(ways)
        self.struck.update(one.struck)
        self.hands.update(one.hands)
        self.ended.update(one.ended)
        self.sums.update(one.sums)
        if one.violations:
            self.broken.append(told(one))

    @property
    def processes_killed(self) -> int:
        """How many syncs ended by `kill -9`."""
        return sum(self.rounds[way] for way in PROCESSES_KILLED)

    @property
    def databases_killed(self) -> int:
        """How often a database server was killed or restarted under a sync."""
        return sum(self.rounds[way] for way in DATABASE_KILLED)


def told(one: Outcome) -> str:
    """A broken schedule: what is wrong, what happened, and how to have it happen again."""
    lines = [*(f"BROKEN: {violation}" for violation in one.violations), one.schedule.told()]
    return "\n".join([*lines, f"Again: make bench SUITE=chaos SEED={one.schedule.number}"])


def tallied(outcomes: Iterable[Outcome]) -> Tally:
    """The sums over these schedules."""
    tally = Tally()
    for one in outcomes:
        tally.add(one)
    return tally
