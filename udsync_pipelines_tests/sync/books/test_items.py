"""Products and variations as items: which are made, kept current, or left out."""

import pytest

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.errors import RecordRejectedError
from udsync_pipelines.posting.policy import (
    CustomerCreation,
    CustomerStrategy,
    GuestWithoutEmail,
)
from udsync_pipelines.sync.books.drafting import Drafter
from udsync_pipelines.sync.books.writes import Key, Role
from udsync_pipelines_tests.posting.books import CANADA, policy
from udsync_pipelines_tests.posting.shop import line, order
from udsync_pipelines_tests.sync.books.world import DRY, BooksWorld


def test_published_products_and_variations_become_items_and_follow_the_shop(
    world: BooksWorld,
) -> None:
    world.shop.product(10, "Mug")
    world.shop.product(20, "Shirt", kind="variable")
    world.shop.variation(21, 20, "S-L", size="L")

    first = world.sync(lane="products")
    world.shop.variation(21, 20, "S-XL", size="XL")
    second = world.sync(lane="products")

    assert world.counts(first)["item.created"] == 2
    assert world.counts(first)["product.skip"] == 1
    assert [one.name for one in world.books.of("item")] == ["Mug", "Shirt - L"]
    assert world.counts(second)["item.updated"] == 1
    assert getattr(world.books.of("item")[1].draft, "sku", "") == "S-XL"


@pytest.mark.parametrize(("product", "variation"), [("draft", "publish"), ("publish", "private")])
def test_what_is_not_published_is_made_by_its_first_sale_only(
    world: BooksWorld, product: str, variation: str
) -> None:
    world.shop.product(20, "Shirt", kind="variable", status=product)
    world.shop.variation(21, 20, status=variation)
    before = world.sync(lane="products")
    world.shop.sell(1, product="20", variation="21", title="Shirt - L")

    world.sync()

    assert "item.create" not in world.counts(before)
    assert world.books.the("item").name == "Shirt - L"


def test_a_draft_product_is_not_made_but_kept_current_once_sold(world: BooksWorld) -> None:
    world.shop.product(10, "Mug", status="draft")
    before = world.sync(lane="products")
    world.shop.sell(1)
    world.sync()
    world.shop.product(10, "Mug", "M-1", status="draft")

    report = world.sync(lane="products")

    assert world.counts(before) == {"product.mapped": 1, "product.skip": 1}
    assert world.counts(report)["item.updated"] == 1


def test_a_variation_without_its_product_is_left_out(world: BooksWorld) -> None:
    world.shop.variation(21, 20)

    report = world.sync(lane="products")

    assert world.counts(report) == {"variation.mapped": 1, "variation.skip": 1}


def test_a_variation_that_is_not_archived_is_made_by_what_the_order_says(
    world: BooksWorld,
) -> None:
    world.shop.sell(1, product="20", variation="21", title="Shirt - L", sku="S-L")

    world.sync()

    item = world.books.the("item")
    assert (item.name, getattr(item.draft, "key", "")) == ("Shirt - L", "variation/21")


def test_a_variation_whose_product_is_not_archived_is_made_by_the_order_as_well(
    world: BooksWorld,
) -> None:
    world.shop.variation(21, 20)
    world.sync(DRY, lane="products")
    world.shop.sell(1, product="20", variation="21", title="Shirt - L")

    world.sync()

    assert world.books.the("item").name == "Shirt - L"


def test_an_unreadable_product_does_not_hold_up_its_orders(world: BooksWorld) -> None:
    world.shop.product(10, "Mug", is_broken=True)
    world.sync(lane="products")
    world.shop.sell(1, title="Cup")

    world.sync()

    assert world.codes() == {"product/10": "bad_value"}
    assert world.books.the("item").name == "Cup"


def test_every_customer_is_made_where_the_policy_asks_for_it(world: BooksWorld) -> None:
    world.policy = policy(customer_creation=CustomerCreation.ALWAYS)
    world.shop.person(12, "Ada Byron", "ada@example.com")

    report = world.sync(lane="customers")

    assert world.counts(report)["customer.created"] == 1
    assert world.books.the("customer").name == "Ada Byron"


def test_one_web_customer_takes_every_sale_and_no_account_is_made(world: BooksWorld) -> None:
    world.policy = policy(
        customer_strategy=CustomerStrategy.WEB, customer_creation=CustomerCreation.ALWAYS
    )
    world.shop.person(12, "Ada Byron", "ada@example.com")
    accounts = world.sync(lane="customers")
    world.shop.sell(1, customer="12")
    world.shop.sell(2, customer="13")

    world.sync()

    assert world.counts(accounts) == {"customer.mapped": 1, "customer.skip": 1}
    assert world.books.the("customer").name == "Web customer CAD"


def test_guests_are_told_apart_by_mail_and_without_one_by_policy(world: BooksWorld) -> None:
    world.policy = policy(guest_without_email=GuestWithoutEmail.WEB)
    for number, email in enumerate(("a@example.com", "A@example.com", "b@example.com", ""), 1):
        world.shop.sell(number, customer=None, email=email, name=f"Guest {email}")

    world.sync()

    assert len(world.books.of("customer")) == 3
    assert "Web customer CAD" in {one.name for one in world.books.of("customer")}
    assert {key.entity for key in world.ledger.bound} == {
        Entity.CUSTOMER,
        Entity.ORDER,
        Entity.PRODUCT,
    }


def test_a_product_that_neither_shop_nor_order_describes_is_refused(world: BooksWorld) -> None:
    drafter = Drafter(world.shop, world.archive, policy(), CANADA, {}, [])

    with pytest.raises(RecordRejectedError, match="says what product 99 is") as refused:
        drafter.item(Key(Entity.PRODUCT, "99", Role.ITEM), order(line("5.00"), line("6.00")))

    assert refused.value.code == "item_unknown"
    assert "--full" in (refused.value.cure or "")
