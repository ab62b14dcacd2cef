"""Whatever happens between, each sale is in the books once, and to the cent."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.errors import ConfigurationError, PlatformUnavailableError
from udsync_pipelines.sync.plan import Approval, IntentState, PlanState, SyncOptions
from udsync_pipelines_tests.sync.books.company import Held, key_of
from udsync_pipelines_tests.sync.books.memory import ANSWERED
from udsync_pipelines_tests.sync.books.shop import gross
from udsync_pipelines_tests.sync.books.world import DRY, FULL, HORIZON, BooksWorld
from udsync_pipelines_tests.sync.memory import Crash

ORDER_IDS = range(1, 5)
REFUND_IDS = range(11, 15)
KINDS = ["customer", "item", "sales_receipt", "invoice", "payment", "refund_receipt"]
POINTS = ["", "books.sent", "books.answered", "books.settled", "books.mapped", "books.planned"]
SALES = ("sales_receipt", "invoice")
DOCUMENTS = (*SALES, "payment", "refund_receipt", "credit_memo")


@dataclass(frozen=True)
class Sell:
    source_id: int
    method: str
    customer: str | None
    status: str


@dataclass(frozen=True)
class Refund:
    """A refund is of one order for ever: 11 of order 1, and so on."""

    source_id: int


@dataclass(frozen=True)
class Delete:
    entity: Entity
    source_id: int


@dataclass(frozen=True)
class Rename:
    """A registered customer takes another name."""

    source_id: int
    name: str


@dataclass(frozen=True)
class Answer:
    """The next write of a kind is answered like this: `lost` before, `hidden` after it was done."""

    kind: str
    how: str


@dataclass(frozen=True)
class Refuse:
    """From now on the books refuse a kind; "" takes all refusals back."""

    kind: str


@dataclass(frozen=True)
class Outage:
    """After so many more writes the books do not answer for the length of one sync."""

    good_writes: int


@dataclass(frozen=True)
class Wait:
    minutes: int


@dataclass(frozen=True)
class Sync:
    """A sync that dies at the nth passage of a point; 0: it does not."""

    point: str
    dies_at: int
    options: SyncOptions
    lane: str


@dataclass(frozen=True)
class LoadAgain:
    """What re-executing a failed run does: the last plan is loaded once more."""


@dataclass(frozen=True)
class Company:
    """How a company behaves."""

    keeps_request_ids: bool
    refuses_same_number: bool
    delay: timedelta
    workers: int


Step = Sell | Refund | Delete | Rename | Answer | Refuse | Outage | Wait | Sync | LoadAgain

SEEDS = range(0, 300, 25)


def history_of(random: Random) -> list[Step]:
    """Thirty steps, of which every third or so is a sync.

    Not drawn by hypothesis: it likes short and repetitive histories, in which little goes wrong.
    """
    chances: list[tuple[int, Callable[[], Step]]] = [
        (8, lambda: _sale(random)),
        (8, lambda: _sync(random)),
        (4, lambda: Answer(random.choice(KINDS), random.choice(["lost", "hidden"]))),
        (2, lambda: Refund(random.choice(REFUND_IDS))),
        (1, lambda: Delete(Entity.ORDER, random.choice(ORDER_IDS))),
        (1, lambda: Delete(Entity.REFUND, random.choice(REFUND_IDS))),
        (1, lambda: Rename(random.choice([12, 13]), random.choice(["Ada Byron", "Bea Cole"]))),
        (1, lambda: Refuse(random.choice(KINDS))),
        (2, lambda: Refuse("")),
        (1, lambda: Outage(random.randrange(6))),
        (2, lambda: Wait(random.choice([1, 6]))),
        (2, LoadAgain),
    ]
    weights = [weight for weight, _ in chances]
    steps = random.choices([make for _, make in chances], weights, k=30)
    return [make() for make in steps]


def _sale(random: Random) -> Sell:
    return Sell(
        random.choice(ORDER_IDS),
        random.choice(["stripe", "stripe", "cheque"]),
        random.choice(["12", "13", None]),
        random.choice([*["completed"] * 5, "processing", "cancelled"]),
    )


def _sync(random: Random) -> Sync:
    return Sync(
        random.choice(POINTS),
        random.choice([0, 0, 0, 1, 2, 3, 5]),
        random.choice([*[SyncOptions()] * 4, FULL, DRY, SyncOptions(approve=Approval.ask)]),
        random.choice([*["orders"] * 5, "customers", "products"]),
    )


def company_of(random: Random) -> Company:
    """A company that may forget request ids, take a number twice, and show what is new late."""
    return Company(
        keeps_request_ids=random.random() < 0.5,
        refuses_same_number=random.random() < 0.5,
        delay=random.choice([timedelta(0), timedelta(minutes=2), HORIZON]),
        workers=random.choice([1, 1, 3]),
    )


def worlds(seed: int, more: int = 25) -> Iterator[tuple[int, BooksWorld, list[Step]]]:
    """Worlds with histories that have not happened yet, each with the seed that makes it."""
    for number in range(seed, seed + more):
        random = Random(number)  # noqa: S311 - no secret
        yield number, made(company_of(random)), history_of(random)


@pytest.mark.parametrize("seed", SEEDS)
def test_after_any_history_each_sale_is_posted_once_and_to_the_cent(seed: int) -> None:
    for number, world, history in worlds(seed):
        for version, step in enumerate(history):
            take(world, step, version)
            assert doubled(world) == [], number

        reports = finish(world)

        assert {report.plan.state for report in reports} == {PlanState.APPLIED}, number
        assert reports[-1].in_doubt == 0, number
        assert doubled(world) == [], number
        assert posted(world) == expected(world), number
        assert [one for one in world.codes().items() if not may_be_parked(world, *one)] == [], (
            number
        )


@pytest.mark.parametrize("seed", SEEDS[:4])
def test_after_any_history_one_more_sync_writes_nothing_anywhere(seed: int) -> None:
    for number, world, history in worlds(seed):
        for version, step in enumerate(history):
            take(world, step, version)
        finish(world)
        world.books.calls.clear()

        world.sync()
        world.sync(FULL)

        assert world.books.called("create", "update", "find") == [], number


@pytest.mark.parametrize("seed", SEEDS[:4])
def test_no_request_id_stands_for_two_payloads_or_is_used_after_its_answer(seed: int) -> None:
    for number, world, history in worlds(seed):
        for version, step in enumerate(history):
            take(world, step, version)
        finish(world)

        sent = {
            (write.request_id, str(write.key), write.base_version, write.digest())
            for write in world.ledger.writes.values()
            if write.request_id
        }
        assert len({request_id for request_id, *_ in sent}) == len(sent), number
        answered = [
            write.request_id
            for write in world.ledger.writes.values()
            if write.request_id and write.state in ANSWERED
        ]
        assert len(set(answered)) == len(answered), number


def test_the_histories_are_rich_in_what_can_go_wrong() -> None:
    seen: Counter[str] = Counter()
    for _, world, history in worlds(0, 100):
        for version, step in enumerate(history):
            take(world, step, version)
        finish(world)
        seen["found"] += any(posted.was_found for _, posted in world.ledger.settled)
        seen["updated"] += any("update" in call for call in world.books.calls)
        seen["refunded"] += bool(world.books.of("refund_receipt"))
        seen["parked"] += bool(world.codes())
        superseded = (
            write.sent_at
            for write in world.ledger.writes.values()
            if write.state is IntentState.SUPERSEDED
        )
        seen["sent again"] += any(superseded)

    assert all(times > 30 for times in seen.values()), seen


def made(company: Company) -> BooksWorld:
    """A world with such a company."""
    world = BooksWorld(workers=company.workers)
    world.books.keeps_request_ids = company.keeps_request_ids
    world.books.refuses_same_number = company.refuses_same_number
    world.books.delay = company.delay
    return world


def take(world: BooksWorld, step: Step, version: int) -> None:
    """Let one thing happen. The version makes each amount one of its own."""
    match step:
        case Sync() | LoadAgain():
            run(world, step)
        case Answer() | Refuse() | Outage() | Wait():
            disturb(world, step)
        case change:
            change_shop(world, change, version)


def change_shop(world: BooksWorld, step: Sell | Refund | Delete | Rename, version: int) -> None:
    """Something happens in the shop."""
    match step:
        case Sell(source_id, method, customer, status):
            content = {"method": method, "customer": customer, "status": status}
            email = f"{customer or 'guest'}@example.com"
            world.shop.sell(source_id, f"{20 + version}.37", email=email, **content)
        case Refund(source_id):
            world.shop.refund(source_id, source_id - 10, f"{1 + version % 5}.50")
        case Delete(entity, source_id):
            world.shop.delete(entity, source_id)
        case Rename(source_id, name):
            world.shop.person(source_id, name, f"{source_id}@example.com")


def disturb(world: BooksWorld, step: Answer | Refuse | Outage | Wait) -> None:
    """Something happens to the books, or time passes."""
    match step:
        case Answer(kind, how):
            world.books.answers.setdefault(kind, []).append(how)
        case Refuse(kind):
            world.books.refusals.clear()
            if kind:
                world.books.refuse(kind)
        case Outage(good_writes):
            world.books.fails_with = PlatformUnavailableError("The books do not answer.")
            world.books.good_writes = good_writes
        case Wait(minutes):
            world.wait(timedelta(minutes=minutes))


def run(world: BooksWorld, step: Sync | LoadAgain) -> None:
    """A sync, or a load, that may fail or die."""
    world.restart()
    with suppress(Crash, PlatformUnavailableError, ConfigurationError):
        if isinstance(step, Sync):
            world.process.dies_where, world.process.dies_at = step.point, step.dies_at
            world.sync(step.options, step.lane)
        elif world.ledger.plans:
            world.load(list(world.ledger.plans.values())[-1])
    world.books.fails_with = None


def finish(world: BooksWorld) -> list[Any]:
    """The books are well again, and time passes: what is in doubt is settled, the rest follows."""
    world.restart()
    world.books.refusals.clear()
    world.books.answers.clear()
    world.books.fails_with = None
    world.wait(HORIZON + timedelta(minutes=1))
    return [world.sync(lane=lane) for lane in ("customers", "products", "orders", "orders")]


def doubled(world: BooksWorld) -> list[tuple[str, str]]:
    """Documents, customers and items of which the books have more than one."""
    counted = Counter(
        (one.target_id.partition("/")[0], key_of(one.draft)) for one in world.books.held.values()
    )
    return [what for what, times in counted.items() if times > 1]


def is_sold(content: dict[str, Any]) -> bool:
    return content["status"] in ("completed", "processing")


def live_orders(world: BooksWorld) -> dict[str, dict[str, Any]]:
    """The orders of the shop, by id."""
    return {i: one for (kind, i), (_, one) in world.shop.records.items() if kind is Entity.ORDER}


def expected(world: BooksWorld) -> dict[tuple[str, str], Decimal]:
    """Document and record → amount, of what must be in the books: what is sold, and not parked."""
    wanted: dict[tuple[str, str], Decimal] = {}
    for source_id, content in live_orders(world).items():
        if is_sold(content) and f"order/{source_id}" not in world.codes():
            on_account = content["method"] == "cheque"
            form = "invoice" if on_account else "sales_receipt"
            wanted[form, f"order/{source_id}"] = gross(content["net"])
            if on_account:
                wanted["payment", f"order/{source_id}"] = gross(content["net"])
    for (kind, source_id), (_, content) in world.shop.records.items():
        order = live_orders(world).get(str(content.get("parent_id")))
        is_due = kind is Entity.REFUND and order is not None and is_sold(order)
        if is_due and f"refund/{source_id}" not in world.codes():
            wanted["refund_receipt", f"refund/{source_id}"] = Decimal(content["amount"])
    return wanted


def posted(world: BooksWorld) -> dict[tuple[str, str], Decimal]:
    """The same, of what is in the books for records that are not parked.

    A refund whose order is gone, or not sold any more, is left to who looks at that order.
    """
    sold = {source_id for source_id, one in live_orders(world).items() if is_sold(one)}
    gone = {
        f"refund/{source_id}"
        for (kind, source_id), (_, content) in world.shop.records.items()
        if kind is Entity.REFUND and str(content["parent_id"]) not in sold
    }
    return {
        (kind_of(held), record_of(held)): held.total or Decimal(0)
        for held in world.books.held.values()
        if kind_of(held) in DOCUMENTS and record_of(held) not in {*world.codes(), *gone}
    }


def kind_of(held: Held) -> str:
    return held.target_id.partition("/")[0]


def record_of(held: Held) -> str:
    return key_of(held.draft).rpartition(":")[2]


def may_be_parked(world: BooksWorld, name: str, code: str) -> bool:
    """Whether a record has a reason to be parked at the end."""
    return code in causes(world, name)


def causes(world: BooksWorld, name: str) -> set[str]:
    """For which reasons a record may be parked at the end, as the shop and the books are now."""
    entity, _, source_id = name.partition("/")
    held = {kind_of(one) for one in world.books.held.values() if record_of(one) == name}
    if entity == "order":
        order = live_orders(world).get(source_id)
        if order is None or not is_sold(order):
            return {"posted_but_gone"} if held else set()
        form = "invoice" if order["method"] == "cheque" else "sales_receipt"
        must_move = form not in held or "payment" in held  # a payment keeps its customer
        return {"form_changed", "document_not_due"} if held and must_move else set()
    content = world.shop.records.get((Entity.REFUND, source_id), (0, {}))[1]
    parent = str(content.get("parent_id"))
    order = live_orders(world).get(parent)
    if not content:
        return {"posted_but_gone"} if held else set()
    if parent not in world.archive.records.get(Entity.ORDER, {}):
        return {"order_unknown"}
    if order is None or not is_sold(order):
        return {"posted_but_gone", "waits_for_order"} if held else {"waits_for_order"}
    is_there = any(record_of(one) == f"order/{parent}" for one in world.books.held.values())
    is_asked_about = f"order/{parent}" in world.codes()
    return set() if is_there and not is_asked_about else {"waits_for_order"}
