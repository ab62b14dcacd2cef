"""A profile turns a record into rows, or says which rule stopped it."""

from decimal import Decimal
from typing import Any

import pytest

from udsync_pipelines.domain.order import LineKind
from udsync_pipelines.errors import RecordRejectedError
from udsync_pipelines.mapping import load_profile
from udsync_pipelines_tests.domain.records import (
    NOON,
    mug_product,
    order_line,
    paid_order,
    registered_customer,
)
from udsync_pipelines_tests.mapping.profiles import DIRECTION, profile_of, value_of

RAW = {
    "meta_data": [{"key": "source_channel", "value": "pos"}],
    "line_items": [{"sku": "A"}, {"sku": "B"}],
}


def test_an_order_becomes_a_row_and_its_lines_become_rows() -> None:
    profile = load_profile(
        {
            "entity": "order",
            "directions": {
                DIRECTION: [
                    {
                        "table": "woo_orders",
                        "rules": [
                            {"target": "id", "source": "id"},
                            {"target": "total", "source": "total.amount"},
                            {
                                "target": "channel",
                                "source": "raw.meta_data[key=source_channel].value",
                                "apply": [{"function": "default", "value": "web"}],
                            },
                        ],
                    },
                    {
                        "table": "woo_order_lines",
                        "each": "lines",
                        "rules": [
                            {"target": "order_id", "source": "parent.id"},
                            {"target": "line_id", "source": "id"},
                            {"target": "position", "source": "index"},
                            {"target": "kind", "source": "kind"},
                            {"target": "shop", "source": "raw.line_items.0.sku"},
                        ],
                    },
                ]
            },
        }
    )

    rows = profile.apply(paid_order(), RAW)

    line = {"order_id": "501", "shop": "A"}
    assert list(rows) == ["woo_orders", "woo_order_lines"]
    assert rows["woo_orders"] == [{"id": "501", "total": Decimal("18.00"), "channel": "pos"}]
    assert rows["woo_order_lines"] == [
        {**line, "line_id": "11", "position": 0, "kind": "product"},
        {**line, "line_id": "12", "position": 1, "kind": "shipping"},
    ]


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("billing.full_name", "Ann Lee"),
        ("net_total.amount", Decimal("15.00")),
        ("lines.0.total.amount", Decimal("10.00")),
        ("lines.-1.name", "Parcel"),
        ("lines.7.total.amount", None),
        ("lines[kind=shipping].total.amount", Decimal("5.00")),
        ("lines[sku=none].name", None),
        ("lines.0.meta.colour", "blue"),
        ("meta.po_number", "PO-7"),
        ('meta."po.line"', "3"),
        ("meta.absent.deeper", None),
        ("completed_at", None),
        ("paid_at", NOON),
        ("discounts.0.code", None),
        ("raw.meta_data.0.value", "pos"),
        ("raw", RAW),
        ("meta", {"po_number": "PO-7", "po.line": "3"}),
    ],
)
def test_a_source_is_read_from_the_record_or_its_raw_json(source: str, value: object) -> None:
    assert value_of(paid_order(), RAW, source=source) == value


def test_enumerations_become_plain_text_and_tuples_become_lists() -> None:
    product = profile_of({"target": "t", "source": "categories"}, entity="product")

    kind = value_of(paid_order(), source="lines.0.kind")
    absent = value_of(paid_order(), source="lines.9.kind")

    assert type(kind) is str
    assert kind == LineKind.PRODUCT
    assert absent is None
    assert product.apply(mug_product(), {})["orders"] == [{"t": ["Mugs", "Kitchen"]}]


def test_several_sources_are_joined_and_the_chain_goes_on() -> None:
    value = value_of(
        paid_order(),
        sources=["billing.first_name", "billing.company", "billing.last_name"],
        apply=[{"function": "concat", "separator": " "}, "upper"],
    )

    assert value == "ANN LEE"


def test_a_chain_goes_on_after_a_missing_value_so_that_a_default_can_stand_in() -> None:
    value = value_of(
        paid_order(),
        source="customer_id",
        apply=["trim", {"function": "default", "value": "guest"}, "upper"],
    )

    assert value == "GUEST"


def test_amounts_of_all_lines_are_plucked_and_added_up() -> None:
    value = value_of(
        paid_order(),
        source="lines",
        apply=[{"function": "pluck", "path": "total_tax.amount"}, "sum"],
    )

    assert value == Decimal("3.00")


def test_an_address_is_written_as_json_and_lines_are_counted() -> None:
    written = value_of(paid_order(), source="billing", apply=["to_json"])

    assert '"city": "Graz"' in str(written)
    assert value_of(paid_order(), source="lines", apply=["count"]) == 2


@pytest.mark.parametrize(("value", "chain", "result"), [("a", ["upper"], "A"), (7, [], 7)])
def test_a_constant_goes_through_its_chain_once(
    value: object, chain: list[str], result: object
) -> None:
    assert value_of(paid_order(), value=value, apply=chain) == result


@pytest.mark.parametrize(("status", "value"), [("completed", "501"), ("pending", None)])
def test_a_rule_applies_only_where_its_condition_holds(status: str, value: str | None) -> None:
    order = paid_order(status=status)

    result = value_of(
        order, source="id", when={"source": "status", "equals": "completed"}, required=True
    )

    assert result == value


def test_a_required_value_that_is_missing_stops_the_record() -> None:
    profile = profile_of(
        {"target": "n", "value": 1}, {"target": "c", "source": "customer_id", "required": True}
    )

    with pytest.raises(RecordRejectedError) as caught:
        profile.apply(paid_order(), {})

    assert caught.value.record == "order/501"
    assert caught.value.code == "mapping_value_refused"
    assert caught.value.message == (
        "the profile order: rule 2 for orders.c cannot be applied: "
        "a value is required and none is there."
    )


def test_a_refused_value_is_described_but_never_told() -> None:
    profile = profile_of({"target": "c", "source": "raw.phone", "apply": ["to_decimal"]})

    with pytest.raises(RecordRejectedError, match="text of 9 characters") as caught:
        profile.apply(paid_order(), {"phone": "+43-secret"[:9]})

    assert "secr" not in str(caught.value)


def test_a_property_that_fails_stops_the_record_without_telling_why() -> None:
    order = paid_order(lines=(order_line(total=paid_order().total),), currency="USD")

    with pytest.raises(RecordRejectedError, match="failed with ValueError"):
        value_of(order, source="net_total.amount")


def test_elements_of_a_raw_list_become_rows_too() -> None:
    profile = profile_of({"target": "sku", "source": "sku"}, each="raw.line_items")

    assert profile.apply(paid_order(), RAW)["orders"] == [{"sku": "A"}, {"sku": "B"}]
    assert profile.apply(paid_order(), {})["orders"] == []


def test_plain_elements_are_reached_by_this() -> None:
    profile = profile_of(
        {"target": "product", "source": "parent.id"},
        {"target": "category", "source": "this", "apply": ["lower"]},
        entity="product",
        each="categories",
    )

    assert profile.apply(mug_product(), {})["orders"] == [
        {"product": "71", "category": "mugs"},
        {"product": "71", "category": "kitchen"},
    ]


def test_rows_for_each_element_of_something_that_is_no_list_are_refused() -> None:
    profile = profile_of({"target": "sku", "source": "sku"}, each="raw.line_items")

    with pytest.raises(RecordRejectedError, match="'each' leads to a table of 1 keys"):
        profile.apply(paid_order(), {"line_items": {"sku": "A"}})


def test_a_record_of_another_entity_is_a_mistake_of_the_caller() -> None:
    profile = profile_of({"target": "t", "source": "id"})

    with pytest.raises(TypeError, match="takes Order, not Customer"):
        profile.apply(registered_customer(), {})


@pytest.mark.parametrize(
    "places",
    [
        {"source": "raw.weight"},
        {"sources": ["id", "raw.weight"], "apply": ["coalesce"]},
        {"source": "id", "when": {"source": "raw.weight", "equals": 1}},
        {"source": '"raw".weight'},
    ],
)
def test_a_profile_tells_that_one_of_its_rules_looks_at_the_raw_json(
    places: dict[str, Any],
) -> None:
    profile = profile_of({"target": "t", **places})

    assert profile.reads_raw


def test_a_block_for_each_raw_element_looks_at_the_raw_json() -> None:
    profile = profile_of({"target": "t", "source": "sku"}, each="raw.line_items")

    assert profile.reads_raw


def test_a_profile_of_canonical_fields_does_not_look_at_the_raw_json() -> None:
    rule = {"target": "t", "source": "meta.raw", "when": {"source": "id", "equals": "raw"}}

    assert not profile_of(rule).reads_raw
