"""Gift cards and tips reach the books on items of a liability, and come off it again."""

import pytest

from udsync_pipelines.emulators.woocommerce import StoreEmulator
from udsync_pipelines_tests.scenarios.books import HAMMER, StartBooks, sell
from udsync_pipelines_tests.scenarios.books import books_installation as books_installation
from udsync_pipelines_tests.scenarios.books import empty_store as empty_store
from udsync_pipelines_tests.scenarios.books import start_books as start_books
from udsync_pipelines_tests.scenarios.books_evidence import document_of, rows, unequal_books

pytestmark = pytest.mark.postgres


def test_a_sold_card_a_spent_card_and_a_tip_stand_on_the_liability(
    empty_store: StoreEmulator, start_books: StartBooks
) -> None:
    spent = {"name": "Gift card ABCD", "total": "-5.00", "tax_status": "none"}
    tip = {"name": "Tip", "total": "3.00", "tax_status": "none"}
    sold = sell(empty_store, email="a@example.org", product=HAMMER)
    paid = sell(empty_store, email="b@example.org", product=11, fee_lines=[spent, tip])
    empty_store.control.refund_order(sold, {"amount": "5.00"})
    shop = start_books(empty_store)
    control = shop.company.control
    liability = next(
        one["Id"]
        for one in shop.company.company.table("Account").values()
        if one["Name"] == "Gift Cards"
    )
    card, tips = control.add_service("Gift card", liability), control.add_service("Tips", liability)
    shop.change_policy(
        gift_cards__item=card,
        gift_cards__sold=f"product:{HAMMER}",
        gift_cards__redeemed="fee:Gift card*",
        tips__item=tips,
        tips__lines="fee:tip*",
    )

    shop.sync()
    items = {
        order: [
            line["SalesItemLineDetail"]["ItemRef"]["value"]
            for line in document_of(shop.company, order)["Line"]
            if "SalesItemLineDetail" in line
        ]
        for order in (sold, paid)
    }

    assert shop.parked() == {}
    assert unequal_books(empty_store, shop.company) == []
    assert items[sold] == [card]
    assert card in items[paid]
    assert tips in items[paid]
    assert len(rows(shop.company, "RefundReceipt")) == 1
