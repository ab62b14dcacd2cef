"""An invalid profile is refused when it is loaded, with rule, target and reason."""

from types import MappingProxyType
from typing import Any

import pytest

from udsync_pipelines.domain.order import Order
from udsync_pipelines.errors import MappingError
from udsync_pipelines.mapping import default_profiles, from_json, load_profile, to_json
from udsync_pipelines.mapping.source import fields_of
from udsync_pipelines_tests.mapping.profiles import (
    DIRECTION,
    profile_form,
    profile_of,
    reasons_against,
)

NUMBER = {"target": "number", "source": "number"}
KNOWN = {"orders": ["number", "total", "billing_city"], "lines": ["id"]}


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ({"source": "number"}, "a table with a 'target'"),
        ({"target": 5, "source": "number"}, "a table with a 'target'"),
        ({"target": "a b", "source": "number"}, "no name of a target"),
        ({"target": "t"}, "one of source, sources and value, not none"),
        ({"target": "t", "source": "id", "value": 1}, "not source and value"),
        (
            {"target": "t", "source": "id", "sources": ["id"], "apply": ["concat"]},
            "not source and sources",
        ),
        ({"target": "t", "source": "id", "aply": []}, "no key 'aply' in a rule: did you mean"),
        ({"target": "t", "source": "id", "required": "yes"}, "'required' is true or false"),
        ({"target": "t", "source": "id", "note": 5}, "'note' is text"),
        ({"target": "t", "source": 5}, "a path in quotes"),
        ({"target": "t", "source": "billig.city"}, "no field 'billig': did you mean billing"),
        ({"target": "t", "source": "billing.cty"}, "Address has no field 'cty': did you mean city"),
        ({"target": "t", "source": "billing..city"}, "not well formed at character 8"),
        ({"target": "t", "source": "number.first"}, "goes on below text"),
        ({"target": "t", "source": "lines.name"}, "'name' is below a list"),
        ({"target": "t", "source": "lines[nme=a].id"}, "OrderLine has no field 'nme'"),
        ({"target": "t", "source": "billing[a=b]"}, "Address is no list"),
        ({"target": "t", "source": "meta[a=b]"}, "goes on below a table"),
        ({"target": "t", "source": "total"}, "'total' ends at a record"),
        ({"target": "t", "source": "lines"}, "'lines' ends at a list"),
        ({"target": "t", "source": "lines", "apply": ["first"]}, "'lines' ends at a list"),
        ({"target": "t", "source": "index"}, "exists only in a block that has 'each'"),
        ({"target": "t", "sources": []}, "a list of 1 to 20 paths"),
        ({"target": "t", "sources": "id"}, "a list of 1 to 20 paths"),
        ({"target": "t", "sources": ["id", 5]}, "a path in quotes"),
        ({"target": "t", "sources": ["id", "number"]}, "need concat or coalesce"),
        ({"target": "t", "sources": ["id"], "apply": ["trim"]}, "need concat or coalesce"),
        ({"target": "t", "sources": ["id", "total"], "apply": ["concat"]}, "ends at a record"),
        ({"target": "t", "value": 1.5}, "written as text"),
        ({"target": "t", "value": None}, "text, a whole number, or true or false"),
        ({"target": "t", "value": "abc", "apply": ["to_decimal"]}, "'value': text of 3"),
        ({"target": "t", "source": "id", "apply": "trim"}, "'apply' is a list"),
        ({"target": "t", "source": "id", "apply": 5}, "'apply' is a list"),
        ({"target": "t", "source": "id", "apply": ["trim"] * 21}, "more than 20 functions"),
        ({"target": "t", "source": "id", "apply": [5]}, "each step of 'apply'"),
        ({"target": "t", "source": "id", "apply": [{"name": "trim"}]}, "each step of 'apply'"),
        ({"target": "t", "source": "id", "apply": ["trimm"]}, "did you mean trim"),
        ({"target": "t", "source": "id", "apply": ["left"]}, "'length' is missing"),
        ({"target": "t", "source": "created_at", "apply": ["trim"]}, "is given a time"),
        ({"target": "t", "source": "id", "apply": ["trim", "round"]}, "is given text"),
        ({"target": "t", "source": "id", "apply": ["concat"]}, "takes a list, but is given text"),
        (
            {"target": "t", "source": "lines", "apply": [{"function": "pluck", "path": "totl"}]},
            "'pluck': OrderLine has no field 'totl'",
        ),
        (
            {"target": "t", "source": "lines", "apply": [{"function": "pluck", "path": "total"}]},
            "'pluck': the path 'total' ends at a record",
        ),
        ({"target": "t", "source": "id", "when": "always"}, "'when' is a table"),
        ({"target": "t", "source": "id", "when": {"equals": 1}}, "'when' is a table"),
        ({"target": "t", "source": "id", "when": {"source": "ide", "empty": True}}, "'ide'"),
        ({"target": "t", "source": "id", "when": {"source": "id"}}, "'when': a condition has one"),
        (
            {"target": "t", "source": "id", "when": {"source": "id", "equal": 1}},
            "'when': there is no argument 'equal': did you mean equals",
        ),
        (
            {"target": "t", "source": "id", "when": {"source": "id", "matches": "("}},
            "'when': the argument 'matches'",
        ),
    ],
)
def test_a_broken_rule_is_refused_with_its_place_and_reason(
    rule: dict[str, Any], reason: str
) -> None:
    refused = reasons_against(profile_form(NUMBER, rule))

    assert f"profile order, {DIRECTION}, table orders, rule 2" in refused
    assert reason in refused
    assert "\n" not in refused


@pytest.mark.parametrize(
    ("block", "reason"),
    [
        ({"table": 5}, "block 1: a block is a table with a 'table'"),
        ({"table": "a b"}, "'a b' is no name of a table"),
        ({"ruls": []}, "no key 'ruls' in a block: did you mean rules"),
        ({"rules": []}, "'rules' is a list of 1 to 500 rules"),
        ({"rules": {}}, "'rules' is a list of 1 to 500 rules"),
        ({"rules": ["number"]}, "rule 1: a rule is a table"),
        ({"rules": [NUMBER, NUMBER]}, "rule 2 (number): rule 1 fills the same target already"),
        ({"each": 5}, "'each' is a path"),
        ({"each": "line"}, "'each': Order has no field 'line': did you mean lines"),
        ({"each": "billing"}, "'each': the path 'billing' leads to a record, not to a list"),
    ],
)
def test_a_broken_block_is_refused_with_its_reason(block: dict[str, Any], reason: str) -> None:
    refused = reasons_against(profile_form(NUMBER, **block))

    assert reason in refused


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        ("entity = ", "no valid TOML"),
        ({}, "'entity' is missing"),
        ({"entity": "order"}, "'directions' is a table"),
        ({"entity": "order", "directions": {}}, "'directions' is a table"),
        ({"entity": "order", "directions": {"a": []}}, "at least one block"),
        ({"entity": "order", "directions": {"a": {}}}, "at least one block"),
        ({"entity": "ordr", "directions": {"a": [1]}}, "no entity 'ordr': did you mean order"),
        ({"entity": "order", "direction": {}, "directions": {"a": [1]}}, "did you mean directions"),
        ({"entity": "order", "directions": {"a": [1]}}, "block 1"),
        ({"entity": "order", "directions": {"a": [1], "b": [1]}}, "say which: a, b"),
    ],
)
def test_a_file_that_is_no_profile_is_refused(form: Any, reason: str) -> None:
    assert reason in reasons_against(form)


def test_a_direction_that_the_profile_lacks_is_refused() -> None:
    refused = reasons_against(profile_form(NUMBER), direction="woocommerce_to_supabse")

    assert f"did you mean {DIRECTION}" in refused


def test_two_blocks_for_one_table_are_refused() -> None:
    form = profile_form(NUMBER)
    form["directions"][DIRECTION] *= 2

    assert "an earlier block fills the same table" in reasons_against(form)


def test_unknown_columns_and_tables_are_refused_with_near_names() -> None:
    column = profile_form({"target": "totl", "source": "total.amount"})
    table = profile_form(NUMBER, table="order")

    assert "orders has no column 'totl': did you mean total?" in reasons_against(column, KNOWN)
    assert "there is no table 'order': did you mean orders?" in reasons_against(table, KNOWN)
    assert reasons_against(profile_form(NUMBER), KNOWN) == ""


@pytest.mark.parametrize("owned", ["number", "orders.number"])
def test_a_target_that_udsync_fills_itself_is_refused(owned: str) -> None:
    refused = reasons_against(profile_form(NUMBER), KNOWN, [owned])

    assert "'number' is filled by udsync itself" in refused


def test_all_problems_of_a_profile_are_reported_together() -> None:
    form = profile_form(
        {"target": "a", "source": "nubmer"},
        {"target": "b", "source": "id", "apply": ["trimm", {"function": "left", "length": 0}]},
        {"target": "c", "value": 1.5},
    )

    refused = reasons_against(form).splitlines()

    assert [line.partition("rule ")[2][:5] for line in refused] == [
        "1 (a)",
        *["2 (b)"] * 2,
        "3 (c)",
    ]


def test_a_near_name_is_only_offered_when_there_is_one() -> None:
    refused = reasons_against(profile_form({"target": "t", "source": "qqqqqq"}))

    assert refused.endswith("Order has no field 'qqqqqq'.")


def test_every_field_and_computed_property_of_a_record_can_be_named() -> None:
    known = fields_of(Order)

    assert {"billing", "lines", "net_total", "imbalance"} <= set(known)


def test_the_text_of_a_toml_file_is_loaded_as_its_data_would_be() -> None:
    text = f"""
    entity = "order"
    [[directions.{DIRECTION}]]
    table = "orders"
    rules = [{{ target = "number", source = "number" }}]
    """

    assert load_profile(text) == profile_of(NUMBER)


def test_one_direction_of_several_is_chosen_by_name() -> None:
    form = profile_form(NUMBER)
    form["directions"]["other"] = [{"table": "x", "rules": [{"target": "t", "value": 1}]}]

    assert load_profile(form, direction=DIRECTION) == profile_of(NUMBER)
    assert load_profile(form, direction="other").direction == "other"


def test_a_profile_read_from_its_own_json_is_equal() -> None:
    profile = profile_of(
        {"target": "a", "sources": ["id", "number"], "apply": [{"function": "concat"}]},
        {"target": "b", "value": True, "note": "größer"},
        {"target": "c", "source": "status", "when": {"source": "id", "in": ["1", 2]}},
    )

    copy = from_json(to_json(profile))

    assert copy == profile
    assert copy.version == profile.version


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "no valid JSON"),
        ("[]", "no JSON object"),
        ('{"entity": "order", "entity": "refund"}', "a key stands twice"),
        ("[" * 100_000, "no valid JSON"),
        ('{"entity": "order"}', "'directions' is a table"),
    ],
)
def test_text_that_is_no_profile_is_refused_as_json(text: str, reason: str) -> None:
    with pytest.raises(MappingError, match=reason):
        from_json(text)


def test_a_profile_does_not_change_when_its_source_does() -> None:
    rule = dict(NUMBER)
    form = profile_form(rule)
    profile = load_profile(MappingProxyType(form))

    rule["source"] = "id"

    assert profile == profile_of(NUMBER)


def test_the_version_follows_what_the_rules_say_and_nothing_else() -> None:
    profile = profile_of(NUMBER)

    assert profile.version == profile_of(dict(reversed(NUMBER.items()))).version
    assert profile.version != profile_of({**NUMBER, "apply": ["trim"]}).version
    assert profile.version != profile_of(NUMBER, table="other").version
    assert len(profile.version) == 16


def test_a_direction_that_nobody_knows_has_no_default_profiles() -> None:
    assert default_profiles("nowhere_to_nowhere") == {}


def test_every_default_profile_is_valid_and_named_after_its_entity() -> None:
    profiles = default_profiles(DIRECTION)

    assert set(profiles) == {"customer", "order", "product", "refund", "variation"}
    assert all(profile.entity == entity for entity, profile in profiles.items())
