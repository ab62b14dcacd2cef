"""Customers whom the books know already: taken when sure, else a question with candidates."""

import pytest

from udsync_pipelines.emulators.woocommerce import StoreEmulator
from udsync_pipelines_tests.scenarios.books import ALBERTA, StartBooks, sell
from udsync_pipelines_tests.scenarios.books import books_installation as books_installation
from udsync_pipelines_tests.scenarios.books import empty_store as empty_store
from udsync_pipelines_tests.scenarios.books import start_books as start_books
from udsync_pipelines_tests.scenarios.books_evidence import (
    customer_of,
    rows,
    unequal_books,
    writes,
)
from udsync_pipelines_tests.scenarios.books_people import (
    booked_on,
    customer_id,
    document_count,
    keep,
    names,
    register,
)

pytestmark = pytest.mark.postgres


@pytest.mark.parametrize(
    ("kind", "spelling"), [("vendor", "Robin Reed"), ("employee", "ROBIN  reed")]
)
def test_the_name_of_a_vendor_or_employee_is_never_taken_for_a_customer(
    empty_store: StoreEmulator, start_books: StartBooks, kind: str, spelling: str
) -> None:
    order = sell(empty_store, email="robin@example.org")
    bare = sell(empty_store)
    shop = start_books(empty_store)
    shop.company.control.act(f"add_{kind}", name=spelling)

    shop.sync()

    assert names(shop.company) == sorted(
        ["Robin Reed (robin@example.org)", f"Robin Reed - W{bare}"]
    )
    assert booked_on(shop, order) == {"Robin Reed (robin@example.org)"}
    assert shop.parked() == {}


def test_a_known_customer_of_the_books_is_taken_by_e_mail_or_by_name(
    empty_store: StoreEmulator, start_books: StartBooks
) -> None:
    by_email = sell(empty_store, first="R.", last="Reed", email="ROBIN@example.org")
    by_name = sell(empty_store, first="ada", last="STONE", email="ada@example.org")
    shop = start_books(empty_store)
    known = keep(shop, "Robin J. Reed", "robin@example.org")
    named = keep(shop, "Ada Stone")

    shop.sync()

    assert customer_id(shop, by_email) == known
    assert customer_id(shop, by_name) == named
    assert names(shop.company) == ["Ada Stone", "Robin J. Reed"]


def test_a_linked_customer_of_the_books_is_left_as_the_bookkeeper_has_it(
    empty_store: StoreEmulator, start_books: StartBooks
) -> None:
    account = register(empty_store, "robin@example.org")
    sell(empty_store, email="robin@example.org", customer_id=account)
    shop = start_books(empty_store)
    keep(shop, "Robin J. Reed", "robin@example.org")
    before = rows(shop.company, "Customer")

    shop.sync_all()
    shop.sync_all(full=True)

    assert rows(shop.company, "Customer") == before


def test_an_e_mail_that_two_customers_of_the_books_have_is_a_question(
    empty_store: StoreEmulator, start_books: StartBooks
) -> None:
    order = sell(empty_store, email="office@example.org")
    refund = empty_store.control.refund_order(order, {"amount": "5.00"})["id"]
    shop = start_books(empty_store)
    one, two = (keep(shop, name, "office@example.org") for name in ("Office A", "Office B"))

    first = shop.sync()
    asked = shop.parked()
    again = shop.sync()

    assert (first.count_newly_parked, again.count_newly_parked) == (2, 0)
    assert asked[f"order/{order}"]["code"] == "customer_ambiguous"
    for candidate in (f"Office A (customer {one}", f"Office B (customer {two}"):
        assert candidate in asked[f"order/{order}"]["reason"]
    assert asked[f"refund/{refund}"]["code"].startswith(("customer_ambiguous", "waits_for"))
    assert document_count(shop.company) == 0


def test_a_question_is_released_once_the_bookkeeper_has_answered_it(
    empty_store: StoreEmulator, start_books: StartBooks
) -> None:
    order = sell(empty_store, email="office@example.org")
    empty_store.control.refund_order(order, {"amount": "5.00"})
    shop = start_books(empty_store)
    one, two = (keep(shop, name, "office@example.org") for name in ("Office A", "Office B"))
    shop.sync()
    shop.company.control.edit("Customer", two, {"PrimaryEmailAddr": {"Address": "b@example.org"}})

    report = shop.sync()

    assert report.parked == 0
    assert customer_id(shop, order) == one
    assert unequal_books(empty_store, shop.company) == []


def test_an_inactive_customer_is_a_question_until_it_is_active_again(
    empty_store: StoreEmulator, start_books: StartBooks
) -> None:
    order = sell(empty_store, email="robin@example.org")
    shop = start_books(empty_store)
    old = keep(shop, "Robin Reed", "robin@example.org")
    shop.company.control.inactivate("Customer", old)

    shop.sync()
    asked = shop.parked()[f"order/{order}"]
    shop.company.control.edit("Customer", old, {"Active": True})
    shop.sync()

    assert asked["code"] == "customer_ambiguous"
    assert "inactive" in asked["reason"]
    assert customer_id(shop, order) == old
    assert names(shop.company) == ["Robin Reed"]


def test_a_customer_made_inactive_after_a_sale_parks_the_next_one(
    empty_store: StoreEmulator, start_books: StartBooks
) -> None:
    first = sell(empty_store, email="robin@example.org")
    shop = start_books(empty_store)
    shop.sync()
    bound = customer_id(shop, first)
    shop.company.control.inactivate("Customer", bound)
    second = sell(empty_store, email="robin@example.org")

    shop.sync()
    parked = shop.parked()
    shop.company.control.edit("Customer", bound, {"Active": True})
    shop.sync()

    assert list(parked) == [f"order/{second}"]
    assert "inactive" in parked[f"order/{second}"]["reason"].lower()
    assert customer_id(shop, second) == bound
    assert len(names(shop.company)) == 1


def test_names_of_any_length_and_signs_are_kept_apart_and_short_enough(
    empty_store: StoreEmulator, start_books: StartBooks
) -> None:
    long = "Long " * 40
    orders = [
        sell(empty_store, first="", last=f"{long}{n}", email=f"long{n}@example.org")
        for n in range(3)
    ]
    odd = sell(
        empty_store, first="Tab\there", last="Quote\"s: O'Neil, & <b>", email="o@example.org"
    )
    shop = start_books(empty_store)

    shop.sync()
    shop.sync(full=True)

    assert len({customer_id(shop, key) for key in orders}) == 3
    assert all(len(name) <= 100 for name in names(shop.company))
    assert booked_on(shop, odd) == {"Tab here Quote\"s - O'Neil, & <b>"}
    assert unequal_books(empty_store, shop.company) == []


def test_a_deleted_customer_of_the_same_name_is_a_question_not_a_guess(
    empty_store: StoreEmulator, start_books: StartBooks
) -> None:
    order = sell(empty_store, email="robin@example.org")
    shop = start_books(empty_store)
    gone = keep(shop, "Robin Reed")
    shop.company.control.inactivate("Customer", gone)

    shop.sync()
    asked = shop.parked()[f"order/{order}"]
    renamed = {"Active": True, "DisplayName": "Someone else"}
    shop.company.control.edit("Customer", gone, renamed)
    shop.sync()

    assert asked["code"] == "customer_ambiguous"
    assert f"Robin Reed (deleted) (customer {gone}, inactive)" in asked["reason"]
    assert booked_on(shop, order) == {"Robin Reed"}


def test_a_name_taken_while_we_sync_is_settled_by_the_next_sync(
    empty_store: StoreEmulator, start_books: StartBooks
) -> None:
    order = sell(empty_store, email="robin@example.org")
    shop = start_books(empty_store)
    shop.company.faults.add(
        "act",
        path=r"/customer\?",
        method="POST",
        when="before",
        actions=[{"action": "add_vendor", "name": "Robin Reed"}],
    )

    shop.sync()
    raced = shop.parked()
    shop.sync()

    assert raced[f"order/{order}"]["code"].startswith("waits_for_customer")
    assert booked_on(shop, order) == {"Robin Reed (robin@example.org)"}
    assert shop.parked() == {}


def test_registered_customers_keep_their_record_when_they_move_and_rename(
    empty_store: StoreEmulator, start_books: StartBooks
) -> None:
    account = register(empty_store, "robin@example.org")
    first = sell(empty_store, email="robin@example.org", customer_id=account)
    shop = start_books(empty_store)
    shop.sync_all()
    empty_store.control.edit_customer(
        account,
        {
            "email": "new@example.org",
            "first_name": "Robin",
            "last_name": "Stone",
            "billing": {
                **ALBERTA,
                "first_name": "Robin",
                "last_name": "Stone",
                "email": "new@example.org",
                "city": "Calgary",
            },
        },
    )
    second = sell(empty_store, last="Stone", email="new@example.org", customer_id=account)

    shop.sync_all()
    shop.sync_all()

    assert customer_id(shop, second) == customer_id(shop, first)
    assert shop.company.count("Customer") == 1
    assert customer_of(shop.company, second)["PrimaryEmailAddr"]["Address"] == "new@example.org"
    assert customer_of(shop.company, second)["BillAddr"]["City"] == "Calgary"


def test_nothing_is_written_for_a_customer_who_has_not_bought(
    empty_store: StoreEmulator, start_books: StartBooks
) -> None:
    register(empty_store, "window@example.org")
    shop = start_books(empty_store)

    shop.sync("customers")

    assert writes(shop.company) == []
