"""Who is in the books already: linked, created under a free name, or a question to a person."""

from dataclasses import replace

import pytest

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.posting.matching import BooksName, BooksProduct, NameList
from udsync_pipelines.posting.policy import NewItemPolicy
from udsync_pipelines.sync.books.matching import Matcher
from udsync_pipelines.sync.books.resolving import Resolver
from udsync_pipelines.sync.books.writes import Key, Role, WriteAction
from udsync_pipelines.sync.plan import IntentState, Plan
from udsync_pipelines_tests.posting.books import policy
from udsync_pipelines_tests.sync.books.world import DRY, BooksWorld

ADA = BooksName("7", NameList.CUSTOMER, "Ada Byron", "ada@example.com", "CAD")
CUSTOMER_12 = Key(Entity.CUSTOMER, "12", Role.CUSTOMER)


def actions(world: BooksWorld, plan: Plan, role: Role) -> list[WriteAction]:
    return [write.action for write in world.plan_writes(plan) if write.key.role is role]


@pytest.mark.parametrize(
    "known",
    [
        BooksName("7", NameList.CUSTOMER, "Countess Lovelace", "ADA@example.com", "CAD"),
        BooksName("7", NameList.CUSTOMER, "ada  BYRON", "", "CAD"),
    ],
)
def test_a_customer_of_the_books_is_linked_by_mail_or_name_and_not_written(
    world: BooksWorld, known: BooksName
) -> None:
    world.books.others = [known]
    world.shop.sell(1)

    report = world.sync()

    assert world.counts(report)["customer.link"] == 1
    assert world.counts(report)["customer.linked"] == 1
    assert "customer.created" not in world.counts(report)
    assert world.books.the("sales_receipt").symbols.customers == {"customer/12": "7"}
    bound = world.ledger.bound[CUSTOMER_12]
    assert (bound.target_id, bound.version) == ("customer/7", None)


@pytest.mark.parametrize(
    "known",
    [BooksProduct("8", "Something", "mug-1"), BooksProduct("8", "MUG", "")],
)
def test_an_item_of_the_books_is_linked_by_sku_or_name(
    world: BooksWorld, known: BooksProduct
) -> None:
    world.books.others = [known]
    world.shop.sell(1, sku="MUG-1")

    report = world.sync()

    assert world.counts(report)["item.linked"] == 1
    assert world.books.the("sales_receipt").symbols.items == {"product/10": "8"}
    assert world.books.of("item") == []


def test_the_name_lists_are_read_once_and_only_for_someone_new(world: BooksWorld) -> None:
    for number in range(1, 4):
        world.shop.sell(number, customer=str(number), email=f"{number}@example.com")
    world.sync()
    first = [name for name, _ in world.books.called("names", "products")]
    world.books.calls.clear()
    world.shop.sell(4, customer="1", email="1@example.com")

    world.sync()

    assert first == ["names", "products"]
    assert world.books.called("names", "products") == []


def test_a_guest_is_linked_to_the_account_that_the_same_sync_creates(
    world: BooksWorld,
) -> None:
    world.shop.sell(1, customer="12")
    world.shop.sell(2, customer=None)

    plan = world.planned()
    world.load(plan)

    customers = [one for one in world.plan_writes(plan) if one.key.role is Role.CUSTOMER]
    assert [one.action for one in customers] == [WriteAction.CREATE, WriteAction.LINK]
    assert customers[1].linked_to == customers[0].id
    assert customers[0].id in customers[1].depends_on
    made = world.books.the("customer").target_id
    assert {world.ledger.bound[one.key].target_id for one in customers} == {made}
    named = [set(one.symbols.customers.values()) for one in world.books.of("sales_receipt")]
    assert named == [{made.partition("/")[2]}] * 2


def test_a_third_buyer_is_linked_to_what_a_planned_link_leads_to(world: BooksWorld) -> None:
    world.shop.sell(1, customer=None)
    world.shop.sell(2, customer="12")
    world.shop.sell(3, customer="13", name="Ada Byron", email="other@example.com")

    world.sync()

    names = [one.name for one in world.books.of("customer")]
    assert names == ["Ada Byron", "Ada Byron (other@example.com)"]


def test_a_link_to_a_refused_customer_parks_its_order_too(world: BooksWorld) -> None:
    world.shop.sell(1, customer="12")
    world.shop.sell(2, customer=None)
    world.books.refuse("customer")

    world.sync()

    assert world.codes() == {"order/1": "waits_for_customer", "order/2": "waits_for_customer"}
    assert world.books.kinds() == {"item": 1}


def test_ambiguous_customers_park_their_orders_with_candidates(world: BooksWorld) -> None:
    world.books.others = [
        BooksName("7", NameList.CUSTOMER, "Ada A", "ada@example.com", "CAD"),
        BooksName("8", NameList.CUSTOMER, "Ada B", "ada@example.com", "CAD", is_active=True),
        BooksName("9", NameList.CUSTOMER, "Ada C", "ada@example.com", "CAD", is_active=False),
    ]
    world.shop.sell(1, method="cheque")
    world.shop.refund(11, 1, "5.00")
    world.shop.sell(2, customer=None, email="cy@example.com", name="Cy Dee")

    report = world.sync()

    parked = world.parked()
    assert set(parked) == {"order/1", "refund/11"}
    assert {one.code for one in parked.values()} == {"customer_ambiguous"}
    assert parked["order/1"].reason == (
        "The customer 'Ada Byron': 3 customers of the books have the e-mail of Ada Byron: choose "
        "one. Candidates: Ada A (customer 7, ada@example.com), Ada B (customer 8, "
        "ada@example.com), Ada C (customer 9, ada@example.com, inactive)."
    )
    assert parked["order/1"].cure.startswith("Make one of them the only match in the books")
    assert world.counts(report)["order.unmatched"] == 1
    assert world.counts(report)["refund.unmatched"] == 1
    assert world.counts(report)["customer.create"] == 1
    assert "invoice.create" not in world.counts(report)
    assert report.count_newly_parked == 2
    assert world.books.kinds() == {"customer": 1, "item": 1, "sales_receipt": 1}


def test_parked_orders_go_on_by_themselves_once_the_books_are_unambiguous(
    world: BooksWorld,
) -> None:
    twin = BooksName("8", NameList.CUSTOMER, "Ada B", "ada@example.com", "CAD")
    world.books.others = [BooksName("7", NameList.CUSTOMER, "Ada A", "ada@example.com"), twin]
    world.shop.sell(1)
    world.shop.refund(11, 1, "5.00")
    world.sync()
    again = world.sync()
    world.books.others.remove(twin)

    report = world.sync()

    assert (again.parked, again.count_newly_parked) == (2, 0)
    assert report.parked == 0
    assert world.books.kinds() == {"item": 1, "refund_receipt": 1, "sales_receipt": 1}
    assert world.books.the("refund_receipt").symbols.customers == {"customer/12": "7"}


def test_every_write_of_a_parked_record_is_left_out(world: BooksWorld) -> None:
    world.books.others = [
        BooksName(number, NameList.CUSTOMER, f"Ada {number}", "ada@example.com", "CAD")
        for number in ("7", "8")
    ]
    world.shop.sell(1, method="cheque")

    plan = world.planned()

    states = {(one.key.role, one.state, one.code) for one in world.plan_writes(plan)}
    assert states == {
        (Role.CUSTOMER, IntentState.REJECTED, "customer_ambiguous"),
        (Role.ITEM, IntentState.APPROVED, None),
        (Role.SALE, IntentState.REJECTED, "customer_ambiguous"),
        (Role.PAYMENT, IntentState.REJECTED, "customer_ambiguous"),
    }


def test_a_vendor_of_the_same_name_is_no_customer_and_keeps_its_name(world: BooksWorld) -> None:
    world.books.others = [BooksName("7", NameList.VENDOR, "Ada Byron", "ada@example.com")]
    world.shop.sell(1)

    world.sync()

    assert world.books.the("customer").name == "Ada Byron (ada@example.com)"


def test_a_customer_without_any_free_name_is_a_question_without_candidates(
    world: BooksWorld,
) -> None:
    taken = ["Ada Byron", "Ada Byron (ada@example.com)", "Ada Byron - W12", "Ada Byron - W12 CAD"]
    world.books.others = [
        BooksName(str(number), NameList.VENDOR, name) for number, name in enumerate(taken)
    ]
    world.shop.sell(1)

    world.sync()

    assert world.parked()["order/1"].reason == (
        "The customer 'Ada Byron': Every name for 'Ada Byron' is taken in the books."
    )


def test_two_buyers_without_mail_and_with_one_name_stay_two(world: BooksWorld) -> None:
    world.shop.sell(1, customer="12", email="")
    world.shop.sell(2, customer="13", email="")

    world.sync()

    assert [one.name for one in world.books.of("customer")] == ["Ada Byron", "Ada Byron - W13"]
    assert world.codes() == {}


def test_a_bound_customer_of_the_books_is_not_taken_for_another_account(
    world: BooksWorld,
) -> None:
    world.books.others = [ADA]
    world.shop.sell(1, customer="12")
    world.sync()
    world.shop.sell(2, customer="13", name="Bea Byron")

    world.sync()

    assert world.books.the("customer").name == "Bea Byron"
    named = [one.symbols.customers for one in world.books.of("sales_receipt")]
    assert named[0] == {"customer/12": "7"}
    assert named[1]["customer/13"] != "7"


def test_new_items_without_an_income_account_park_their_orders(world: BooksWorld) -> None:
    world.policy = policy(new_items=NewItemPolicy())
    world.books.others = [BooksProduct("8", "Cup")]
    world.shop.sell(1)
    world.shop.sell(2, product="11", title="Cup")

    world.sync()

    parked = world.parked()["order/1"]
    assert world.codes() == {"order/1": "item_account_missing"}
    assert parked.reason.startswith("The item 'Mug': The posting policy names no income account")
    assert "udsync policy set new_items.income_account_id=" in parked.cure
    assert world.books.kinds() == {"customer": 1, "sales_receipt": 1}


def test_items_that_share_a_sku_are_told_apart_by_name(world: BooksWorld) -> None:
    world.books.others = [BooksProduct("8", "Old mug", "M")]
    world.shop.sell(1, product="10", title="Red mug", sku="M")
    world.shop.sell(2, product="11", title="Blue mug", sku="M")

    world.sync()

    assert [one.name for one in world.books.of("item")] == ["Red mug", "Blue mug"]


def test_two_products_of_one_name_get_two_items(world: BooksWorld) -> None:
    world.shop.sell(1, product="10")
    world.shop.sell(2, product="11")

    world.sync()

    assert [one.name for one in world.books.of("item")] == ["Mug", "Mug #P11"]


def test_an_item_bound_to_one_product_is_not_given_to_another(world: BooksWorld) -> None:
    world.books.others = [BooksProduct("8", "Mug")]
    world.shop.sell(1, product="10")
    world.sync()
    world.shop.sell(2, product="11")

    world.sync()

    assert world.books.of("sales_receipt")[0].symbols.items == {"product/10": "8"}
    assert world.books.the("item").name == "Mug #P11"


def test_items_of_one_sku_in_the_books_are_a_question_with_candidates(world: BooksWorld) -> None:
    world.books.others = [BooksProduct("8", "Mug A", "M"), BooksProduct("9", "Mug B", "M")]
    world.shop.sell(1, sku="M")

    world.sync()

    parked = world.parked()["order/1"]
    assert parked.code == "item_ambiguous"
    assert parked.reason == (
        "The item 'Mug': 2 items of the books have SKU M: choose one. Candidates: Mug A (item 8), "
        "Mug B (item 9)."
    )


def test_a_dry_run_shows_questions_and_parks_nothing(world: BooksWorld) -> None:
    world.books.others = [
        BooksName(number, NameList.CUSTOMER, f"Ada {number}", "ada@example.com", "CAD")
        for number in ("7", "8")
    ]
    world.shop.sell(1)

    report = world.sync(DRY)

    assert world.counts(report)["order.unmatched"] == 1
    assert (report.count_newly_parked, report.parked) == (1, 0)
    assert world.codes() == {}


def test_documents_are_nobody_to_be_matched(world: BooksWorld) -> None:
    world.shop.sell(1)
    sale = world.plan_writes(world.planned())[-1]
    world.books.calls.clear()

    decided = Matcher(world.books, world.writes, policy()).decide(sale)

    assert decided is sale
    assert world.books.calls == []


def test_a_document_of_a_parked_record_is_stopped_though_it_needs_nothing(
    world: BooksWorld,
) -> None:
    world.policy = policy(new_items=NewItemPolicy())
    world.shop.sell(1, method="cheque")
    world.shop.refund(11, 1, "5.00")
    engine = world.engine()
    plan = engine.open("orders", DRY)
    engine.extract(plan.id)
    engine.map(plan.id)
    orders, refunds = world.batches(plan)
    resolver = Resolver(Matcher(world.books, world.writes, world.policy))
    customer, item, sale, payment = world.writes.writes(orders.id)
    alone = replace(payment, depends_on=())
    (refund,) = world.writes.writes(refunds.id)

    resolved, decided, parked = resolver.resolve(orders, [customer, item, sale, alone])
    _, waiting, _ = resolver.resolve(refunds, [replace(refund, depends_on=(alone.id,))])

    assert [one.code for one in decided] == [None, *["item_account_missing"] * 2, "parked"]
    assert [one.code for one in parked] == ["item_account_missing"]
    assert resolved.records == ()
    assert [one.code for one in waiting] == ["parked"]
