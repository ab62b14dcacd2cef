"""Matching with the books: never a wrong merge, never a second record, never a guess."""

from dataclasses import replace

import pytest

from udsync_pipelines.posting.customers import CustomerDraft, guest_key
from udsync_pipelines.posting.items import ItemDraft, ItemKind
from udsync_pipelines.posting.matching import (
    Absent,
    Ambiguous,
    BooksName,
    BooksProduct,
    Matched,
    MatchedBy,
    NameList,
    match_customer,
    match_item,
)

ADA = CustomerDraft("customer/12", "Ada Byron", email="ada@example.com", currency="CAD")
MUG = ItemDraft("product/10", "Mug", "MUG-1", "", ItemKind.NON_INVENTORY)


def name(
    books_id: str, display_name: str, email: str = "", kind: NameList = NameList.CUSTOMER
) -> BooksName:
    return BooksName(books_id, kind, display_name, email)


def test_a_binding_comes_before_everything_else() -> None:
    match = match_customer(ADA, [name("5", "Ada Byron", "ada@example.com")], bound_id="9")

    assert match == Matched("9", MatchedBy.BINDING)


@pytest.mark.parametrize("email", ["ada@example.com", "ADA@Example.com", " ada@example.com "])
def test_one_customer_with_the_email_is_the_match(email: str) -> None:
    names = [name("5", "A. Byron", email), name("6", "Ada Byron", "other@example.com")]

    assert match_customer(ADA, names) == Matched("5", MatchedBy.EMAIL)


def test_of_two_with_the_email_the_one_of_the_name_is_the_match() -> None:
    names = [name("5", "Office", ADA.email), name("6", "ada  BYRON", ADA.email)]

    assert match_customer(ADA, names) == Matched("6", MatchedBy.EMAIL)


def test_two_with_the_email_and_neither_the_name_are_a_question() -> None:
    names = [name("5", "Office", ADA.email), name("6", "Desk", ADA.email)]

    match = match_customer(ADA, names)

    assert isinstance(match, Ambiguous)
    assert match.candidates == ("5", "6")
    assert "choose one" in match.reason


@pytest.mark.parametrize(
    "written", ["Ada Byron", "ada byron", " Ada  Byron", "Ada Byron (deleted)"]
)
def test_a_customer_of_the_name_without_email_is_the_match(written: str) -> None:
    assert match_customer(ADA, [name("5", written)]) == Matched("5", MatchedBy.NAME)


def test_equal_names_with_different_emails_are_two_persons() -> None:
    match = match_customer(ADA, [name("5", "Ada Byron", "another@example.com")])

    assert match == Absent("Ada Byron (ada@example.com)")


def test_two_customers_of_the_name_without_email_are_a_question() -> None:
    match = match_customer(ADA, [name("5", "Ada Byron"), name("6", "ADA BYRON")])

    assert isinstance(match, Ambiguous)
    assert match.candidates == ("5", "6")


def test_a_buyer_without_email_is_not_guessed_from_a_name_with_one() -> None:
    match = match_customer(replace(ADA, email=""), [name("5", "Ada Byron", "a@example.com")])

    assert isinstance(match, Ambiguous)
    assert match.candidates == ("5",)


@pytest.mark.parametrize("kind", [NameList.VENDOR, NameList.EMPLOYEE])
def test_a_vendor_or_employee_takes_the_name_and_is_no_match(kind: NameList) -> None:
    match = match_customer(ADA, [name("5", "Ada Byron", ADA.email, kind)])

    assert match == Absent("Ada Byron (ada@example.com)")


def test_an_inactive_customer_is_a_question_not_a_second_record() -> None:
    inactive = replace(name("5", "Ada Byron (deleted)", ADA.email), is_active=False)

    match = match_customer(ADA, [inactive])

    assert isinstance(match, Ambiguous)
    assert match.candidates == ("5",)
    assert "make it active" in match.reason


def test_a_customer_in_another_currency_only_takes_the_name() -> None:
    american = replace(name("5", "Ada Byron", ADA.email), currency="USD")

    assert match_customer(ADA, [american]) == Absent("Ada Byron (ada@example.com)")


def test_a_guest_and_an_account_of_one_email_are_one_customer() -> None:
    guest = replace(ADA, key=guest_key(ADA.email))
    names = [name("5", "Ada Byron", ADA.email)]

    assert match_customer(guest, names, bound_keys={"5": {"customer/12"}}) == Matched(
        "5", MatchedBy.EMAIL
    )
    assert match_customer(ADA, names, bound_keys={"5": {guest.key}}) == Matched(
        "5", MatchedBy.EMAIL
    )


def test_two_accounts_that_share_an_email_are_never_merged() -> None:
    brother = replace(ADA, key="customer/13", display_name="Basil Byron")

    match = match_customer(
        brother, [name("5", "Ada Byron", ADA.email)], bound_keys={"5": {"customer/12"}}
    )

    assert match == Absent("Basil Byron")


def test_two_accounts_of_one_name_and_email_are_a_question() -> None:
    twin = replace(ADA, key="customer/13")

    match = match_customer(
        twin, [name("5", "Ada Byron", ADA.email)], bound_keys={"5": {"customer/12"}}
    )

    assert isinstance(match, Ambiguous)
    assert match.candidates == ("5",)


def test_guests_without_email_and_of_one_name_stay_apart() -> None:
    first = CustomerDraft("order:1", "Ada Byron", currency="CAD")
    second = CustomerDraft("order:2", "Ada Byron", currency="CAD")
    created = name("5", "Ada Byron")

    assert match_customer(first, []) == Absent("Ada Byron")
    assert match_customer(second, [created], bound_keys={"5": {"order:1"}}) == Absent(
        "Ada Byron - W2"
    )


def test_accents_in_two_forms_are_one_name() -> None:
    draft = replace(ADA, display_name="Zo\u00eb", email="")

    assert match_customer(draft, [name("5", "Zoe\u0308")]) == Matched("5", MatchedBy.NAME)


def test_an_item_is_found_by_its_sku_before_its_name() -> None:
    products = [BooksProduct("1", "Mug"), BooksProduct("2", "Cup", "mug-1")]

    assert match_item(MUG, products) == Matched("2", MatchedBy.SKU)


def test_two_items_with_the_sku_are_a_question() -> None:
    match = match_item(MUG, [BooksProduct("1", "A", "MUG-1"), BooksProduct("2", "B", "MUG-1")])

    assert isinstance(match, Ambiguous)
    assert match.candidates == ("1", "2")


def test_a_sku_that_several_products_share_identifies_none() -> None:
    products = [BooksProduct("2", "Cup", "MUG-1")]

    assert match_item(MUG, products, shared_skus={"MUG-1"}) == Absent("Mug")


def test_an_item_of_the_name_without_sku_is_the_match() -> None:
    assert match_item(MUG, [BooksProduct("1", "MUG")]) == Matched("1", MatchedBy.NAME)


def test_an_item_of_the_name_with_another_sku_is_another_item() -> None:
    assert match_item(MUG, [BooksProduct("1", "Mug", "OLD-7")]) == Absent("Mug (MUG-1)")


def test_an_inactive_item_is_a_question() -> None:
    match = match_item(MUG, [BooksProduct("1", "Mug", "MUG-1", is_active=False)])

    assert isinstance(match, Ambiguous)


def test_an_item_bound_to_another_product_only_takes_the_name() -> None:
    match = match_item(MUG, [BooksProduct("1", "Mug", "MUG-1")], bound_elsewhere={"1"})

    assert match == Absent("Mug (MUG-1)")


def test_a_bound_item_stays_bound() -> None:
    assert match_item(MUG, [], bound_id="4") == Matched("4", MatchedBy.BINDING)


def test_an_item_without_any_free_name_is_a_question() -> None:
    products = [
        BooksProduct(str(place), written, "X")
        for place, written in enumerate(["Mug", "Mug (MUG-1)", "Mug #P10"])
    ]

    assert isinstance(match_item(MUG, products), Ambiguous)
