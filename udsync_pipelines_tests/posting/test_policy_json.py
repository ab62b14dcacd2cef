"""A posting policy survives JSON, and what is wrong in it is named."""

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines.posting.policy import (
    AutomatedTaxRule,
    ClosedPeriodRule,
    CustomerCreation,
    CustomerStrategy,
    DateBasis,
    DocumentForm,
    GatewayPolicy,
    GuestWithoutEmail,
    ItemPolicy,
    NewItemPolicy,
    PostingPolicy,
    RefundForm,
    TaxPolicy,
)
from udsync_pipelines.posting.policy_json import (
    policy_from_json,
    policy_from_text,
    policy_to_json,
    policy_version,
)
from udsync_pipelines_tests.posting.books import POLICY

ids = st.text(alphabet="0123456789", min_size=1, max_size=6)
names = st.text(min_size=1, max_size=8)
forms = st.sampled_from(DocumentForm)
gateways = st.builds(GatewayPolicy, st.none() | ids, st.none() | ids, st.none() | forms)
policies = st.builds(
    PostingPolicy,
    form=forms,
    status_forms=st.dictionaries(names, forms, max_size=3),
    posting_statuses=st.frozensets(names, max_size=4),
    invoice_statuses=st.frozensets(names, max_size=2),
    date_basis=st.sampled_from(DateBasis),
    timezone=st.sampled_from(["UTC", "America/Edmonton", "Europe/London"]),
    start_on=st.none() | st.dates(),
    closed_period=st.sampled_from(ClosedPeriodRule),
    gateways=st.dictionaries(names, gateways, max_size=3),
    items=st.builds(ItemPolicy, ids, ids, ids, ids, ids),
    new_items=st.builds(NewItemPolicy, ids, ids),
    taxes=st.builds(
        TaxPolicy, st.dictionaries(st.frozensets(ids, min_size=1, max_size=3), ids), ids, ids
    ),
    customer_strategy=st.sampled_from(CustomerStrategy),
    guest_without_email=st.sampled_from(GuestWithoutEmail),
    customer_creation=st.sampled_from(CustomerCreation),
    prefix=st.text(alphabet="ABCxyz019", min_size=1, max_size=6),
    refund_form=st.sampled_from(RefundForm),
    due_days=st.integers(0, 365),
    rounding_limit=st.decimals(0, 5, places=2),
    moved_cents_limit=st.integers(0, 9),
    allow_override=st.booleans(),
    automated_tax=st.sampled_from(AutomatedTaxRule),
)


@given(policies)
@settings(max_examples=100, deadline=None)
def test_every_policy_comes_back_from_json_text_unchanged(policy: PostingPolicy) -> None:
    text = json.dumps(policy_to_json(policy))

    assert policy_from_text(text) == policy


@given(policies, policies)
@settings(max_examples=50, deadline=None)
def test_two_policies_share_a_version_only_when_equal(
    one: PostingPolicy, other: PostingPolicy
) -> None:
    same_version = policy_version(one) == policy_version(other)

    assert same_version == (policy_to_json(one) == policy_to_json(other))


def test_a_changed_decision_changes_the_version() -> None:
    changed = replace(POLICY, start_on=date(2026, 1, 1))

    assert policy_version(changed) != policy_version(POLICY)


def test_an_empty_object_is_the_policy_with_all_defaults() -> None:
    policy = policy_from_json({})

    assert policy == PostingPolicy()
    assert policy.posting_statuses == {"processing", "completed", "refunded"}
    assert policy.form_of("processing", "bacs", "CAD") is DocumentForm.INVOICE_AND_PAYMENT
    assert policy.form_of("processing", "stripe", "CAD") is DocumentForm.SALES_RECEIPT


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"forms": "x"}, "forms is not known; did you mean form"),
        ({"form": "receipt"}, "form must be sales_receipt or invoice_and_payment"),
        ({"start_on": "1.2.2026"}, "start_on must be a day as 2026-01-31"),
        ({"timezone": "Edmonton"}, "timezone is no time zone"),
        ({"posting_statuses": "completed"}, "posting_statuses must be a list"),
        ({"posting_statuses": [1]}, r"posting_statuses\[0\] must be text"),
        ({"gateways": {"cod": {"account": "1"}}}, "gateways.cod.account is not known"),
        ({"gateways": {"cod": {"form": "x"}}}, "gateways.cod.form must be"),
        ({"gateways": []}, "gateways must be an object"),
        ({"status_forms": {"on-hold": "x"}}, "status_forms.on-hold must be"),
        ({"items": {"shiping": "1"}}, "items.shiping is not known; did you mean items.shipping"),
        ({"items": {"fees": 3}}, "items.fees must be text"),
        ({"new_items": {"account": "1"}}, "new_items.account is not known"),
        ({"new_items": {"income_account_id": 79}}, "new_items.income_account_id must be text"),
        ({"taxes": {"codes": {}}}, "taxes.codes must be a list"),
        ({"taxes": {"codes": [{"rates": [], "code": "5"}]}}, r"taxes.codes\[0\].rates must be"),
        ({"taxes": {"codes": [{"rates": ["1"]}]}}, r"taxes.codes\[0\].code must be text"),
        ({"prefix": "TOO-LONG"}, "prefix must be one to six letters or digits"),
        ({"number_pattern": "{number}"}, "number_pattern must hold"),
        ({"number_pattern": "{prefix}{number}{x}"}, "number_pattern may hold no other"),
        ({"due_days": True}, "due_days must be a whole number"),
        ({"due_days": -1}, "due_days must be zero or more"),
        ({"rounding_limit": "a lot"}, "rounding_limit must be an amount"),
        ({"allow_override": "yes"}, "allow_override must be true or false"),
        ({"schema": 99}, "schema is 99"),
        ("text", "JSON must be an object"),
    ],
)
def test_a_wrong_field_is_named_with_its_reason(values: Any, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message) as caught:
        policy_from_json(values)

    assert caught.value.code == "policy_invalid"


def test_one_set_of_rates_cannot_be_mapped_twice() -> None:
    codes = [{"rates": ["2", "3"], "code": "7"}, {"rates": ["3", "2"], "code": "8"}]

    with pytest.raises(ConfigurationError, match=r"taxes.codes\[1\] maps a set .* mapped already"):
        policy_from_json({"taxes": {"codes": codes}})


def test_text_that_is_no_json_names_the_line_and_the_column() -> None:
    with pytest.raises(ConfigurationError, match="line 2, column 2"):
        policy_from_text("{\n oops")


def test_text_that_is_nested_without_end_is_refused_too() -> None:
    with pytest.raises(ConfigurationError, match="nested too deeply"):
        policy_from_text("[" * 100_000)


def test_an_amount_may_be_a_number_and_stays_exact() -> None:
    policy = policy_from_text('{"rounding_limit": 0.03}')

    assert policy.rounding_limit == Decimal("0.03")


def test_rules_of_one_currency_come_before_those_of_the_gateway() -> None:
    rules = {"stripe": GatewayPolicy("36"), "stripe:USD": GatewayPolicy("40")}
    policy = PostingPolicy(gateways=rules)

    assert policy.gateway("stripe", "USD").account_id == "40"
    assert policy.gateway("stripe", "CAD").account_id == "36"
    assert policy.gateway("other", "CAD").account_id is None


def test_the_form_of_a_status_comes_before_that_of_the_gateway() -> None:
    policy = PostingPolicy(status_forms={"processing": DocumentForm.SALES_RECEIPT})

    assert policy.form_of("processing", "bacs", "CAD") is DocumentForm.SALES_RECEIPT
    assert policy.form_of("completed", "bacs", "CAD") is DocumentForm.INVOICE_AND_PAYMENT
