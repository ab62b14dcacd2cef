"""A schedule from its number: the same one each time, on every machine."""

from collections.abc import Sequence
from random import Random

from udsync_pipelines_tests.chaos.kinds import KINDS, PLACES, Side
from udsync_pipelines_tests.chaos.schedule import (
    Change,
    Doing,
    Edit,
    Hand,
    Interference,
    Refund,
    Round,
    Sale,
    Schedule,
    Strike,
    Way,
    Work,
)

MOST_ORDERS = 5
GUESTS = 3
PRODUCTS = (10, 11, 12, 13, 15, 17, 19, 22, 26, 28, 30)
"""Of the recorded catalogue: plain ones, two of one name, one without SKU, one not in ASCII."""

POINTS = (
    "page.read", "page.archived", "page.archived:2", "books.mapped", "books.mapped:2",
    "books.planned", "books.planned:2", "books.sent", "books.sent:2", "books.sent:4",
    "books.answered", "books.answered:2", "books.answered:4", "books.settled", "books.settled:2",
)  # fmt: skip

WAYS = {
    Way.PLAIN: 845,
    Way.TWO_WORKERS: 50,
    Way.SESSIONS_CUT: 60,
    Way.KILLED_AT_POINT: 15,
    Way.KILLED_AT_RANDOM: 15,
    Way.STOPPED: 5,
    Way.SERVER_RESTARTED: 6,
    Way.SERVER_KILLED: 4,
}
"""How many of a thousand rounds are run in each way."""


def draw(number: int) -> Schedule:
    """The schedule of this number."""
    random = Random(f"schedule {number}")  # noqa: S311 - the same one every time
    rounds: list[Round] = []
    doings: list[Doing] = []
    for place in range(random.choices((1, 2, 3), (70, 25, 5))[0]):
        rounds.append(_round(random, doings, place))
        doings += rounds[-1].doings
    return Schedule(number, random.random() < 0.5, random.random() < 0.2, tuple(rounds))


def _round(random: Random, before: Sequence[Doing], place: int) -> Round:
    doings = _doings(random, before)
    strikes = [_strike(random, Side.BOOKS) for _ in range(random.choice((0, 1, 1, 2, 3)))]
    strikes += [_strike(random, Side.STORE) for _ in range(random.choice((0, 0, 0, 1, 2)))]
    return Round(
        doings=doings,
        strikes=tuple(strikes),
        interferences=_interferences(random, before, place),
        work=_work(random),
        is_hidden=random.random() < 0.3,
        is_waited_for=random.random() < 0.5,
    )


def _doings(random: Random, before: Sequence[Doing]) -> tuple[Doing, ...]:
    sold = sum(isinstance(one, Sale) for one in before)
    made: list[Doing] = [
        _sale(random)
        for _ in range(min(MOST_ORDERS - sold, random.choice((1, 1, 2, 3) if not sold else (0, 1))))
    ]
    orders = sold + len(made)
    refunded = {one.order for one in before if isinstance(one, Refund)}
    for order in range(orders):
        if order not in refunded and random.random() < 0.25:
            made.append(Refund(order, random.choice((0, 1, 50, 100, 333))))
    if sold and random.random() < 0.6:
        made.append(Edit(random.randrange(sold), random.choice(list(Change))))
    return tuple(made)


def _sale(random: Random) -> Sale:
    guest = random.randrange(GUESTS)
    return Sale(
        guest=guest,
        has_email=guest > 0,
        product=random.choice(PRODUCTS),
        quantity=random.choice((1, 1, 2, 3, 7)),
        is_on_account=random.random() < 0.3,
        is_shipped=random.random() < 0.3,
    )


def _strike(random: Random, side: Side) -> Strike:
    return Strike(
        side=side,
        kind=random.randrange(len(KINDS[side])),
        place=random.choice(list(PLACES[side])),
        nth=random.choice((1, 1, 1, 2, 3)),
        times=random.choice((1, 1, 1, 2, 0)),
    )


def _interferences(random: Random, before: Sequence[Doing], place: int) -> tuple[Interference, ...]:
    if random.random() >= 0.15:
        return ()
    nth = random.choice((1, 2, 3))
    sold = sum(isinstance(one, Sale) for one in before)
    if place == 0 or not sold:
        hand = random.choice((Hand.NAMESAKE, Hand.NAMESAKE_WITH_EMAIL, Hand.CLOSED))
        return (Interference(hand, random.randrange(GUESTS), nth),)
    hand = random.choice((Hand.EDITED, Hand.VOIDED, Hand.DELETED, Hand.DEPOSITED, Hand.CLOSED))
    return (Interference(hand, random.randrange(sold), nth),)


def _work(random: Random) -> Work:
    way = random.choices(list(WAYS), list(WAYS.values()))[0]
    point = random.choice(POINTS) if way is Way.KILLED_AT_POINT else ""
    return Work(way, point, random.randint(1, 30))
