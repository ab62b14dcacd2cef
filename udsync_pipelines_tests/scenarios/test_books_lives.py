"""Orders that live on after they were posted: refunded, cancelled, reopened, paid later, locked."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from udsync_pipelines.emulators.quickbooks import CompanyEmulator
from udsync_pipelines.emulators.woocommerce import StoreEmulator
from udsync_pipelines.services import deciding
from udsync_pipelines.services.installation import Installation
from udsync_pipelines.sync.engine import SyncReport
from udsync_pipelines.sync.plan import Approval, SyncOptions
from udsync_pipelines_tests.scenarios.books import (
    ShopWithBooks,
    StartBooks,
    open_shop,
    sell,
)
from udsync_pipelines_tests.scenarios.books import books_installation as books_installation
from udsync_pipelines_tests.scenarios.books import empty_store as empty_store
from udsync_pipelines_tests.scenarios.books import start_books as start_books
from udsync_pipelines_tests.scenarios.books_evidence import (
    PREFIX,
    REFUNDS,
    SALES,
    Json,
    document_of,
    rows,
    standing,
    tax_of,
    unequal_books,
    writes,
)
from udsync_pipelines_tests.scenarios.evidence import listed
from udsync_pipelines_tests.scenarios.syncing import sync_lane

pytestmark = pytest.mark.postgres

# --- refunds -----------------------------------------------------------------------------------

GiveBack = Callable[[StoreEmulator, int], None]
FEE: Json = {"name": "Gift", "total": "5.00", "tax_status": "taxable"}
SHIPPED: Json = {"method_id": "flat_rate", "method_title": "Flat", "total": "12.00"}


def of_lines(*given: tuple[str, int, str, str], amount: str = "") -> GiveBack:
    """Give back lines: kind, quantity, net and tax; the amount is theirs unless it is named."""

    def give(store: StoreEmulator, order: int) -> None:
        held = listed(store, "woo_orders")[order]
        items = [
            {
                "id": held[kind][0]["id"],
                "quantity": quantity,
                "refund_total": net,
                "refund_tax": [{"id": held[kind][0]["taxes"][0]["id"], "refund_total": tax}],
            }
            for kind, quantity, net, tax in given
        ]
        total = sum(Decimal(net) + Decimal(tax) for _, _, net, tax in given)
        store.control.refund_order(order, {"amount": amount or str(total), "line_items": items})

    return give


def of_amount(amount: str) -> GiveBack:
    """Give back an amount without saying for what."""
    return lambda store, order: void(store.control.refund_order(order, {"amount": amount}))


def void(_: object) -> None:
    """Nothing of what a change returns."""


def one_after_the_other(*gifts: GiveBack) -> GiveBack:
    """Several things happen to an order between two syncs."""

    def give(store: StoreEmulator, order: int) -> None:
        for each in gifts:
            each(store, order)

    return give


def by_status(store: StoreEmulator, order: int) -> None:
    store.control.edit_order(order, {"status": "refunded"})


def dearer(store: StoreEmulator, order: int) -> None:
    line = listed(store, "woo_orders")[order]["line_items"][0]["id"]
    store.control.edit_line(order, line, "50.00")


def without_refund(store: StoreEmulator, order: int) -> None:
    (refund,) = listed(store, "woo_orders")[order]["refunds"]
    store.control.delete_refund(order, refund["id"])


HAMMER_BACK = of_lines(("line_items", 1, "19.99", "1.00"))
GIFTS: dict[str, tuple[GiveBack, str]] = {
    "full, by lines": (
        of_lines(
            ("line_items", 2, "39.98", "2.00"),
            ("shipping_lines", 1, "12.00", "0.60"),
            ("fee_lines", 1, "5.00", "0.25"),
        ),
        "2.85",
    ),
    "full, by its amount": (of_amount("59.83"), "2.85"),
    "full, by its status": (by_status, "2.85"),
    "one of two": (HAMMER_BACK, "1.00"),
    "amount only": (of_amount("10.50"), "0.50"),
    "shipping only": (of_lines(("shipping_lines", 1, "12.00", "0.60")), "0.60"),
    "fee only": (of_lines(("fee_lines", 1, "5.00", "0.25")), "0.25"),
    "tax only": (of_lines(("line_items", 0, "0", "2.00")), "2.00"),
    "twice": (one_after_the_other(HAMMER_BACK, of_amount("10.50")), "1.50"),
    "twice, and then the rest": (
        one_after_the_other(HAMMER_BACK, of_amount("10.50"), by_status),
        "2.85",
    ),
    "more than its lines": (of_lines(("line_items", 1, "19.99", "1.00"), amount="31.49"), "1.50"),
    "less than its lines": (of_lines(("line_items", 1, "19.99", "1.00"), amount="10.50"), "0.50"),
    "nothing but stock": (of_lines(("line_items", 1, "0", "0"), amount="0.00"), "0"),
    "after an edit": (one_after_the_other(dearer, of_amount("10.50")), "0.50"),
    "all of it after an edit": (one_after_the_other(dearer, by_status), "3.35"),
    "before an edit": (one_after_the_other(HAMMER_BACK, dearer), "1.00"),
    "deleted before it was posted": (one_after_the_other(HAMMER_BACK, without_refund), "0"),
}
"""What is given back, and how much of it is tax: of amounts without lines, 5 % are in them."""


@pytest.fixture(scope="module", params=["stripe", "cheque"])
def refunded(
    books_installation: Installation, request: pytest.FixtureRequest
) -> Iterator[tuple[ShopWithBooks, dict[str, int]]]:
    """Orders that were posted, as receipts or invoices, then refunded in every way, and synced."""
    with open_shop(books_installation) as shop:
        more: Json = {
            "shipping_lines": [SHIPPED],
            "fee_lines": [FEE],
            "quantity": 2,
            "payment_method": request.param,
        }
        orders = {
            name: sell(shop.store, email=f"buyer{place}@example.org", **more)
            for place, name in enumerate(GIFTS)
        }
        shop.sync()
        for name, (give, _) in GIFTS.items():
            give(shop.store, orders[name])
        shop.sync()
        yield shop, orders


@pytest.mark.parametrize("name", GIFTS)
def test_sale_less_refunds_is_what_the_shop_keeps_in_total_and_in_tax(
    refunded: tuple[ShopWithBooks, dict[str, int]], name: str
) -> None:
    shop, orders = refunded
    order = listed(shop.store, "woo_orders")[orders[name]]
    given = [
        one for one in listed(shop.store, "woo_refunds").values() if one["parent_id"] == order["id"]
    ]

    sale = document_of(shop.company, order["id"])
    back = refunds_of(shop.company, order["id"])

    kept = Decimal(order["total"]) - sum(Decimal(one["amount"]) for one in given)
    assert sale["TotalAmt"] - sum(one["TotalAmt"] for one in back) == kept
    assert tax_of(sale) == Decimal(order["total_tax"])
    assert sum(map(tax_of, back)) == Decimal(GIFTS[name][1])
    assert len(back) == sum(bool(Decimal(one["amount"])) for one in given)


def test_every_refund_is_posted_and_nothing_is_parked(
    refunded: tuple[ShopWithBooks, dict[str, int]],
) -> None:
    shop, _ = refunded

    assert shop.parked() == {}
    assert unequal_books(shop.store, shop.company) == []


def refunds_of(company: CompanyEmulator, order: int) -> list[Json]:
    found = standing(company, *REFUNDS)
    return [one for key, all_ in found.items() for one in all_ if f"-{order}-R" in key]


# --- taken back, and posted again --------------------------------------------------------------


@dataclass
class Life:
    """One order in a shop of its own, and what happens to it."""

    shop: ShopWithBooks
    order: int

    @property
    def company(self) -> CompanyEmulator:
        return self.shop.company

    @property
    def number(self) -> str:
        return f"{PREFIX}-{self.order}"

    def set(self, **changes: object) -> SyncReport:
        """Edit the order, and sync."""
        self.shop.store.control.edit_order(self.order, changes)
        return self.shop.sync()

    def cost(self, total: str) -> SyncReport:
        """Give the order's only line another total, and sync."""
        line = listed(self.shop.store, "woo_orders")[self.order]["line_items"][0]["id"]
        self.shop.store.control.edit_line(self.order, line, total)
        return self.shop.sync()

    def decide(self, choice: str, record: str = "") -> SyncReport:
        """Take a choice, and sync."""
        name = record or f"order/{self.order}"
        deciding.decide(self.shop.installation, self.shop.tenant, name, choice)
        return self.shop.sync()

    def agree(self) -> SyncReport:
        """Sync, and agree to everything that the plan holds."""
        options = SyncOptions(approve=Approval.everything)
        return sync_lane(self.shop.installation, self.shop.tenant.name, "orders", options)

    def code(self) -> str:
        return str(self.shop.parked()[f"order/{self.order}"]["code"])

    def live(self, *entities: str) -> list[Decimal]:
        """The totals of the documents of these entities that are not voided."""
        found = standing(self.company, *(entities or (*SALES, "Payment", *REFUNDS)))
        own = [key for key in found if key == self.number or key.startswith(f"{self.number}-R")]
        return [one["TotalAmt"] for key in own for one in found[key]]

    def is_equal(self) -> bool:
        return unequal_books(self.shop.store, self.company) == []


Begin = Callable[..., Life]


@pytest.fixture
def begin(empty_store: StoreEmulator, start_books: StartBooks) -> Begin:
    """Call to sell a hammer and post it. Others were sold and refunded before, and stay so."""

    def start(**more: Any) -> Life:
        for _ in range(2):
            empty_store.control.refund_order(sell(empty_store), {"amount": "5.00"})
        order = sell(empty_store, email="robin@example.org", **more)
        shop = start_books(empty_store)
        shop.sync()
        return Life(shop, order)

    return start


def test_an_order_is_cancelled_voided_reopened_and_posted_under_another_number(
    begin: Begin,
) -> None:
    life = begin()
    life.company.requests.clear()
    cancelled = life.set(status="cancelled")
    asked, untouched = life.code(), writes(life.company)
    voided = life.decide("void")
    nothing = life.live()
    reopened = life.set(status="processing")

    again = life.shop.sync(full=True)

    assert asked == "posted_but_gone"
    assert untouched == []
    assert (cancelled.parked, voided.parked, reopened.parked, again.parked) == (1, 0, 0, 0)
    assert nothing == []
    assert life.live() == [Decimal("20.99")]
    assert document_of(life.company, life.order)["DocNumber"] == f"{life.number}-v2"
    assert life.is_equal()


@pytest.mark.parametrize("answer", ["lost_answer", "close"])
def test_a_void_whose_answer_is_lost_voids_once(begin: Begin, answer: str) -> None:
    life = begin()
    life.set(status="cancelled")
    life.company.faults.add(answer, path="include=void", method="POST", times=1)
    deciding.decide(life.shop.installation, life.shop.tenant, f"order/{life.order}", "void")

    life.shop.sync_until_certain()

    assert life.live() == []
    assert document_of(life.company, life.order)["SyncToken"] == "1"
    assert life.shop.parked() == {}


def test_a_paid_invoice_and_its_refund_are_taken_back_together_when_the_order_is_deleted(
    begin: Begin,
) -> None:
    life = begin(payment_method="cheque")
    life.shop.store.control.refund_order(life.order, {"amount": "5.00"})
    life.shop.sync()
    life.shop.store.control.delete_order(life.order)

    life.shop.sync(full=True)
    asked = {name: one["code"] for name, one in life.shop.parked().items()}
    life.agree()

    assert set(asked.values()) == {"posted_but_gone"}
    assert len(asked) == 2
    assert life.live() == []
    assert life.shop.parked() == {}


def test_an_order_on_account_is_paid_later_unpaid_again_and_paid_anew(begin: Begin) -> None:
    life = begin(status="pending", payment_method="bacs")
    life.shop.change_policy(invoice_statuses="on-hold")
    life.set(status="on-hold")
    owed = life.live("Invoice"), life.live("Payment")
    life.set(status="processing")
    paid = life.live("Invoice"), life.live("Payment")
    life.set(status="on-hold")
    asked = life.code()
    life.decide("void")
    unpaid = life.live("Invoice"), life.live("Payment")

    life.set(status="processing")

    amount = [Decimal("20.99")]
    assert (owed, paid, unpaid) == ((amount, []), (amount, amount), (amount, []))
    assert asked == "document_not_due"
    assert life.live("Payment") == amount
    (invoice,) = rows(life.company, "Invoice")
    assert invoice["Balance"] == 0
    assert life.is_equal()


def test_a_refund_of_an_unpaid_invoice_is_a_credit_memo_and_is_deleted_with_it(
    begin: Begin,
) -> None:
    life = begin(status="pending", payment_method="bacs")
    life.shop.change_policy(invoice_statuses="on-hold")
    life.set(status="on-hold")
    refund = life.shop.store.control.refund_order(life.order, {"amount": "10.50"})["id"]
    life.shop.sync()
    (memo,) = rows(life.company, "CreditMemo")
    life.shop.store.control.delete_refund(life.order, refund)
    life.shop.sync(full=True)

    life.decide("void", f"refund/{refund}")

    assert (memo["TotalAmt"], tax_of(memo)) == (Decimal("10.50"), Decimal("0.50"))
    assert life.live("CreditMemo") == []
    assert life.live("Invoice") == [Decimal("20.99")]


def test_a_deleted_refund_leaves_the_sale_alone(begin: Begin) -> None:
    life = begin()
    refund = life.shop.store.control.refund_order(life.order, {"amount": "5.00"})["id"]
    life.shop.sync()
    life.shop.store.control.delete_refund(life.order, refund)
    life.shop.sync(full=True)

    life.decide("void", f"refund/{refund}")

    assert life.live(*REFUNDS) == []
    assert life.live(*SALES) == [Decimal("20.99")]
    assert life.shop.parked() == {}


# --- locked ------------------------------------------------------------------------------------


def deposited(life: Life) -> Callable[[], None]:
    deposit = life.company.control.deposit([document_of(life.company, life.order)["Id"]])
    return lambda: life.company.control.undeposit(deposit)


def closed(life: Life) -> Callable[[], None]:
    life.company.control.close_books(life.company.clock.today())
    return lambda: life.company.control.close_books("")


LOCKS = pytest.mark.parametrize(
    ("lock", "code"), [(deposited, "deposited"), (closed, "books_closed")]
)


def edited_behind(lock: Callable[[Life], Callable[[], None]], life: Life) -> Callable[[], None]:
    """Lock the order's document, then change the order; return what takes the lock away."""
    life.shop.change_policy(closed_period="redate")
    unlock = lock(life)
    life.cost("25.00")
    return unlock


@LOCKS
def test_a_locked_document_is_a_question_until_it_is_kept_or_unlocked(
    begin: Begin, lock: Callable[[Life], Callable[[], None]], code: str
) -> None:
    life = begin()
    unlock = edited_behind(lock, life)
    asked = life.code()
    kept = life.decide("keep_books")
    still = life.shop.sync(full=True)
    unlock()

    life.cost("30.00")

    assert asked == code
    assert (kept.parked, still.parked) == (0, 0)
    assert life.live() == [Decimal("31.50")]
    assert life.is_equal()


@LOCKS
def test_a_locked_document_that_is_said_to_be_free_is_written_or_asked_about_again(
    begin: Begin, lock: Callable[[Life], Callable[[], None]], code: str
) -> None:
    life = begin()
    unlock = edited_behind(lock, life)

    life.decide("write_order")
    asked_again, held = life.code(), life.live()
    unlock()
    freed = life.decide("write_order")

    assert (asked_again, held) == (code, [Decimal("20.99")])
    assert freed.parked == 0
    assert life.live() == [Decimal("26.25")]
    assert life.is_equal()


def test_a_deposited_payment_keeps_its_invoice_as_it_is(begin: Begin) -> None:
    life = begin(payment_method="cheque")
    (payment,) = rows(life.company, "Payment")
    deposit = life.company.control.deposit([payment["Id"]])
    life.cost("10.00")
    asked, held = life.code(), life.live("Invoice")
    life.company.control.undeposit(deposit)

    life.shop.sync()

    assert asked == "deposited"
    assert held == [Decimal("20.99")]
    assert life.live("Invoice") == life.live("Payment") == [Decimal("10.50")]
    assert life.is_equal()
