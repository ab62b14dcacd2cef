"""What people do in the books to what was posted: seen by the next sync, never written over."""

from collections.abc import Iterator
from decimal import Decimal

import pytest

from udsync_pipelines.emulators.quickbooks import CompanyEmulator
from udsync_pipelines.emulators.woocommerce import StoreEmulator
from udsync_pipelines.services import deciding
from udsync_pipelines.services.installation import Installation, open_installation
from udsync_pipelines_tests.scenarios.books import (
    ShopWithBooks,
    connect_books,
    open_shop,
    sell,
    settings_of,
)
from udsync_pipelines_tests.scenarios.books import empty_store as empty_store
from udsync_pipelines_tests.scenarios.books_evidence import (
    document_of,
    rows,
    unequal_books,
    writes,
)
from udsync_pipelines_tests.scenarios.simulated import (
    simulated_installation as simulated_installation,
)
from udsync_pipelines_tests.store.databases import StateTemplate

pytestmark = pytest.mark.postgres

LANES = ("customers", "products", "orders")


@pytest.fixture
def shop(simulated_installation: Installation) -> Iterator[ShopWithBooks]:
    """A shop of three orders that are posted; the requests so far are forgotten."""
    with open_shop(simulated_installation) as shop:
        for number in range(3):
            sell(shop.store, email=f"p{number}@example.org", last=f"Reed {number}")
        shop.sync()
        shop.company.requests.clear()
        yield shop


def orders(shop: ShopWithBooks) -> list[int]:
    """The orders of the shop, oldest first."""
    found = shop.state("select source_id from udsync.source_records where entity = 'order'")
    return sorted(int(row["source_id"]) for row in found)


def id_of(shop: ShopWithBooks, order: int) -> str:
    return str(document_of(shop.company, order)["Id"])


def codes(shop: ShopWithBooks) -> dict[str, str]:
    return {name: str(parked["code"]) for name, parked in shop.parked().items()}


def decide(shop: ShopWithBooks, order: int, choice: str) -> None:
    deciding.decide(shop.installation, shop.tenant, f"order/{order}", choice)


def dearer(shop: ShopWithBooks, order: int) -> None:
    """A bookkeeper charges more."""
    document = document_of(shop.company, order)
    lines = [dict(line) for line in document["Line"]]
    lines[0]["Amount"] = Decimal("30.00")
    lines[0]["SalesItemLineDetail"] = {
        **lines[0]["SalesItemLineDetail"], "UnitPrice": Decimal("30.00"), "Qty": Decimal(1),
    }  # fmt: skip
    shop.company.control.edit("SalesReceipt", document["Id"], {"Line": lines, "TxnTaxDetail": None})


def test_what_others_did_to_unchanged_orders_is_asked_about_and_nothing_is_written(
    shop: ShopWithBooks,
) -> None:
    deleted, voided, edited = orders(shop)
    shop.company.control.delete("SalesReceipt", id_of(shop, deleted))
    shop.company.control.void("SalesReceipt", id_of(shop, voided))
    dearer(shop, edited)

    first = shop.sync()
    again = shop.sync(full=True)

    assert codes(shop) == {
        f"order/{deleted}": "deleted_in_books",
        f"order/{voided}": "voided_in_books",
        f"order/{edited}": "edited_in_books",
    }
    assert first.count_newly_parked == 3
    assert again.count_newly_parked == 0
    assert writes(shop.company) == []
    assert shop.company.count("SalesReceipt") == 2


def test_a_document_on_another_day_or_account_is_asked_about_and_brought_back(
    shop: ShopWithBooks,
) -> None:
    redated, rebanked, kept = orders(shop)
    before = document_of(shop.company, redated)
    day, account = before["TxnDate"], before["DepositToAccountRef"]["value"]
    accounts = [one for one in rows(shop.company, "Account") if one["AccountType"] == "Bank"]
    other = next(one["Id"] for one in accounts if one["Id"] != account)
    edit = shop.company.control.edit
    edit("SalesReceipt", id_of(shop, redated), {"TxnDate": "2020-02-02"})
    edit("SalesReceipt", id_of(shop, rebanked), {"DepositToAccountRef": {"value": other}})
    edit("SalesReceipt", id_of(shop, kept), {"TxnDate": "2020-02-02"})

    shop.sync()
    asked = shop.parked()
    decide(shop, redated, "write_order")
    decide(shop, rebanked, "write_order")
    decide(shop, kept, "keep_books")
    shop.sync()
    settled = shop.sync(full=True)

    assert {one["code"] for one in asked.values()} == {"edited_in_books"}
    reason = asked[f"order/{redated}"]["reason"]
    assert reason.endswith(f", dated 2020-02-02 instead of {day}.")
    reason = asked[f"order/{rebanked}"]["reason"]
    assert reason.endswith(f", on account {other} instead of {account}.")
    assert settled.parked == 0
    assert document_of(shop.company, redated)["TxnDate"] == day
    assert document_of(shop.company, rebanked)["DepositToAccountRef"]["value"] == account
    assert document_of(shop.company, kept)["TxnDate"] == "2020-02-02"


def test_decisions_are_carried_out_by_the_next_sync(shop: ShopWithBooks) -> None:
    deleted, voided, edited = orders(shop)
    shop.company.control.delete("SalesReceipt", id_of(shop, deleted))
    shop.company.control.void("SalesReceipt", id_of(shop, voided))
    dearer(shop, edited)
    shop.sync()
    decide(shop, deleted, "post_again")
    decide(shop, voided, "keep_books")
    decide(shop, edited, "write_order")

    report = shop.sync()
    settled = shop.sync()

    assert report.parked == settled.parked == 0
    assert report.plan.counts["quickbooks.sales_receipt.created"] == 1
    assert report.plan.counts["quickbooks.sales_receipt.updated"] == 1
    kept = document_of(shop.company, voided)
    assert kept["TotalAmt"] == 0
    differing = [one for one in unequal_books(shop.store, shop.company) if str(voided) not in one]
    assert differing == []
    assert len(writes(shop.company)) == 2


def test_a_deleted_document_is_not_posted_again_when_its_order_changes(
    shop: ShopWithBooks,
) -> None:
    order = orders(shop)[0]
    shop.company.control.delete("SalesReceipt", id_of(shop, order))
    shop.store.control.edit_order(order, {"status": "completed"})

    shop.sync()

    assert codes(shop) == {f"order/{order}": "deleted_in_books"}
    assert writes(shop.company) == []


def test_what_a_person_took_out_stays_out_when_its_order_is_cancelled_and_reopened(
    shop: ShopWithBooks,
) -> None:
    deleted, voided, kept = orders(shop)
    shop.company.control.delete("SalesReceipt", id_of(shop, deleted))
    shop.company.control.void("SalesReceipt", id_of(shop, voided))
    shop.company.control.delete("SalesReceipt", id_of(shop, kept))
    shop.sync()
    decide(shop, kept, "keep_books")
    shop.sync()
    shop.store.control.edit_order(deleted, {"status": "cancelled"})
    shop.store.control.edit_order(voided, {"status": "on-hold"})
    shop.store.control.trash_order(kept)
    while_off = shop.sync()

    for order in (deleted, voided, kept):
        shop.store.control.edit_order(order, {"status": "processing"})
    shop.sync()
    shop.sync(full=True)
    asked, written = codes(shop), writes(shop.company)
    decide(shop, deleted, "post_again")
    shop.sync()

    assert while_off.parked == 0
    assert asked == {
        f"order/{deleted}": "deleted_in_books",
        f"order/{voided}": "voided_in_books",
        f"order/{kept}": "deleted_in_books",
    }
    assert written == []
    assert codes(shop) == {name: code for name, code in asked.items() if str(deleted) not in name}
    assert document_of(shop.company, deleted)["DocNumber"].endswith("-v2")


def test_names_payments_and_what_is_not_ours_make_no_difference(shop: ShopWithBooks) -> None:
    receipt = document_of(shop.company, orders(shop)[0])
    customer = receipt["CustomerRef"]["value"]
    shop.company.control.edit("Customer", customer, {"DisplayName": "Another name"})
    item = next(one for one in rows(shop.company, "Item") if one["Name"] != "Services")
    shop.company.control.inactivate("Item", item["Id"])
    shop.company.control.create("Customer", {"DisplayName": "Somebody else"})

    report = shop.sync()

    assert report.parked == 0
    counts = report.plan.counts
    # Three orders brought three customers, three receipts and an item, which come back as echoes.
    assert counts["quickbooks.followed.echoes"] == 3
    assert counts["quickbooks.followed.harmless"] == 4
    assert counts["quickbooks.followed.foreign"] == 2
    assert writes(shop.company) == []


def test_each_look_is_one_metered_read(shop: ShopWithBooks) -> None:
    before = shop.company.limits.reads

    shop.sync()
    shop.sync()

    assert shop.company.limits.reads - before == 2


def test_within_the_hour_nobody_looks_again(
    empty_store: StoreEmulator,
    state_template: StateTemplate,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with (
        state_template.clone() as url,
        open_installation(settings_of(url, tmp_path_factory.mktemp("hourly"))) as opened,
        CompanyEmulator(limits_factor=1000, sales_items=True) as company,
    ):
        shop = connect_books(opened, empty_store, company)
        for lane in LANES:
            shop.sync(lane)
        before = company.limits.reads
        for lane in LANES:
            shop.sync(lane)
        reads = company.limits.reads - before

    assert reads == 0
