"""Sources are checked against annotations, and read past what is missing."""

from dataclasses import dataclass

import pytest

from udsync_pipelines.domain.money import Money
from udsync_pipelines.domain.party import Address
from udsync_pipelines.mapping.path import Path
from udsync_pipelines.mapping.source import Scope, ScopeTypes, compile_source, compile_steps
from udsync_pipelines_tests.domain.records import ANN, euros


@dataclass(frozen=True)
class Shipment:
    """A record with another one that may be missing, as no canonical record has it yet."""

    address: Address | None
    price: Money

    @property
    def undeclared(self):  # type: ignore[no-untyped-def]  # a property without annotation
        """A value of which nothing is promised."""
        return {"a": 1}


@pytest.mark.parametrize(("address", "city"), [(ANN, "Graz"), (None, None)])
def test_a_field_of_a_record_that_may_be_missing_is_read_with_care(
    address: Address | None, city: str | None
) -> None:
    read, annotation = compile_steps(Path.from_text("address.city").steps, Shipment)

    assert read is not None
    assert annotation is str
    assert read(Shipment(address, euros("1.00"))) == city


def test_below_a_property_without_annotation_anything_may_stand() -> None:
    read, annotation = compile_steps(Path.from_text("undeclared.a").steps, Shipment)

    assert read is not None
    assert annotation is object
    assert read(Shipment(None, euros("1.00"))) == 1


@pytest.mark.parametrize(
    ("path", "value"),
    [("this", "element"), ("parent", "record"), ("raw.x", 1), ("index", 4), ("length", None)],
)
def test_the_words_of_a_block_with_each_reach_their_place(path: str, value: object) -> None:
    types = ScopeTypes(element=object, record=object, has_each=True)
    scope: Scope = ("element", "record", {"x": 1}, 4)

    assert compile_source(path, types).read(scope) == value


def test_a_position_in_a_row_is_a_number_and_has_nothing_below() -> None:
    types = ScopeTypes(element=object, record=object, has_each=True)

    with pytest.raises(ValueError, match="goes on below a number"):
        compile_source("index.first", types)
