"""A schedule: what is sold, what fails, how syncs are run and ended. Plain data, told in words."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from udsync_pipelines_tests.chaos.kinds import KINDS, Side


class Way(StrEnum):
    """How the sync of a round is run."""

    PLAIN = "a sync"
    TWO_WORKERS = "two workers on the same lane"
    SESSIONS_CUT = "a sync whose database sessions are cut"
    KILLED_AT_POINT = "a process killed at a named point"
    KILLED_AT_RANDOM = "a process killed at a random moment"
    STOPPED = "a process stopped for longer than its lease"
    SERVER_RESTARTED = "a sync while the database is restarted"
    SERVER_KILLED = "a sync while the database is killed"


PROCESSES_KILLED = (Way.KILLED_AT_POINT, Way.KILLED_AT_RANDOM)
DATABASE_KILLED = (Way.SERVER_RESTARTED, Way.SERVER_KILLED)
REAL_KILLS = (*PROCESSES_KILLED, *DATABASE_KILLED)


@dataclass(frozen=True, slots=True)
class Work:
    """One sync. `point` is where its process dies, `after` how many requests it made before."""

    way: Way = Way.PLAIN
    point: str = ""
    after: int = 0

    def __str__(self) -> str:
        if self.point:
            return f"{self.way} ({self.point})"
        return self.way if self.way is Way.PLAIN else f"{self.way} after {self.after} requests"


@dataclass(frozen=True, slots=True)
class Sale:
    """An order. `guest` numbers the buyer: the same number is the same person."""

    guest: int
    has_email: bool
    product: int
    quantity: int
    is_on_account: bool
    is_shipped: bool

    def __str__(self) -> str:
        buyer = f"guest {self.guest}" + ("" if self.has_email else " without e-mail")
        how = " on account" if self.is_on_account else ""
        return f"{buyer} buys {self.quantity} of product {self.product}{how}"


@dataclass(frozen=True, slots=True)
class Refund:
    """A refund of the order with this place among all, of some cents or of its first line."""

    order: int
    cents: int

    def __str__(self) -> str:
        what = f"{self.cents} cents" if self.cents else "its first line"
        return f"order {self.order} is refunded {what}"


class Change(StrEnum):
    """What a shop manager changes in an order."""

    NOTE = "gets another note"
    PRICE = "gets another price"
    COMPLETED = "is completed"
    CANCELLED = "is cancelled"


@dataclass(frozen=True, slots=True)
class Edit:
    """A change to the order with this place among all."""

    order: int
    change: Change

    def __str__(self) -> str:
        return f"order {self.order} {self.change}"


Doing = Sale | Refund | Edit


@dataclass(frozen=True, slots=True)
class Strike:
    """A fault and when it strikes; `times` 0 means at each request until the round ends."""

    side: Side
    kind: int
    place: str
    nth: int
    times: int

    @property
    def words(self) -> str:
        """What happens, whenever it does."""
        return KINDS[self.side][self.kind].words

    def __str__(self) -> str:
        often = {0: "always", 1: "once"}.get(self.times, f"{self.times} times")
        return f"the {self.side}, {self.place}: {self.words}, {often} from request {self.nth} on"


class Hand(StrEnum):
    """What a person does in the books between our read and our write."""

    NAMESAKE = "a person enters a customer of the name of guest"
    NAMESAKE_WITH_EMAIL = "a person enters a customer of the name and e-mail of guest"
    EDITED = "a person edits the document of order"
    VOIDED = "a person voids the document of order"
    DELETED = "a person deletes the document of order"
    DEPOSITED = "a person deposits the document of order"
    CLOSED = "a person closes the books until after the sync"


@dataclass(frozen=True, slots=True)
class Interference:
    """A person's act, done right before the write of this number is answered."""

    hand: Hand
    about: int
    nth: int

    def __str__(self) -> str:
        about = "" if self.hand is Hand.CLOSED else f" {self.about}"
        return f"{self.hand}{about}, right before write {self.nth}"


@dataclass(frozen=True, slots=True)
class Round:
    """What happens until and during one sync. `hidden` new objects are not shown by queries."""

    doings: tuple[Doing, ...]
    strikes: tuple[Strike, ...]
    interferences: tuple[Interference, ...]
    work: Work
    is_hidden: bool
    is_waited_for: bool

    def told(self) -> Iterator[str]:
        """A line for each thing that happens."""
        yield from map(str, self.doings)
        if self.is_hidden:
            yield "the books: queries show nothing new before the horizon"
        yield from map(str, self.strikes)
        yield from map(str, self.interferences)
        yield f"then {self.work}"
        if self.is_waited_for:
            yield "then time passes, longer than the books may hide anything"


@dataclass(frozen=True, slots=True)
class Schedule:
    """Everything that happens in one small world, from its number."""

    number: int
    remembers_requests: bool
    renews_often: bool
    rounds: tuple[Round, ...]

    def told(self) -> str:
        """The schedule in words, a line each."""
        memory = "honours" if self.remembers_requests else "ignores"
        lines = [f"Schedule {self.number}: the company {memory} requestid."]
        for number, one in enumerate(self.rounds, 1):
            lines += [f"  round {number}: {line}" for line in one.told()]
        return "\n".join(lines)

    def ways(self) -> Iterator[Way]:
        """How its syncs are run."""
        return (one.work.way for one in self.rounds)
