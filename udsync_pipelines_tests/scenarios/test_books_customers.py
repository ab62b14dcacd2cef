"""Who a sale is booked on: no wrong merge, no second record of one person, questions parked."""

import unicodedata
from typing import Any

import pytest

from udsync_pipelines.emulators.quickbooks import CompanyEmulator
from udsync_pipelines.emulators.woocommerce import StoreEmulator
from udsync_pipelines.emulators.woocommerce.writing_customers import create_customer
from udsync_pipelines_tests.scenarios.books import ALBERTA, ShopWithBooks, StartBooks, sell
from udsync_pipelines_tests.scenarios.books import books_installation as books_installation
from udsync_pipelines_tests.scenarios.books import empty_store as empty_store
from udsync_pipelines_tests.scenarios.books import start_books as start_books
from udsync_pipelines_tests.scenarios.books_evidence import (
    Json,
    customer_of,
    rows,
    unequal_books,
    writes,
)

pytestmark = pytest.mark.postgres

COMPOSED = "Zo\u00e9 M\u00fcller"
DECOMPOSED = unicodedata.normalize("NFD", COMPOSED)


def full_width(text: str) -> str:
    """The text in the wide letters of East Asian keyboards."""
    return "".join(chr(ord(letter) + 0xFEE0) for letter in text)


def test_one_e_mail_in_many_spellings_is_one_customer(
    empty_store: StoreEmulator, start_books: StartBooks
) -> None:
    spellings = (
        "zoe@example.org",
        "ZOE@Example.org",
        " zoe@example.org ",
        f"{full_width('zoe')}@example.org",
    )
    orders = [
        sell(empty_store, first=first, last="Reed", email=email)
        for email in spellings
        for first in ("Zoe", "ZOE ", "Z.")
    ]
    shop = start_books(empty_store)

    shop.sync()
    later = sell(empty_store, first="Zoé", last="R.", email="zoe@EXAMPLE.org")
    shop.sync()

    assert names(shop.company) == ["Zoe Reed"]
    assert booked_on(shop, *orders, later) == {"Zoe Reed"}
    assert unequal_books(empty_store, shop.company) == []


def test_equal_names_with_different_e_mails_are_different_persons(
    empty_store: StoreEmulator, start_books: StartBooks
) -> None:
    addresses = [f"robin{n}@example.org" for n in range(4)]
    first = [sell(empty_store, email=email) for email in addresses]
    again = [sell(empty_store, email=email) for email in addresses]
    shop = start_books(empty_store)

    shop.sync()

    assert len(names(shop.company)) == 4
    assert [customer_of(shop.company, key)["PrimaryEmailAddr"]["Address"] for key in first] == (
        addresses
    )
    assert [customer_id(shop, key) for key in again] == [customer_id(shop, key) for key in first]
    assert unequal_books(empty_store, shop.company) == []


VARIANTS = {
    "case": ("Anna Berg", "ANNA BERG", "anna  berg"),
    "composed": (COMPOSED, DECOMPOSED, COMPOSED.upper()),
    "sharp_s": ("Straße 7", "STRASSE 7", "strasse 7"),
    "full_width": (f"{full_width('Tokyo')} Tower", "Tokyo Tower", "TOKYO TOWER"),
    "tab": ("Carl\tVale", "Carl Vale", "CARL VALE"),
    "colon": ("Lund: Söhne", "Lund - Söhne", "LUND - SÖHNE"),
}


def test_names_that_the_books_hold_to_be_one_stay_three_persons(
    empty_store: StoreEmulator, start_books: StartBooks
) -> None:
    orders = {
        kind: [
            sell(empty_store, first="", last=name, email=f"{kind}{n}@example.org")
            for n, name in enumerate(names_of_kind)
        ]
        for kind, names_of_kind in VARIANTS.items()
    }
    shop = start_books(empty_store)

    report = shop.sync()
    again = shop.sync(full=True)

    persons = {kind: len({customer_id(shop, key) for key in sold}) for kind, sold in orders.items()}
    assert persons == dict.fromkeys(VARIANTS, 3)
    assert report.parked == again.parked == 0
    assert shop.company.count("Customer") == 3 * len(VARIANTS)
    assert unequal_books(empty_store, shop.company) == []


def test_guests_without_e_mail_are_never_merged_by_their_name(
    empty_store: StoreEmulator, start_books: StartBooks
) -> None:
    orders = [sell(empty_store, first="Jo", last="Lake") for _ in range(3)]
    nameless = [sell(empty_store, first="", last="") for _ in range(2)]
    shop = start_books(empty_store)

    shop.sync()
    later = sell(empty_store, first="Jo", last="Lake")
    with_email = sell(empty_store, first="Jo", last="Lake", email="jo@example.org")
    shop.sync()

    everyone = [*orders, *nameless, later, with_email]
    assert len({customer_id(shop, key) for key in everyone}) == len(everyone)
    assert shop.parked() == {}
    assert unequal_books(empty_store, shop.company) == []


def test_guests_without_e_mail_share_the_web_customer_where_the_policy_says_so(
    empty_store: StoreEmulator, start_books: StartBooks
) -> None:
    orders = [sell(empty_store, first="Jo", last=str(n)) for n in range(3)]
    known = sell(empty_store, email="known@example.org")
    shop = start_books(empty_store)
    shop.change_policy(guest_without_email="web")

    shop.sync()

    assert booked_on(shop, *orders) == {"Web customer CAD"}
    assert booked_on(shop, known) == {"Robin Reed"}
    assert shop.company.count("Customer") == 2


def test_every_sale_is_on_the_web_customer_where_the_policy_says_so(
    empty_store: StoreEmulator, start_books: StartBooks
) -> None:
    account = register(empty_store, "robin@example.org")
    orders = [
        sell(empty_store, email="a@example.org"),
        sell(empty_store),
        sell(empty_store, email="robin@example.org", customer_id=account),
    ]
    shop = start_books(empty_store)
    shop.change_policy(customer_strategy="web")

    shop.sync_all()

    assert booked_on(shop, *orders) == {"Web customer CAD"}
    assert shop.company.count("Customer") == 1


def test_an_account_and_a_guest_with_one_e_mail_are_one_customer(
    empty_store: StoreEmulator, start_books: StartBooks
) -> None:
    account = register(empty_store, "robin@example.org")
    as_guest = sell(empty_store, email="robin@example.org")
    signed_in = sell(empty_store, email="robin@example.org", customer_id=account)
    elsewhere = sell(empty_store, email="office@example.org", customer_id=account)
    shop = start_books(empty_store)

    shop.sync_all()

    assert len({customer_id(shop, key) for key in (as_guest, signed_in, elsewhere)}) == 1
    assert shop.company.count("Customer") == 1


def test_two_accounts_that_share_an_e_mail_and_name_are_a_question(
    empty_store: StoreEmulator, start_books: StartBooks
) -> None:
    first, second = (
        register(empty_store, f"{n}@example.org", email="shared@example.org") for n in "ab"
    )
    sold_first = sell(empty_store, email="shared@example.org", customer_id=first)
    shop = start_books(empty_store)
    shop.sync()
    sold_second = sell(empty_store, email="shared@example.org", customer_id=second)

    shop.sync()
    parked = shop.parked()

    assert list(parked) == [f"order/{sold_second}"]
    assert parked[f"order/{sold_second}"]["code"] == "customer_ambiguous"
    assert "share an e-mail" in parked[f"order/{sold_second}"]["reason"]
    assert f"(customer {customer_id(shop, sold_first)}" in parked[f"order/{sold_second}"]["reason"]
    assert unequal_books(empty_store, shop.company, without=[sold_second]) == []


def test_two_accounts_that_share_an_e_mail_only_are_two_customers(
    empty_store: StoreEmulator, start_books: StartBooks
) -> None:
    accounts = [
        register(empty_store, f"{name}@example.org", email="family@example.org", first=name)
        for name in ("Ann", "Bob")
    ]
    orders = [
        sell(empty_store, first=name, email="family@example.org", customer_id=account)
        for name, account in zip(("Ann", "Bob"), accounts, strict=True)
    ]
    shop = start_books(empty_store)

    shop.sync()

    assert len({customer_id(shop, key) for key in orders}) == 2
    assert shop.parked() == {}


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


def register(store: StoreEmulator, login: str, *, email: str = "", first: str = "Robin") -> int:
    """Register an account; return its id. Plugins let two accounts share an e-mail."""
    with store.store.lock:
        made = create_customer(
            store.store,
            {
                "email": login,
                "first_name": first,
                "last_name": "Reed",
                "billing": {
                    **ALBERTA,
                    "first_name": first,
                    "last_name": "Reed",
                    "email": email or login,
                },
            },
        )
    if email:
        store.control.edit_silently("customer", made["id"], {"email": email})
    return int(made["id"])


def keep(shop: ShopWithBooks, name: str, email: str = "") -> str:
    """Have a customer in the books already, entered by a person; return its id."""
    body: Json = {"DisplayName": name}
    if email:
        body["PrimaryEmailAddr"] = {"Address": email}
    made: Any = shop.company.control.create("Customer", body)
    return str(made["Id"])


def names(company: CompanyEmulator) -> list[str]:
    """The display names of all customers of the books."""
    return sorted(one["DisplayName"] for one in rows(company, "Customer"))


def booked_on(shop: ShopWithBooks, *orders: int) -> set[str]:
    """The names of the customers that these orders are booked on."""
    return {customer_of(shop.company, key)["DisplayName"] for key in orders}


def customer_id(shop: ShopWithBooks, order: int) -> str:
    """The id of the customer that an order is booked on."""
    return str(customer_of(shop.company, order)["Id"])


def document_count(company: CompanyEmulator) -> int:
    """How many documents the books have."""
    return sum(company.count(one) for one in ("SalesReceipt", "Invoice", "RefundReceipt"))
