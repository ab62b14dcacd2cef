"""Recorded customers become canonical customers."""

import orjson

from udsync_pipelines.connectors.woocommerce import customer as woo
from udsync_pipelines.domain.customer import Customer
from udsync_pipelines_tests.connectors.woocommerce.recordings import body, dump, raw


def single(case: str) -> Customer:
    return woo.canonical(raw(f"customers/single_{case}"))


def test_all_recorded_customers_are_read() -> None:
    customers = [woo.canonical(orjson.dumps(row)) for row in dump("customers")]

    assert len(customers) == 59
    assert {customer.role for customer in customers} == {"customer"}


def test_a_customer_may_have_no_name_at_all() -> None:
    assert single("bare_minimum").full_name == ""


def test_the_billing_address_may_have_an_e_mail_of_its_own() -> None:
    customer = single("billing_email_differs")

    assert customer.email != customer.billing.email


def test_customers_of_the_same_name_are_told_apart_by_id() -> None:
    customers = [single(f"identical_name_{letter}") for letter in "abc"]

    assert len({customer.full_name for customer in customers}) == 1
    assert len({customer.id for customer in customers}) == 3


def test_a_person_never_saved_by_the_shop_has_no_modification_time() -> None:
    sent = {**body("customers/single_full"), "date_modified_gmt": None, "date_modified": None}

    assert woo.canonical(orjson.dumps(sent)).modified_at is None
    assert body("customers/single_admin_user")["date_modified_gmt"] is None


def test_names_are_not_html_and_stay_as_typed() -> None:
    sent = {**body("customers/single_full"), "first_name": "A&amp;B"}

    assert woo.canonical(orjson.dumps(sent)).first_name == "A&amp;B"
