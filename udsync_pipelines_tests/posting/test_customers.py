"""Whom an order is booked on, and under which name."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from udsync_pipelines.domain.customer import Customer
from udsync_pipelines.domain.party import Address
from udsync_pipelines.posting.customers import (
    MOST_OF_NAME,
    CustomerDraft,
    customer_key,
    customer_of,
    customer_of_order,
    display_names,
    free_name,
    guest_key,
    is_valid_email,
)
from udsync_pipelines.posting.names import comparable
from udsync_pipelines.posting.policy import CustomerStrategy, GuestWithoutEmail
from udsync_pipelines_tests.posting.books import CANADA, MANY_CURRENCIES, POLICY, policy
from udsync_pipelines_tests.posting.shop import BUYER, line, order

WHEN = datetime(2026, 1, 1, tzinfo=UTC)


def customer(**changes: object) -> Customer:
    usual = Customer(
        id="12",
        email="ada@example.com",
        first_name="Ada",
        last_name="Byron",
        username="ada",
        role="customer",
        billing=Address(),
        shipping=Address(),
        is_paying_customer=True,
        created_at=WHEN,
        modified_at=WHEN,
    )
    return replace(usual, **changes)  # type: ignore[arg-type]  # each test names real fields


def test_a_registered_buyer_is_known_by_the_shops_id() -> None:
    sold = order(line("1.00"), customer_id="12")

    assert customer_key(sold, POLICY, CANADA) == "customer/12"


def test_a_guest_is_known_by_the_hash_of_the_email() -> None:
    one = order(line("1.00"), customer_id=None, billing=Address(email=" Ada@Example.com "))
    other = order(line("1.00"), customer_id=None, billing=Address(email="ada@example.com"))

    assert customer_key(one, POLICY, CANADA) == customer_key(other, POLICY, CANADA)
    assert customer_key(one, POLICY, CANADA).startswith("guest:")
    assert "example" not in customer_key(one, POLICY, CANADA)


def test_a_guest_without_email_has_the_orders_own_customer() -> None:
    sold = order(line("1.00"), customer_id=None, billing=Address())

    assert customer_key(sold, POLICY, CANADA) == "order:77"
    assert customer_of_order(sold, POLICY, CANADA).display_name == "Order 77"


def test_a_guest_without_email_may_be_the_web_customer_by_policy() -> None:
    sold = order(line("1.00"), customer_id=None, billing=Address())
    rules = policy(guest_without_email=GuestWithoutEmail.WEB)

    assert customer_key(sold, rules, CANADA) == "web:CAD"


def test_one_web_customer_per_currency_serves_everybody_by_policy() -> None:
    rules = policy(customer_strategy=CustomerStrategy.WEB)
    sold = order(line("1.00", currency="USD"), currency="USD")

    assert customer_key(sold, rules, MANY_CURRENCIES) == "web:USD"
    assert customer_of_order(sold, rules, MANY_CURRENCIES).display_name == "Web customer USD"


def test_a_buyer_in_another_currency_is_a_customer_of_its_own() -> None:
    sold = order(line("1.00", currency="USD"), currency="USD", customer_id="12")

    assert customer_key(sold, POLICY, MANY_CURRENCIES) == "customer/12@USD"


def test_names_lose_the_characters_that_the_books_refuse() -> None:
    billing = Address(first_name="A:da\t", last_name="By\nron", email="ada@example.com")
    draft = customer_of_order(order(line("1.00"), billing=billing), POLICY, CANADA)

    assert draft.display_name == "A -da By ron"
    assert draft.given_name == "A -da"


@pytest.mark.parametrize(
    ("billing", "name"),
    [
        (Address(first_name="Ada", company="Engines Ltd"), "Ada"),
        (Address(company="Engines: Ltd", email="a@b.ca"), "Engines - Ltd"),
        (Address(email="a@b.ca"), "a@b.ca"),
        (Address(), "Customer 12"),
    ],
)
def test_a_customer_is_named_by_the_best_there_is(billing: Address, name: str) -> None:
    draft = customer_of_order(order(line("1.00"), billing=billing), POLICY, CANADA)

    assert draft.display_name == name


def test_a_registered_customer_without_billing_name_has_the_accounts() -> None:
    draft = customer_of(customer(), "CAD", CANADA)

    assert (draft.display_name, draft.email) == ("Ada Byron", "ada@example.com")
    assert draft.given_name == "Ada"


def test_an_email_that_the_books_refuse_is_left_out() -> None:
    billing = replace(BUYER, email="not an address")

    assert customer_of_order(order(line("1"), billing=billing), POLICY, CANADA).email == ""
    assert not is_valid_email("a@localhost")
    assert is_valid_email("a@b.ca")


def test_taken_names_get_the_email_and_then_a_lasting_mark() -> None:
    draft = customer_of(customer(), "CAD", CANADA)

    assert list(display_names(draft)) == [
        "Ada Byron",
        "Ada Byron (ada@example.com)",
        "Ada Byron - W12",
        "Ada Byron - W12 CAD",
    ]


def test_a_name_is_taken_whatever_its_case_width_and_blanks() -> None:
    draft = customer_of(customer(), "CAD", CANADA)

    taken = {comparable(name) for name in ("\uff21DA  byron", "ada byron (ADA@example.com)")}

    assert free_name(draft, taken) == "Ada Byron - W12"


def test_without_a_free_name_there_is_none() -> None:
    draft = customer_of(customer(), "CAD", CANADA)

    assert free_name(draft, {comparable(name) for name in display_names(draft)}) is None


@given(st.text(max_size=300), st.emails())
def test_every_candidate_name_fits_and_holds_no_colon(text: str, email: str) -> None:
    draft = CustomerDraft(guest_key(email), "x" * 99, email=email, currency="CAD")
    billing = Address(first_name=text, email=email)
    made = customer_of_order(order(line("1"), billing=billing), POLICY, CANADA)

    for name in [*display_names(draft), *display_names(made)]:
        assert 0 < len(name) <= MOST_OF_NAME
        assert not set(name) & set(":\t\n\r")
        assert name == name.strip()
