"""Who a sale is booked on: no wrong merge, no second record of one person, questions parked."""

import unicodedata

import pytest

from udsync_pipelines.emulators.woocommerce import StoreEmulator
from udsync_pipelines_tests.scenarios.books import StartBooks, sell
from udsync_pipelines_tests.scenarios.books import books_installation as books_installation
from udsync_pipelines_tests.scenarios.books import empty_store as empty_store
from udsync_pipelines_tests.scenarios.books import start_books as start_books
from udsync_pipelines_tests.scenarios.books_evidence import (
    customer_of,
    unequal_books,
)
from udsync_pipelines_tests.scenarios.books_people import (
    booked_on,
    customer_id,
    names,
    register,
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
