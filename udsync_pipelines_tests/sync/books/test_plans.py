"""Plans for the books: shown without effect, hashed, approved, blocked, taken up again."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.errors import ConfigurationError, PlatformUnavailableError
from udsync_pipelines.mapping import Profile, load_profile
from udsync_pipelines.posting.matching import BooksName, NameList
from udsync_pipelines.sync.books.writes import Write, WriteAction
from udsync_pipelines.sync.plan import Approval, IntentState, Plan, PlanState, SyncOptions
from udsync_pipelines.sync.rows import RowTarget
from udsync_pipelines_tests.posting.books import POLICY, policy
from udsync_pipelines_tests.sync.books.shop import BooksShop
from udsync_pipelines_tests.sync.books.world import DRY, BooksWorld
from udsync_pipelines_tests.sync.memory import Crash, MemoryDestination
from udsync_pipelines_tests.sync.world import TO_ROWS, profile

ASK = SyncOptions(approve=Approval.ask)


def with_rows(world: BooksWorld) -> MemoryDestination:
    """Let the same syncs fill a database as well."""
    destination = MemoryDestination(world.process)
    rows = {Entity.ORDER: profile(Entity.ORDER, id="id", total="total.amount")}
    world.others = [RowTarget(world.source_id, "supabase", destination, rows)]
    return destination


# --- dry runs ----------------------------------------------------------------------------------


def test_a_dry_run_shows_what_would_be_written_and_writes_nothing(world: BooksWorld) -> None:
    world.shop.sell(1, method="cheque")
    world.shop.sell(2, is_broken=True)

    plan = world.planned(DRY)
    report = world.load(plan)

    assert report.plan.state is PlanState.DRY_RUN
    assert [write.kind for write in world.plan_writes(plan)] == [
        "customer",
        "item",
        "invoice",
        "payment",
    ]
    assert world.counts(report) == {
        "order.mapped": 1,
        "order.parked": 1,
        "customer.create": 1,
        "item.create": 1,
        "invoice.create": 1,
        "payment.create": 1,
    }
    assert world.books.called("create", "update") == []
    assert world.codes() == {}
    assert world.ledger.bound == {}


def test_a_dry_run_is_allowed_where_the_company_may_only_be_read(world: BooksWorld) -> None:
    world.books.is_read_only = True
    world.shop.sell(1)

    shown = world.sync(DRY)
    with pytest.raises(ConfigurationError, match="only be read"):
        world.sync()

    assert shown.plan.state is PlanState.DRY_RUN
    assert world.books.held == {}


# --- the hash ----------------------------------------------------------------------------------


def test_equal_plans_have_equal_hashes_and_the_shown_one_is_executed(world: BooksWorld) -> None:
    world.shop.sell(1)
    world.shop.refund(11, 1, "5.00")

    shown, executed = world.planned(DRY), world.planned()

    assert shown.plan_hash == executed.plan_hash
    assert world.load(executed).plan.plan_hash == shown.plan_hash


def _other_amount(world: BooksWorld) -> None:
    world.shop.sell(1, "20.01")


def _other_buyer(world: BooksWorld) -> None:
    world.shop.sell(1, customer="13")


def _one_more(world: BooksWorld) -> None:
    world.shop.sell(2)


def _other_policy(world: BooksWorld) -> None:
    world.policy = policy(prefix="EU")


def _other_version(world: BooksWorld) -> None:
    world.policy_version = "policy-2"


def _other_profiles(world: BooksWorld) -> None:
    world.profiles = {Entity.ORDER: sale_note("customer_note")}


def _known_customer(world: BooksWorld) -> None:
    world.books.others = [BooksName("7", NameList.CUSTOMER, "Ada Byron", "ada@example.com")]


def _name_taken(world: BooksWorld) -> None:
    world.books.others = [BooksName("7", NameList.VENDOR, "Ada Byron")]


@pytest.mark.parametrize(
    "change",
    [
        _other_amount,
        _other_buyer,
        _one_more,
        _other_policy,
        _other_version,
        _other_profiles,
        _known_customer,
        _name_taken,
    ],
)
def test_any_change_of_what_would_be_written_changes_the_hash(
    world: BooksWorld, change: Callable[[BooksWorld], None]
) -> None:
    world.shop.sell(1)
    before = world.planned(DRY).plan_hash

    change(world)

    assert world.planned(DRY).plan_hash != before


def test_a_plan_whose_writes_were_changed_after_approval_is_refused(world: BooksWorld) -> None:
    world.shop.sell(1)
    plan = world.planned(ASK)
    world.ledger.approve(plan.id, "operator")
    write: Write = world.plan_writes(plan)[0]
    world.ledger.writes[write.id] = replace(write, name="Someone else")

    with pytest.raises(ConfigurationError, match="not the plan that was approved"):
        world.load(plan)

    assert world.books.held == {}


# --- approval ----------------------------------------------------------------------------------


def test_a_plan_that_waits_writes_nothing_until_it_is_approved(world: BooksWorld) -> None:
    world.shop.sell(1)
    plan = world.planned(ASK)

    waiting = world.load(plan)
    before = world.books.kinds()
    world.ledger.approve(plan.id, "operator")
    report = world.load(plan)

    assert waiting.plan.state is PlanState.AWAITING_APPROVAL
    assert before == {}
    assert report.plan.state is PlanState.APPLIED
    assert world.books.kinds() == {"customer": 1, "item": 1, "sales_receipt": 1}


def test_a_plan_that_was_never_approved_is_planned_anew(world: BooksWorld) -> None:
    world.shop.sell(1)
    old = world.planned(ASK)

    world.sync()

    states = {write.state for write in world.plan_writes(old)}
    assert states == {IntentState.SUPERSEDED}
    assert world.books.kinds() == {"customer": 1, "item": 1, "sales_receipt": 1}


# --- steps that are repeated -------------------------------------------------------------------


@pytest.mark.parametrize("point", ["books.mapped", "books.planned"])
def test_planning_that_died_is_repeated_without_doubles(world: BooksWorld, point: str) -> None:
    world.shop.sell(1)
    world.shop.refund(11, 1, "5.00")
    engine = world.engine()
    plan = engine.open("orders", SyncOptions())
    engine.extract(plan.id)
    world.die_at(point, 2)
    with pytest.raises(Crash):
        plan_writes(world, plan)
    world.restart()

    plan_writes(world, plan)
    world.load(plan)

    kinds = [write.kind for write in world.plan_writes(plan)]
    assert kinds == ["customer", "item", "sales_receipt", "refund_receipt"]
    assert len(world.batches(plan)) == 2
    assert world.codes() == {}


def plan_writes(world: BooksWorld, plan: Plan) -> None:
    """What a plan's steps do between reading and loading."""
    engine = world.engine()
    engine.map(plan.id)
    engine.resolve(plan.id)


# --- one target must not hold up the other -----------------------------------------------------


def test_books_without_a_policy_leave_the_database_going(world: BooksWorld) -> None:
    destination = with_rows(world)
    world.policy = None
    world.shop.sell(1)

    plan = world.planned()
    world.engine().load(plan.id, "supabase")

    assert len(destination.held) == 1
    assert plan.blocked["quickbooks"]["code"] == "policy_missing"
    with pytest.raises(ConfigurationError, match="no posting policy was accepted") as refused:
        world.engine().load(plan.id, "quickbooks")
    assert "udsync policy propose" in (refused.value.cure or "")
    assert world.books.held == {}


def test_books_without_a_policy_end_the_sync_when_they_are_alone(world: BooksWorld) -> None:
    world.policy = None
    world.shop.sell(1)

    with pytest.raises(ConfigurationError, match="no posting policy was accepted"):
        world.planned()


def test_books_that_fail_while_matching_leave_the_database_going(world: BooksWorld) -> None:
    destination = with_rows(world)
    world.shop.sell(1)
    engine = world.engine()
    plan = engine.open("orders", SyncOptions())
    engine.extract(plan.id)
    engine.map(plan.id)
    names, world.books.names = world.books.names, _unavailable  # type: ignore[method-assign]  # the names fail
    resolved = engine.resolve(plan.id)

    engine.load(plan.id, "supabase")
    with pytest.raises(ConfigurationError, match="do not answer"):
        engine.load(plan.id, "quickbooks")
    world.books.names = names  # type: ignore[method-assign]  # the names answer again
    report = world.sync()

    assert len(destination.held) == 1
    assert resolved.blocked["quickbooks"]["step"] == "resolve"
    assert report.plan.state is PlanState.APPLIED
    assert world.books.kinds() == {"customer": 1, "item": 1, "sales_receipt": 1}


def test_a_failed_load_of_the_books_is_not_hidden_by_the_other_target(
    world: BooksWorld,
) -> None:
    destination = with_rows(world)
    world.shop.sell(1)
    plan = world.planned()
    world.books.fails_with = PlatformUnavailableError("The books do not answer.")
    with pytest.raises(PlatformUnavailableError):
        world.engine().load(plan.id, "quickbooks")

    world.engine().load(plan.id, "supabase")

    after = world.ledger.plan(plan.id)
    assert len(destination.held) == 1
    assert after.state is PlanState.FAILED
    assert (after.error or {})["step"] == "load_to_quickbooks"


def _unavailable() -> list[BooksName]:
    raise PlatformUnavailableError("The books do not answer.", platform="quickbooks")


def test_each_target_plans_and_loads_only_its_own_batches(world: BooksWorld) -> None:
    destination = with_rows(world)
    world.shop.sell(1)

    plan = world.planned()
    world.engine().load(plan.id, "quickbooks")
    only_books = len(destination.held)
    report = world.load(plan)

    assert only_books == 0
    assert len(destination.held) == 1
    assert [batch.position for batch in world.batches(plan)] == [0, 4]
    assert report.plan.state is PlanState.APPLIED


# --- texts by profile --------------------------------------------------------------------------


def sale_note(source: str) -> Profile:
    """A profile that fills a text of a sale."""
    return profile_of(Entity.ORDER, "sale", note=source)


def profile_of(entity: Entity, table: str, **targets: str) -> Profile:
    """A profile towards the books with one table."""
    rules = [{"target": target, "source": source} for target, source in targets.items()]
    rows = [{"table": table, "rules": rules}]
    return load_profile({"entity": entity.value, "directions": {TO_ROWS: rows}})


def test_profiles_fill_texts_of_documents_customers_and_items(world: BooksWorld) -> None:
    world.profiles = {
        Entity.ORDER: sale_note("customer_note"),
        Entity.CUSTOMER: profile_of(Entity.CUSTOMER, "customer", notes="username"),
        Entity.PRODUCT: profile_of(Entity.PRODUCT, "item", label="name"),
    }
    world.shop.person(12, "Ada Byron", "ada@example.com")
    world.shop.product(10, "Mug")
    world.sync(lane="customers")
    world.sync(DRY, lane="products")
    world.shop.sell(1, note="Leave it at the door")

    world.sync()

    assert world.books.the("sales_receipt").draft.texts == {"note": "Leave it at the door"}
    assert world.books.the("customer").draft.texts == {"notes": "ann"}
    assert world.books.the("item").draft.texts == {"label": "Mug"}


def test_a_link_is_part_of_what_a_plan_says(world: BooksWorld) -> None:
    _known_customer(world)
    world.shop.sell(1)

    plan = world.planned(DRY)

    assert world.plan_writes(plan)[0].action is WriteAction.LINK
    assert world.plan_writes(plan)[0].target_id == "customer/7"


def test_the_next_sync_under_another_policy_posts_what_was_left_out_once(
    world: BooksWorld,
) -> None:
    world.shop.sell(1, status="on-hold")
    world.sync()
    statuses = POLICY.posting_statuses | {"on-hold"}
    world.policy, world.policy_version = policy(posting_statuses=statuses), "policy-2"

    first = world.sync()
    again = world.sync()

    assert world.counts(first)["sales_receipt.created"] == 1
    assert world.counts(again) == {}
    assert "order.mapped" not in world.counts(again)
    assert isinstance(world.shop, BooksShop)
