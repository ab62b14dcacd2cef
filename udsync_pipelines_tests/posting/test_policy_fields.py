"""Single fields of a policy are read and changed by their path, as a person types them."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines.posting.policy import (
    ON_ACCOUNT,
    AutomatedTaxRule,
    DateBasis,
    DocumentForm,
    GatewayPolicy,
    PostingPolicy,
)
from udsync_pipelines.posting.policy_fields import field_of, paths_of, with_field
from udsync_pipelines_tests.posting.books import POLICY


def edited(path: str, text: str) -> PostingPolicy:
    return with_field(POLICY, path, text)


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("start_on", "2026-01-01", replace(POLICY, start_on=date(2026, 1, 1))),
        ("date_basis", "paid", replace(POLICY, date_basis=DateBasis.PAID)),
        ("due_days", "14", replace(POLICY, due_days=14)),
        ("rounding_limit", "0.02", replace(POLICY, rounding_limit=Decimal("0.02"))),
        ("allow_override", "no", replace(POLICY, allow_override=False)),
        ("automated_tax", "compare", replace(POLICY, automated_tax=AutomatedTaxRule.COMPARE)),
        (
            "posting_statuses",
            "completed, refunded",
            replace(POLICY, posting_statuses=frozenset({"completed", "refunded"})),
        ),
        ("invoice_statuses", "", POLICY),
        ("items.shipping", "9", replace(POLICY, items=replace(POLICY.items, shipping="9"))),
        ("items.shipping", "", replace(POLICY, items=replace(POLICY.items, shipping=""))),
        (
            "new_items.expense_account_id",
            "90",
            replace(POLICY, new_items=replace(POLICY.new_items, expense_account_id="90")),
        ),
        ("taxes.untaxed", "2", replace(POLICY, taxes=replace(POLICY.taxes, untaxed="2"))),
        (
            "status_forms.on-hold",
            "sales_receipt",
            replace(POLICY, status_forms={"on-hold": DocumentForm.SALES_RECEIPT}),
        ),
    ],
)
def test_a_field_takes_the_value_that_is_typed(
    path: str, text: str, expected: PostingPolicy
) -> None:
    assert edited(path, text) == expected


@pytest.mark.parametrize("text", ["", "none", " None "])
def test_a_day_is_cleared_by_naming_nothing(text: str) -> None:
    begun = replace(POLICY, start_on=date(2026, 1, 1))

    assert with_field(begun, "start_on", text) == POLICY


def test_a_set_of_rates_is_named_in_any_order() -> None:
    changed = edited("taxes.codes.3+2", "8")

    assert changed.taxes.codes[frozenset({"2", "3"})] == "8"
    assert field_of(changed, "taxes.codes.2+3") == "8"
    assert len(changed.taxes.codes) == len(POLICY.taxes.codes)


def test_a_set_of_rates_is_removed_by_naming_no_code() -> None:
    changed = edited("taxes.codes.2+3", "")

    assert frozenset({"2", "3"}) not in changed.taxes.codes


def test_one_part_of_a_gateway_changes_and_the_others_stay() -> None:
    changed = edited("gateways.bacs.account_id", "37")

    assert changed.gateways["bacs"] == replace(ON_ACCOUNT, account_id="37")
    assert changed.gateways["stripe"] == POLICY.gateways["stripe"]


def test_a_gateway_of_one_currency_can_be_added_and_removed() -> None:
    added = edited("gateways.my.gateway:USD.account_id", "40")

    removed = with_field(added, "gateways.my.gateway:USD", "")

    assert added.gateways["my.gateway:USD"] == GatewayPolicy("40")
    assert removed == POLICY


def test_a_status_loses_its_form_when_nothing_is_named() -> None:
    held = edited("status_forms.on-hold", "sales_receipt")

    assert with_field(held, "status_forms.on-hold", "") == POLICY


@pytest.mark.parametrize(
    ("path", "text", "message"),
    [
        ("gateway.stripe.account_id", "1", "did you mean gateways.stripe.account_id"),
        ("start", "2026-01-01", "start is not known"),
        ("items.postage", "1", "items.postage is not known"),
        ("taxes.codes.", "7", "taxes.codes. is not known"),
        ("taxes.codes.1++2", "7", r"taxes.codes.1\+\+2 is not known"),
        ("gateways", "x", "gateways has fields of its own"),
        ("gateways.stripe", "35", "set one of them, as gateways.stripe.account_id"),
        ("taxes", "x", "taxes has fields of its own"),
        ("schema", "2", "schema is not known"),
        ("due_days", "soon", "due_days must be a whole number"),
        ("allow_override", "maybe", "allow_override must be true or false"),
        ("start_on", "1.1.2026", "start_on must be a day as 2026-01-31"),
        ("form", "receipt", "form must be sales_receipt or invoice_and_payment"),
        ("gateways.stripe.form", "x", "gateways.stripe.form must be"),
        ("prefix", "", "prefix must be one to six letters or digits"),
    ],
)
def test_a_wrong_field_or_value_is_named_with_its_reason(
    path: str, text: str, message: str
) -> None:
    with pytest.raises(ConfigurationError, match=message):
        edited(path, text)


def test_every_field_that_is_listed_can_be_read() -> None:
    paths = paths_of(POLICY)

    assert {"start_on", "items.fees", "gateways.*.account_id", "taxes.codes.5+6"} <= set(paths)
    assert field_of(POLICY, "gateways.stripe.account_id") == "36"


def test_what_the_policy_does_not_hold_is_nothing() -> None:
    assert field_of(POLICY, "taxes.codes.77") is None
    assert field_of(POLICY, "gateways.klarna.account_id") is None
