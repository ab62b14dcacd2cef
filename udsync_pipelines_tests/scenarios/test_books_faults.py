"""What may happen to an answer of QuickBooks: one document in the end, and never a green lie.

Each fault strikes a sync with a few new orders. A sync that ends green has everything; after as
many more as it takes, every order has exactly one document, also where QuickBooks forgets request
ids. The orders of all tests gather in one shop for each.
"""

import itertools
import time
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from udsync_pipelines.emulators.woocommerce import StoreEmulator
from udsync_pipelines.errors import UdsyncError
from udsync_pipelines.services import deciding
from udsync_pipelines.services.installation import Installation
from udsync_pipelines_tests.scenarios.books import HORIZON_SECONDS, ShopWithBooks, open_shop, sell
from udsync_pipelines_tests.scenarios.books import books_installation as books_installation
from udsync_pipelines_tests.scenarios.books_evidence import document_of, unequal_books
from udsync_pipelines_tests.scenarios.evidence import listed

pytestmark = pytest.mark.postgres

Fault = dict[str, Any]

_numbers = itertools.count(1)

RECEIPT = r"/salesreceipt\?"
FAULTS: dict[str, Fault] = {
    "slow_down": {"kind": "status", "status": 429, "retry_after": 1},
    "internal_error": {"kind": "status", "status": 500},
    "internal_error_after_the_work": {"kind": "status", "status": 500, "after_commit": True},
    "bad_gateway": {"kind": "status", "status": 502},
    "bad_gateway_after_the_work": {"kind": "status", "status": 502, "after_commit": True},
    "unavailable": {"kind": "status", "status": 503},
    "unavailable_after_the_work": {"kind": "status", "status": 503, "after_commit": True},
    "gateway_timeout": {"kind": "status", "status": 504},
    "gateway_timeout_after_the_work": {"kind": "status", "status": 504, "after_commit": True},
    "fault_with_status_200": {"kind": "fault_200", "code": "10000", "detail": "try later"},
    "fault_200_after_the_work": {
        "kind": "fault_200", "code": "10000", "detail": "try later", "after_commit": True
    },
    "closed_connection": {"kind": "close"},
    "lost_answer": {"kind": "lost_answer"},
    "truncated_answer": {"kind": "truncated"},
    "nothing_but_a_header": {"kind": "truncated", "keep": 0},
    "silence": {"kind": "hang", "seconds": 4},
    "silence_after_the_work": {"kind": "hang", "seconds": 4, "after_commit": True},
    "slow_answer": {"kind": "slow", "seconds": 0.5},
    "expired_token": {"kind": "expired_token"},
}  # fmt: skip
WRITES = ("customer", "item", "salesreceipt", "invoice", "payment", "refundreceipt")


@pytest.fixture(scope="module")
def forgetful(books_installation: Installation) -> Iterator[ShopWithBooks]:
    """A shop whose books forget request ids at once: nothing promises that they are kept."""
    with open_shop(books_installation, requestid=False) as shop:
        yield shop


@pytest.fixture(scope="module")
def remembering(books_installation: Installation) -> Iterator[ShopWithBooks]:
    """A shop whose books answer a request id that they know with their first answer."""
    with open_shop(books_installation) as shop:
        yield shop


@pytest.fixture
def shop(forgetful: ShopWithBooks) -> Iterator[ShopWithBooks]:
    """The forgetful shop with new orders."""
    sell_something_new(forgetful.store)
    yield forgetful
    forgetful.company.faults.clear()
    forgetful.company.control.delay_visibility(0)
    forgetful.company.clock.run()


def sell_something_new(store: StoreEmulator) -> None:
    """Four orders of new customers, one on account and one with a new product, and a refund."""
    number = next(_numbers)
    products = [
        key
        for key, one in sorted(listed(store, "woo_products").items())
        if one["type"] == "simple" and one["status"] == "publish" and Decimal(one["price"] or 0) > 1
    ]
    product = products[number % len(products)]
    for n in range(2):
        sell(store, last=f"Guest {number} {n}", email=f"g{n}-{number}@example.org")
    sell(store, last=f"Account {number}", email=f"a{number}@example.org", payment_method="cheque")
    sold = sell(store, last=f"Back {number}", email=f"b{number}@example.org", product=product)
    store.control.refund_order(sold, {"amount": "1.00"})


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_while_posting_doubles_nothing_and_hides_nothing(
    shop: ShopWithBooks, name: str
) -> None:
    fault = shop.company.faults.add(path=RECEIPT, method="POST", nth=2, **FAULTS[name])

    outcome = attempt(shop)
    left = unequal_books(shop.store, shop.company)
    shop.sync_until_certain()

    assert fault.struck == 1
    assert outcome != "green" or left == []
    assert unequal_books(shop.store, shop.company) == []
    assert shop.parked() == {}


@pytest.mark.parametrize(
    "name", ["lost_answer", "truncated_answer", "internal_error_after_the_work"]
)
def test_books_that_remember_request_ids_end_with_the_same(
    remembering: ShopWithBooks, name: str
) -> None:
    sell_something_new(remembering.store)
    fault = remembering.company.faults.add(path=RECEIPT, method="POST", nth=2, **FAULTS[name])

    attempt(remembering)
    remembering.sync_until_certain()

    assert fault.struck == 1
    assert unequal_books(remembering.store, remembering.company) == []
    assert remembering.parked() == {}


def test_lost_answers_to_every_kind_of_write_are_looked_up_not_sent_twice(
    shop: ShopWithBooks,
) -> None:
    faults = [
        shop.company.faults.add("lost_answer", path=rf"/{entity}\?", method="POST")
        for entity in WRITES
    ]

    outcome = attempt(shop)
    left = unequal_books(shop.store, shop.company)
    shop.sync_until_certain()

    assert [fault.struck for fault in faults] == [1] * len(WRITES)
    assert outcome != "green" or left == []
    assert unequal_books(shop.store, shop.company) == []
    assert shop.parked() == {}


@pytest.mark.parametrize("entity", WRITES)
def test_a_lost_answer_to_what_is_not_yet_visible_is_waited_for(
    shop: ShopWithBooks, entity: str
) -> None:
    shop.company.control.delay_visibility(HORIZON_SECONDS * 0.9)
    shop.company.clock.set(shop.company.clock.now())  # nothing new shows while it stands still
    fault = shop.company.faults.add("lost_answer", path=rf"/{entity}\?", method="POST")

    outcome = attempt(shop)
    shop.company.clock.run()
    shop.sync_until_certain()

    assert fault.struck == 1
    assert outcome == "not green"
    assert unequal_books(shop.store, shop.company) == []
    assert shop.parked() == {}


def test_a_document_deleted_before_its_lost_answer_comes_again_is_a_question(
    remembering: ShopWithBooks,
) -> None:
    company = remembering.company
    order = sell(remembering.store, last="Deleted", email="deleted@example.org")
    company.control.delay_visibility(HORIZON_SECONDS * 0.9)
    company.clock.set(company.clock.now())
    company.faults.add("lost_answer", path=r"/salesreceipt\?", method="POST")
    remembering.sync()
    company.control.delete("SalesReceipt", document_of(company, order)["Id"])
    company.clock.run()
    time.sleep(HORIZON_SECONDS)

    remembering.sync()
    told = remembering.parked()[f"order/{order}"]
    left_out = unequal_books(remembering.store, company, without=[order])
    remembering.sync()
    deciding.decide(remembering.installation, remembering.tenant, f"order/{order}", "post_again")
    remembering.sync()

    assert told["code"] == "deleted_in_books"
    assert "its answer was lost" in told["reason"]
    assert left_out == []
    assert unequal_books(remembering.store, company) == []
    assert remembering.parked() == {}


@pytest.mark.parametrize("kind", ["close", "lost_answer", "truncated"])
def test_a_connection_that_fails_at_every_third_write_ends_with_one_of_each(
    shop: ShopWithBooks, kind: str
) -> None:
    fault = shop.company.faults.add(kind, method="POST", path="/v3/", every=3, times=0)

    attempt(shop)
    attempt(shop)
    shop.company.faults.clear()
    shop.sync_until_certain()

    assert fault.struck >= 3
    assert unequal_books(shop.store, shop.company) == []
    assert shop.parked() == {}


def test_a_company_that_stays_silent_is_said_and_made_up_for(
    shop: ShopWithBooks,
) -> None:
    shop.company.faults.add("status", status=503, path="/v3/", times=0)

    outcome = attempt(shop)
    shop.company.faults.clear()
    shop.sync_until_certain()

    assert outcome == "failed"
    assert unequal_books(shop.store, shop.company) == []


def attempt(shop: ShopWithBooks) -> str:
    """Sync once; `green` when it claims that everything is settled."""
    try:
        report = shop.sync()
    except UdsyncError as error:
        return "failed" if "\n" not in str(error) else "failed, in several lines"
    return "green" if report.in_doubt == report.parked == 0 else "not green"
