"""What people type into documents that udsync posted stays theirs."""

from collections.abc import Iterator

import pytest

from udsync_pipelines.services import deciding
from udsync_pipelines.services.installation import Installation
from udsync_pipelines_tests.scenarios.books import ShopWithBooks, open_shop, sell
from udsync_pipelines_tests.scenarios.books import books_installation as books_installation
from udsync_pipelines_tests.scenarios.books import empty_store as empty_store
from udsync_pipelines_tests.scenarios.books_evidence import document_of
from udsync_pipelines_tests.scenarios.test_books_followed import codes

pytestmark = pytest.mark.postgres

TYPED = {
    "CustomerMemo": {"value": "Paid by phone"},
    "TrackingNum": "JD0099",
    "BillEmail": {"Address": "office@example.org"},
}


@pytest.fixture
def shop(books_installation: Installation) -> Iterator[ShopWithBooks]:
    with open_shop(books_installation) as shop:
        yield shop


@pytest.fixture
def order(shop: ShopWithBooks) -> int:
    """An order that is posted, and into whose document a bookkeeper has typed."""
    order = sell(shop.store, email="reed@example.org", last="Reed")
    shop.sync()
    shop.company.control.edit("SalesReceipt", document_of(shop.company, order)["Id"], TYPED)
    return order


def typed_of(shop: ShopWithBooks, order: int) -> dict[str, object]:
    document = document_of(shop.company, order)
    return {name: document.get(name) for name in TYPED}


def move(shop: ShopWithBooks, order: int) -> None:
    """The buyer moves to another street."""
    shop.store.control.edit_order(order, {"billing": {"address_1": "5 New Street"}})


def test_what_a_person_typed_stays_while_the_order_does_not_change(
    shop: ShopWithBooks, order: int
) -> None:
    shop.sync(full=True)

    assert shop.parked() == {}
    assert typed_of(shop, order) == TYPED


def test_what_a_person_typed_is_written_over_only_when_somebody_says_so(
    shop: ShopWithBooks, order: int
) -> None:
    move(shop, order)
    shop.sync()
    asked, before = codes(shop), typed_of(shop, order)
    deciding.decide(shop.installation, shop.tenant, f"order/{order}", "write_order")

    shop.sync()

    assert asked == {f"order/{order}": "edited_in_books"}
    assert before == TYPED
    assert shop.parked() == {}
    assert typed_of(shop, order) == {
        "CustomerMemo": None,
        "TrackingNum": None,
        "BillEmail": {"Address": "reed@example.org"},
    }
