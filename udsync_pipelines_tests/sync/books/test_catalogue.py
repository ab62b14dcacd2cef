"""What the shop's catalogue says of a product decides where a policy posts its lines."""

from udsync_pipelines.posting.documents import SalesDraft
from udsync_pipelines.posting.policy import BundleRule, GiftCardPolicy
from udsync_pipelines_tests.posting.books import policy
from udsync_pipelines_tests.sync.books.world import BooksWorld

BY_TYPE = policy(gift_cards=GiftCardPolicy(item="60", sold=("type:gift-card",)))


def items_of(world: BooksWorld, kind: str = "sales_receipt") -> list[list[str]]:
    """The items of each document's lines, as symbols."""
    return [
        [str(line.item) for line in held.draft.lines]
        for held in world.books.of(kind)
        if isinstance(held.draft, SalesDraft)
    ]


def test_a_product_of_a_gift_card_type_is_sold_on_the_liability_item(world: BooksWorld) -> None:
    world.policy = BY_TYPE
    world.shop.product(10, "Card", kind="gift-card")
    world.shop.product(11, "Mug")
    world.sync(lane="products")
    world.shop.sell(1, more=["11"])
    world.shop.sell(2)

    world.sync()

    assert items_of(world) == [["books/60", "product/11"], ["books/60"]]


def test_a_refund_of_a_gift_card_comes_from_the_liability_item(world: BooksWorld) -> None:
    world.policy = BY_TYPE
    world.shop.product(10, "Card", kind="gift-card")
    world.sync(lane="products")
    world.shop.sell(1)
    world.shop.refund(7, 1, "21.00")

    world.sync()

    assert items_of(world, "refund_receipt") == [["books/60"]]


def test_a_gift_card_is_no_item_of_its_own(world: BooksWorld) -> None:
    world.policy = BY_TYPE
    world.shop.product(10, "Card", kind="simple")
    world.shop.product(12, "Voucher", kind="bundle")
    world.policy = policy(gift_cards=GiftCardPolicy(item="60", sold=("name:Voucher",)))

    world.sync(lane="products")

    assert [one.name for one in world.books.of("item")] == ["Card"]


def test_a_product_that_cannot_be_read_is_posted_as_any_other(world: BooksWorld) -> None:
    world.policy = policy(bundles=BundleRule.CHILDREN)
    world.shop.product(10, "Mug", is_broken=True)
    world.sync(lane="products")
    world.shop.sell(1)

    world.sync()

    assert items_of(world) == [["product/10"]]


def test_the_catalogue_is_not_read_where_no_rule_looks_at_it(world: BooksWorld) -> None:
    world.shop.product(10, "Card", kind="gift-card")
    world.sync(lane="products")
    world.shop.sell(1)

    world.sync()

    assert items_of(world) == [["product/10"]]
