"""Whatever an order, its refund and their documents live through: decided, the books are the shop.

Shops sell, change, cancel, reopen, refund and delete; people edit, void and delete documents; syncs
die, answers are lost, and some decisions are taken on the way. At the end everything is decided in
favour of the shop.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from random import Random

import pytest

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.posting.documents import PaymentDraft, SalesDraft
from udsync_pipelines.sync.books.writes import Role, WriteAction
from udsync_pipelines.sync.decisions import KEEP_BOOKS
from udsync_pipelines.sync.plan import Approval, IntentState, SyncOptions
from udsync_pipelines_tests.sync.books.company import Held
from udsync_pipelines_tests.sync.books.shop import gross
from udsync_pipelines_tests.sync.books.test_properties import (
    Answer,
    Delete,
    Refund,
    Sell,
    Step,
    Sync,
    Wait,
    finish,
    is_sold,
    live_orders,
    record_of,
    take,
)
from udsync_pipelines_tests.sync.books.world import EVERY, BooksWorld

ORDER_IDS = range(1, 4)
REFUND_IDS = range(11, 14)
POINTS = ["", "books.sent", "books.answered", "books.settled", "books.mapped", "books.planned"]
SEEDS = range(0, 160, 20)


@dataclass(frozen=True)
class Disturb:
    """A person edits, dates otherwise, voids or deletes one of the documents that stand."""

    how: str
    which: int


@dataclass(frozen=True)
class Decide:
    """A person decides one of the questions that are open."""

    which: int
    keeps: bool


Event = Step | Disturb | Decide


class Life(BooksWorld):
    """A world that knows which documents a person took out, and who said that they come back.

    `missed` are kind and record of the former, `posted_unasked` those that came back without a
    word. What was taken out before its answer arrived nobody can have known of, and what a person
    and we both took out was agreed to be taken out.
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        self.missed: set[tuple[str, str]] = set()
        self.posted_unasked: list[tuple[str, str]] = []

    def take_out(self, held: Held, how: str) -> None:
        """A person voids or deletes a document."""
        getattr(self.books, how)(held)
        is_in_doubt = any(one.target_id == held.target_id for one in self.ledger.in_doubt("orders"))
        if self.watch.bindings_of([held.target_id]) and not is_in_doubt:
            self.missed.add(what(held))

    def agree(self, name: str, choice: str) -> None:
        """A person decides; some choices bring a record's documents into the books anew."""
        if choice in ("post_again", "repost"):
            self.missed -= {one for one in self.missed if one[1] == name}
        self.ledger.decide(name, choice)

    def look(self) -> None:
        """Note what came back unasked."""
        self.posted_unasked += [one for one in standing(self) if one in self.missed]


def history_of(random: Random) -> list[Event]:
    """Thirty-five things that happen, of which every third is a sync."""
    chances: list[tuple[int, Callable[[], Event]]] = [
        (7, lambda: _sale(random)),
        (10, lambda: _sync(random)),
        (3, lambda: Refund(random.choice(REFUND_IDS))),
        (1, lambda: Delete(Entity.ORDER, random.choice(ORDER_IDS))),
        (1, lambda: Delete(Entity.REFUND, random.choice(REFUND_IDS))),
        (
            3,
            lambda: Disturb(
                random.choice(["edit", "redate", "void", "delete"]), random.randrange(9)
            ),
        ),
        (4, lambda: Decide(random.randrange(9), random.random() < 0.3)),
        (2, lambda: Answer(random.choice(KINDS), random.choice(["lost", "hidden"]))),
        (2, lambda: Wait(random.choice([1, 6]))),
    ]
    weights = [weight for weight, _ in chances]
    return [make() for make in random.choices([one for _, one in chances], weights, k=35)]


KINDS = ["sales_receipt", "invoice", "payment", "refund_receipt"]


def _sale(random: Random) -> Sell:
    return Sell(
        random.choice(ORDER_IDS),
        random.choice(["stripe", "stripe", "cheque"]),
        random.choice(["12", "13"]),
        random.choice([*["completed"] * 4, "processing", "cancelled", "failed"]),
    )


def _sync(random: Random) -> Sync:
    approve = random.choice([*[Approval.automatic] * 4, Approval.everything])
    options = SyncOptions(approve=approve)
    return Sync(random.choice(POINTS), random.choice([0, 0, 0, 1, 2, 4]), options, "orders")


def lived(seed: int) -> Iterator[tuple[int, Life]]:
    """Worlds in which such a history has happened, each with the seed that makes it."""
    for number in range(seed, seed + 20):
        random = Random(number)  # noqa: S311 - no secret
        world = Life()
        for version, event in enumerate(history_of(random)):
            happen(world, event, version)
            world.look()
        yield number, world


def happen(world: Life, event: Event, version: int) -> None:
    match event:
        case Disturb(how, which):
            disturb(world, how, which)
        case Decide(which, keeps):
            decide(world, which, keeps=keeps)
        case step:
            take(world, step, version)


def disturb(world: Life, how: str, which: int) -> None:
    found = [one for one in world.books.held.values() if is_document(one) and not one.is_voided]
    if found:
        held = found[which % len(found)]
        if how == "edit":
            world.books.edit(held, (held.total or Decimal(0)) + 1)
        elif how == "redate":
            world.books.edit(held, dated_on=date(2020, 2, 2))
        else:
            world.take_out(held, how)


def decide(world: Life, which: int, *, keeps: bool) -> None:
    asked = [name for name, one in world.parked().items() if one.question is not None]
    if asked:
        name = asked[which % len(asked)]
        names = [one.name for one in world.ledger.question(name).choices]
        world.agree(name, KEEP_BOOKS if keeps else names[0])


def settle(world: Life) -> None:
    """Everything changes once more in the shop, so that whatever is odd is seen; then all of it is
    decided in the shop's favour."""
    finish(world)
    for source_id, content in live_orders(world).items():
        world.shop.sell(int(source_id), f"{Decimal(content['net']) + 1:.2f}")
    for (entity, source_id), (_, content) in list(world.shop.records.items()):
        if entity is Entity.REFUND:
            amount = f"{Decimal(content['amount']) + Decimal('0.10'):.2f}"
            world.shop.refund(int(source_id), content["parent_id"], amount)
    for _ in range(6):
        world.wait(EVERY)
        world.sync()
        world.look()
        for name, one in world.parked().items():
            if one.question is not None:
                world.agree(name, one.question.choices[0].name)


def is_document(held: Held) -> bool:
    return held.target_id.partition("/")[0] not in ("customer", "item")


def standing(world: BooksWorld) -> dict[tuple[str, str], list[Decimal]]:
    """Kind and record → totals of the documents that were neither voided nor deleted."""
    found: dict[tuple[str, str], list[Decimal]] = {}
    for one in world.books.held.values():
        if is_document(one) and not one.is_voided:
            found.setdefault(what(one), []).append(one.total or Decimal(0))
    return found


def redated(world: BooksWorld) -> list[str]:
    """The documents that stand on another day than they were written for."""
    return [
        one.target_id
        for one in world.books.held.values()
        if isinstance(one.draft, SalesDraft | PaymentDraft)
        and not one.is_voided
        and one.dated_on != one.draft.dated_on
    ]


def what(held: Held) -> tuple[str, str]:
    """The kind of a document, and the record that it stands for, whatever its issue."""
    return held.target_id.partition("/")[0], record_of(held).partition("#")[0]


def wanted(world: BooksWorld) -> dict[tuple[str, str], list[Decimal]]:
    """The same, of what the shop sells and has given back now."""
    found: dict[tuple[str, str], list[Decimal]] = {}
    orders = live_orders(world)
    for source_id, content in orders.items():
        if is_sold(content):
            on_account = content["method"] == "cheque"
            for kind in ("invoice", "payment") if on_account else ("sales_receipt",):
                found[kind, f"order/{source_id}"] = [gross(content["net"])]
    for (entity, source_id), (_, content) in world.shop.records.items():
        order = orders.get(str(content.get("parent_id")))
        if entity is Entity.REFUND and order is not None and is_sold(order):
            found["refund_receipt", f"refund/{source_id}"] = [Decimal(content["amount"])]
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_once_everything_is_decided_the_books_are_the_shop(seed: int) -> None:
    for number, world in lived(seed):
        settle(world)

        assert standing(world) == wanted(world), number
        assert redated(world) == [], number
        asked = [name for name, one in world.parked().items() if one.question is not None]
        assert asked == [], number


@pytest.mark.parametrize("seed", SEEDS[:3])
def test_once_everything_is_decided_nothing_is_written_any_more(seed: int) -> None:
    for number, world in lived(seed):
        settle(world)
        world.books.calls.clear()

        world.sync()

        assert world.books.called("create", "update", "withdraw") == [], number


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_is_taken_back_unless_a_person_agreed(seed: int) -> None:
    for number, world in lived(seed):
        for write, posted in world.ledger.settled:
            if write.action is WriteAction.DELETE and write.question is not None:
                plan = world.ledger.plans[write.plan_id]
                assert plan.options.approve is Approval.everything, number
                assert posted.is_voided, number


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_that_a_person_took_out_comes_back_unless_a_person_agreed(seed: int) -> None:
    for number, world in lived(seed):
        settle(world)

        assert world.posted_unasked == [], number


def test_the_lives_are_rich_in_what_can_happen() -> None:
    seen = dict.fromkeys(("voided", "posted anew", "paid anew", "in doubt", "kept", "off"), 0)
    for _, world in (*lived(0), *lived(20)):
        writes = list(world.ledger.writes.values())
        voids = [one for one in writes if one.action is WriteAction.DELETE]
        seen["voided"] += any(one.state is IntentState.SETTLED for one in voids)
        bound = world.ledger.bound.values()
        seen["off"] += any(one.is_taken_out for one in bound)
        issues = [one.key for one in writes if "#2" in getattr(one.draft, "marker", "")]
        seen["posted anew"] += any(key.role is Role.SALE for key in issues)
        seen["paid anew"] += any(key.role is Role.PAYMENT for key in issues)
        seen["in doubt"] += any(posted.was_found for _, posted in world.ledger.settled)
        seen["kept"] += any(one.choice == KEEP_BOOKS for one in world.ledger.standing.values())

    assert all(seen.values()), seen
