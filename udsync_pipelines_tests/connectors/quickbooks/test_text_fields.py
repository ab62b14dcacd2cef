"""Text fields as QuickBooks takes them, and rules that it would refuse, refused before."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from udsync_pipelines.connectors.quickbooks.text_fields import (
    KNOWN_TARGETS,
    OWNED_TARGETS,
    customer_texts,
    email_or_none,
    item_texts,
    note_with,
    sales_form_texts,
    shipping_texts,
)
from udsync_pipelines.errors import MappingError
from udsync_pipelines.mapping import load_profile

DIRECTION = "woocommerce_to_quickbooks"


def reason_against(table: str = "sale", **rule: Any) -> str:
    """Why a rule of an order's profile is refused; empty when it is not."""
    block = {"table": table, "rules": [{"source": "number", **rule}]}
    form = {"entity": "order", "directions": {DIRECTION: [block]}}
    try:
        load_profile(form, KNOWN_TARGETS, OWNED_TARGETS)
    except MappingError as error:
        return error.message
    return ""


def test_a_sales_form_gets_its_texts_in_quickbooks_own_shape() -> None:
    members = sales_form_texts(
        {
            "BillEmail": " ada@example.com ",
            "CustomerMemo": "Ring twice.\nThank you!",
            "CustomField.1": "PO-7",
            "CustomField.3": "Two\nlines",
            "BillAddr.Line1": "Ada Byron",
            "BillAddr.Line3": "1 Main St",
            "BillAddr.City": "Edmonton",
            "BillAddr.Country": "CA",
        }
    )

    assert members == {
        "BillEmail": {"Address": "ada@example.com"},
        "CustomerMemo": {"value": "Ring twice.\nThank you!"},
        "CustomField": [
            {"DefinitionId": "1", "Type": "StringType", "StringValue": "PO-7"},
            {"DefinitionId": "3", "Type": "StringType", "StringValue": "Two lines"},
        ],
        "BillAddr": {
            "Line1": "Ada Byron",
            "Line2": "1 Main St",
            "City": "Edmonton",
            "Country": "CA",
        },
    }


def test_no_texts_add_no_members_anywhere() -> None:
    assert sales_form_texts({}) == {}
    assert shipping_texts({}) == {}
    assert customer_texts({}) == {}
    assert item_texts({}) == {}
    assert note_with("marker\nOrder 7", {}) == "marker\nOrder 7"


def test_the_shipping_method_is_named_in_thirty_characters() -> None:
    members = shipping_texts({"ShipMethodRef": "Express parcel with a signature please"})

    assert members == {
        "ShipMethodRef": {
            "value": "Express parcel with a signatur",
            "name": "Express parcel with a signatur",
        }
    }


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("ada@example.com", "ada@example.com"),
        ("ada@example.com,bea@example.org ,", "ada@example.com, bea@example.org"),
        ("ada", None),
        ("ada@example", None),
        ("ada lovelace@example.com", None),
        ("ada@b@example.com", None),
        ("ada@example..com", None),
        ("Ada <ada@example.com>", None),
        ("a" * 89 + "@example.com", None),
        ("", None),
    ],
)
def test_an_address_that_quickbooks_would_refuse_is_left_out(
    written: str, sent: str | None
) -> None:
    assert email_or_none(written) == sent


def test_an_address_that_is_too_long_is_never_cut_to_another_one() -> None:
    longest = KNOWN_TARGETS["sale"]["BillEmail"]
    cut = ("a" * 86 + "@example.com.au.invalid")[:longest]

    assert email_or_none(cut) is None


def test_the_marker_stays_in_front_and_a_long_note_is_cut_behind() -> None:
    note = note_with("udsync:WC:order/7\nOrder 7 of the shop.", {"PrivateNote": "x" * 5000})

    assert note.startswith("udsync:WC:order/7\nOrder 7 of the shop.\nxxx")
    assert len(note) == 4000


def test_a_marker_typed_by_a_buyer_is_no_marker_in_the_note() -> None:
    note = note_with(
        "udsync:WC:order/7", {"PrivateNote": "see UDSYNC:WC:order/8 udsync:WC:order/9"}
    )

    assert note.split()[0] == "udsync:WC:order/7"
    assert not {"udsync:WC:order/8", "UDSYNC:WC:order/8", "udsync:WC:order/9"} & {*note.split()}


@given(st.lists(st.text(max_size=600), min_size=5, max_size=5))
def test_address_lines_are_never_longer_than_two_thousand_together(lines: list[str]) -> None:
    texts = {f"ShipAddr.Line{number}": text for number, text in enumerate(lines, 1)}

    address: Any = sales_form_texts(texts).get("ShipAddr", {})

    assert sum(map(len, address.values())) <= 2000
    assert all(0 < len(text) <= 500 for text in address.values())
    assert list(address) == [f"Line{number}" for number in range(1, len(address) + 1)]


def test_a_customer_gets_texts_and_never_a_colon_in_its_name() -> None:
    members = customer_texts(
        {
            "Title": "Dr: ",
            "Notes": "Customer 9\nof the shop",
            "AlternatePhone": "555-0199",
            "WebAddr": "https://example.com",
            "ShipAddr.City": "Edmonton",
        }
    )

    assert members == {
        "Title": "Dr",
        "AlternatePhone": {"FreeFormNumber": "555-0199"},
        "Notes": "Customer 9\nof the shop",
        "WebAddr": {"URI": "https://example.com"},
        "ShipAddr": {"City": "Edmonton"},
    }


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("Line", "the posting policy decides it"),
        ("Line.0.Description", "the posting policy decides it"),
        ("TotalAmt", "the posting policy decides it"),
        ("TxnDate", "the posting policy decides it"),
        ("TxnTaxDetail.TotalTax", "the posting policy decides it"),
        ("DepositToAccountRef", "the posting policy decides it"),
        ("DocNumber", "the posting policy decides it, so change the policy"),
        ("CustomerRef", "the posting policy decides it"),
        ("PaymentRefNum", "the posting policy decides it"),
        ("EmailStatus", "QuickBooks would mail or print by it"),
        ("CustomField.4", "QuickBooks has three custom fields"),
        ("CustomField", "QuickBooks has three custom fields"),
        ("CustomerMemos", "did you mean CustomerMemo"),
    ],
)
def test_a_rule_for_what_is_not_the_profiles_is_refused_with_the_reason(
    target: str, reason: str
) -> None:
    assert reason in reason_against(target=target)


def test_three_custom_fields_may_be_filled_and_a_fourth_may_not() -> None:
    rules = [{"target": f"CustomField.{number}", "source": "number"} for number in (1, 2, 3, 4)]
    block = {"table": "sale", "rules": rules}
    form = {"entity": "order", "directions": {DIRECTION: [block]}}

    with pytest.raises(MappingError) as refused:
        load_profile(form, KNOWN_TARGETS, OWNED_TARGETS)

    assert "rule 4 (CustomField.4)" in refused.value.message
    assert "\n" not in refused.value.message


def test_a_constant_that_is_longer_than_a_custom_field_is_refused() -> None:
    rule = {"target": "CustomField.1", "value": "x" * 32}
    form = {"entity": "order", "directions": {DIRECTION: [{"table": "sale", "rules": [rule]}]}}

    with pytest.raises(MappingError, match="has 32 characters, but it takes 31 at most"):
        load_profile(form, KNOWN_TARGETS, OWNED_TARGETS)


def test_a_refund_has_no_shipping_method_and_a_payment_no_custom_field() -> None:
    assert "refund has no column 'ShipMethodRef'" in reason_against(
        "refund", target="ShipMethodRef"
    )
    assert "three custom fields" in reason_against("payment", target="CustomField.1")


def test_nothing_that_rules_may_fill_is_owned_by_somebody_else() -> None:
    known = {field for fields in KNOWN_TARGETS.values() for field in fields}

    assert not known & OWNED_TARGETS.keys()
