"""The texts of profiles reach their drafts, and change nothing that has a value in money."""

from dataclasses import replace
from functools import cache

import pytest

from udsync_pipelines.connectors.quickbooks.text_fields import KNOWN_TARGETS, OWNED_TARGETS
from udsync_pipelines.domain.order import Discount, LineKind
from udsync_pipelines.domain.party import Address
from udsync_pipelines.errors import RecordRejectedError
from udsync_pipelines.mapping import Profile, default_profiles, load_profile
from udsync_pipelines.posting.compose import compose_order
from udsync_pipelines.posting.customers import customer_of
from udsync_pipelines.posting.documents import Composition, DraftKind
from udsync_pipelines.posting.items import item_of_product
from udsync_pipelines.posting.texts import (
    NO_TEXTS,
    composed_with,
    merged,
    role_of,
    texts_of,
    with_texts,
)
from udsync_pipelines_tests.domain.records import mug_product, registered_customer
from udsync_pipelines_tests.posting.books import CANADA, POLICY
from udsync_pipelines_tests.posting.shop import line, money, order, refund

DIRECTION = "woocommerce_to_quickbooks"
HOME = Address(
    "Ada",
    "Byron",
    "Engines Ltd",
    "1 Main St",
    "Flat 2",
    "Edmonton",
    "AB",
    "T5J 0A1",
    "CA",
    "ada@example.com",
    "555-0100",
)
SALE = order(
    line("10.00", {"1": "0.50"}),
    line("5.00", {"1": "0.25"}, kind=LineKind.SHIPPING, name="Express parcel", product_id=None),
    billing=HOME,
    shipping=replace(HOME, company="", address_2=""),
    customer_note="Ring twice.\nThank you!",
    payment_method="bacs",
    payment_method_title="Bank transfer",
    transaction_id="TX-0001",
    discounts=(Discount("SAVE5", money("5"), money("0.25")),),
)


@cache
def profiles() -> dict[str, Profile]:
    return default_profiles(DIRECTION, KNOWN_TARGETS, OWNED_TARGETS)


def composed() -> Composition:
    made = compose_order(SALE, POLICY, CANADA)
    assert isinstance(made, Composition)
    return made


def test_every_entity_has_a_default_profile_for_the_books() -> None:
    filled = {name: {block.table for block in p.blocks} for name, p in profiles().items()}

    assert filled == {
        "order": {"sale", "payment", "refund"},
        "refund": {"refund"},
        "customer": {"customer"},
        "product": {"item"},
        "variation": {"item"},
    }


def test_a_sale_tells_the_buyers_note_address_shipping_and_payment() -> None:
    texts = texts_of(profiles()["order"], SALE, {})

    assert texts["sale"] == {
        "BillEmail": "ada@example.com",
        "CustomerMemo": "Ring twice.\nThank you!",
        "PrivateNote": "Payment method: Bank transfer, transaction TX-0001",
        "ShipMethodRef": "Express parcel",
        "BillAddr.Line1": "Ada Byron",
        "BillAddr.Line2": "Engines Ltd",
        "BillAddr.Line3": "1 Main St",
        "BillAddr.Line4": "Flat 2",
        "BillAddr.City": "Edmonton",
        "BillAddr.CountrySubDivisionCode": "AB",
        "BillAddr.PostalCode": "T5J 0A1",
        "BillAddr.Country": "CA",
        "ShipAddr.Line1": "Ada Byron",
        "ShipAddr.Line3": "1 Main St",
        "ShipAddr.City": "Edmonton",
        "ShipAddr.CountrySubDivisionCode": "AB",
        "ShipAddr.PostalCode": "T5J 0A1",
        "ShipAddr.Country": "CA",
    }


def test_texts_change_nothing_else_of_a_composition() -> None:
    plain = composed()

    told = composed_with(plain, texts_of(profiles()["order"], SALE, {}))

    assert [document.kind for document in told.documents] == [DraftKind.INVOICE, DraftKind.PAYMENT]
    assert all(document.texts for document in told.documents)
    assert composed_with(told, NO_TEXTS) == plain


def test_each_document_has_the_texts_of_its_own_role() -> None:
    texts = {"sale": {"CustomerMemo": "Hello"}, "payment": {"PrivateNote": "Paid"}}

    told = composed_with(composed(), texts)

    assert [document.texts for document in told.documents] == [texts["sale"], texts["payment"]]


def test_a_refund_adds_its_reason_to_what_its_order_says() -> None:
    of_order = texts_of(profiles()["order"], SALE, {})
    of_refund = texts_of(profiles()["refund"], refund("5.00", reason=" Broken lid "), {})

    together = merged(of_order, of_refund)["refund"]

    assert together["PrivateNote"] == "Reason: Broken lid"
    assert together["BillAddr.City"] == "Edmonton"
    assert "ShipMethodRef" not in together


def test_a_refund_without_a_reason_has_no_note_of_its_own() -> None:
    texts = texts_of(profiles()["refund"], refund("5.00", reason=""), {})

    assert texts == {"refund": {}}


def test_a_registered_customer_is_told_with_its_number_and_second_phone() -> None:
    person = registered_customer(shipping=Address(phone="555-0199"))

    draft = with_texts(
        customer_of(person, "CAD", CANADA), texts_of(profiles()["customer"], person, {})
    )

    assert draft.texts == {"Notes": "Customer of the shop: 9, ann", "AlternatePhone": "555-0199"}


def test_an_items_description_is_plain_text_in_the_books() -> None:
    mug = mug_product(description="<p>Blue &amp; <b>big</b></p>")

    draft = with_texts(item_of_product(mug), texts_of(profiles()["product"], mug, {}))

    assert draft.texts == {"Description": "Blue & big"}
    assert role_of(draft) == "item"


def test_a_later_records_text_wins_only_where_it_has_one() -> None:
    product = {"item": {"Description": "A mug", "PurchaseDesc": "Mug"}}
    variation = {"item": {"Description": "A blue mug"}}

    assert merged(product, variation) == {
        "item": {"Description": "A blue mug", "PurchaseDesc": "Mug"}
    }
    assert merged(product, {"item": {}}) == product


def test_an_entity_without_a_profile_has_no_texts() -> None:
    texts = texts_of(None, SALE, {})

    assert texts == NO_TEXTS


def test_a_rule_that_cannot_be_applied_parks_the_order_by_name() -> None:
    rules = [{"target": "CustomerMemo", "source": "raw.note"}]
    form = {"entity": "order", "directions": {DIRECTION: [{"table": "sale", "rules": rules}]}}
    profile = load_profile(form, KNOWN_TARGETS, OWNED_TARGETS)

    with pytest.raises(RecordRejectedError, match=r"rule 1 for sale\.CustomerMemo") as caught:
        texts_of(profile, SALE, {"note": {"a": 1}})

    assert caught.value.record == "order/77"
