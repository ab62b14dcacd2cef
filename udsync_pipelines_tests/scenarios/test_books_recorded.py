"""The recorded store lands in the books of a Canadian company: every order to the cent, once."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import pytest

from udsync_pipelines.emulators.quickbooks import CompanyEmulator
from udsync_pipelines.emulators.woocommerce import StoreEmulator
from udsync_pipelines.services.installation import Installation
from udsync_pipelines.sync.engine import SyncReport
from udsync_pipelines.sync.plan import PlanState
from udsync_pipelines_tests.scenarios.books import FACTOR, ShopWithBooks, connect_books
from udsync_pipelines_tests.scenarios.books import books_installation as books_installation
from udsync_pipelines_tests.scenarios.books_evidence import (
    POSTED,
    Json,
    by_number,
    document_of,
    fingerprint,
    rows,
    tax_of,
    unequal_books,
    writes,
)
from udsync_pipelines_tests.scenarios.evidence import listed

pytestmark = pytest.mark.postgres

MEANING = "entity, source_id, role, target_id, target_version, content_hash"
"""The columns of a binding that are about the books."""


@dataclass(frozen=True)
class Synced:
    """The recorded store after its first sync, and what the store lists."""

    shop: ShopWithBooks
    reports: list[SyncReport]
    orders: dict[int, Json]
    refunds: dict[int, Json]

    @property
    def company(self) -> CompanyEmulator:
        """The books."""
        return self.shop.company


@pytest.fixture(scope="module")
def synced(books_installation: Installation) -> Iterator[Synced]:
    """Everything synced once; the tests of this module change nothing."""
    with (
        StoreEmulator() as store,
        CompanyEmulator(limits_factor=FACTOR, sales_items=True) as company,
    ):
        shop = connect_books(books_installation, store, company)
        shop.agree_to_park()
        reports = shop.sync_all()
        yield Synced(shop, reports, listed(store, "woo_orders"), listed(store, "woo_refunds"))


def foreign(synced: Synced) -> list[int]:
    """Orders in a posting status that are not in the company's currency."""
    return [
        key
        for key, one in synced.orders.items()
        if one["status"] in POSTED and one["currency"] != "CAD"
    ]


def test_every_order_and_refund_has_its_one_document_to_the_cent(synced: Synced) -> None:
    differences = unequal_books(synced.shop.store, synced.company, without=foreign(synced))

    assert differences == []
    assert not synced.company.options.tax_override


def test_orders_at_nothing_get_a_document_and_a_refund_of_nothing_none(synced: Synced) -> None:
    free = [
        key
        for key, one in synced.orders.items()
        if one["status"] in POSTED and not Decimal(one["total"])
    ]
    empty = [one for one in synced.refunds.values() if not Decimal(one["amount"])]

    amounts = {document_of(synced.company, key)["TotalAmt"] for key in free}
    notes = [one["PrivateNote"] for one in rows(synced.company, "RefundReceipt", "CreditMemo")]

    assert free
    assert amounts == {Decimal(0)}
    assert len(empty) == 1
    assert not [note for note in notes if f"refund/{empty[0]['id']}\n" in note]


def test_orders_in_another_currency_are_parked_with_what_to_do(synced: Synced) -> None:
    expected = {f"order/{key}" for key in foreign(synced)}

    parked = synced.shop.parked()

    assert len(expected) == 8
    assert set(parked) == expected
    assert {one["code"] for one in parked.values()} == {"currency_not_supported"}
    assert all("the books keep CAD only" in one["reason"] for one in parked.values())
    assert all("by hand, in CAD" in one["cure"] for one in parked.values())


def test_no_rounding_line_is_used_where_the_order_adds_up(synced: Synced) -> None:
    items = {one["Name"]: one["Id"] for one in rows(synced.company, "Item")}
    rounded = {
        one["DocNumber"]
        for one in rows(synced.company, "SalesReceipt", "Invoice")
        for line in one["Line"]
        if line.get("SalesItemLineDetail", {}).get("ItemRef", {}).get("value") == items["Rounding"]
    }

    odd = {f"WC-{key}" for key, one in synced.orders.items() if not adds_up(one)}

    assert rounded <= odd
    assert rounded == set()


def adds_up(order: Json) -> bool:
    """Whether lines and taxes of the shop's order come to its total."""
    lines = ("line_items", "shipping_lines", "fee_lines")
    net = sum((Decimal(one["total"]) for name in lines for one in order[name]), Decimal(0))
    return net + Decimal(order["total_tax"]) == Decimal(order["total"])


def test_orders_that_were_wholly_refunded_net_to_nothing_in_amount_and_tax(
    synced: Synced,
) -> None:
    given_back = by_number(synced.company, "RefundReceipt", "CreditMemo")
    whole = [
        key
        for key, one in synced.orders.items()
        if one["status"] == "refunded" and one["currency"] == "CAD" and Decimal(one["total"])
    ]

    left = {key: left_of(synced.orders[key], given_back) for key in whole}

    assert len(left) >= 5
    assert set(left.values()) == {(Decimal(0), Decimal(0))}


def left_of(order: Json, given_back: Mapping[str, Sequence[Json]]) -> tuple[Decimal, Decimal]:
    """What the documents of an order's refunds leave of its total and tax."""
    start = f"WC-{order['number']}-R"
    documents = [one for number, (one,) in given_back.items() if number.startswith(start)]
    return (
        Decimal(order["total"]) - sum(one["TotalAmt"] for one in documents),
        Decimal(order["total_tax"]) - sum(tax_of(one) for one in documents),
    )


def test_a_second_sync_and_a_full_one_write_nothing_anywhere(synced: Synced) -> None:
    before, bound, queued = fingerprint(synced.company), bindings(synced), queue(synced)
    bound_before_full = bindings(synced, MEANING)
    synced.company.requests.clear()

    again = synced.shop.sync_all()
    bound_again = bindings(synced)
    full = synced.shop.sync_all(full=True)
    bound_in_full = bindings(synced, MEANING)

    assert writes(synced.company) == []
    assert fingerprint(synced.company) == before
    assert bound_again == bound
    assert bound_in_full == bound_before_full
    assert queue(synced) == queued
    assert {one.plan.state for one in (*again, *full)} == {PlanState.APPLIED}
    assert [one.count_newly_parked for one in (*again, *full)] == [0] * 6


def bindings(synced: Synced, columns: str = "m") -> list[str]:
    """Every binding of the books, whole or some of its columns."""
    found = synced.shop.state(
        f"select row({columns})::text as text from udsync.id_mappings m order by 1"
    )
    return [str(row["text"]) for row in found]


def queue(synced: Synced) -> list[str]:
    """Every write of the books, whole."""
    found = synced.shop.state(
        "select q::text as text from udsync.sync_queue q where kind = 'record' order by 1"
    )
    return [str(row["text"]) for row in found]


def test_every_write_is_settled_with_what_proves_it(synced: Synced) -> None:
    settled = synced.shop.state(
        "select role, state, code, receipt from udsync.sync_queue where kind = 'record'"
    )

    assert {(row["state"], row["code"]) for row in settled} == {("settled", None)}
    proven = [row["receipt"] for row in settled if row["role"] in ("sale", "payment", "refund")]
    assert all(one["intuit_tid"] and one["sync_token"] == "0" for one in proven)
    assert sum(Decimal(one["total"]) for one in proven) == sum(
        one["TotalAmt"]
        for one in rows(synced.company, "SalesReceipt", "Invoice", "Payment", "RefundReceipt")
    )


def test_the_counts_of_the_plan_equal_what_the_company_holds(synced: Synced) -> None:
    counts = synced.reports[-1].plan.counts

    held = {
        name: synced.company.count(name)
        for name in ("SalesReceipt", "Invoice", "Payment", "RefundReceipt")
    }
    cents = 100 * sum(one["TotalAmt"] for one in rows(synced.company, "SalesReceipt"))

    assert {
        "SalesReceipt": counts["quickbooks.sales_receipt.created"],
        "Invoice": counts["quickbooks.invoice.created"],
        "Payment": counts["quickbooks.payment.created"],
        "RefundReceipt": counts["quickbooks.refund_receipt.created"],
    } == held
    assert counts["quickbooks.sales_receipt.cents.CAD"] == cents
