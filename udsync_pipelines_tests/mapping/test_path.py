"""Paths reach keys, positions and fields, and nothing else."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from udsync_pipelines.mapping.path import FieldPath, Name, Path, Selection
from udsync_pipelines_tests.domain.records import paid_order

RAW = {
    "meta_data": [
        {"key": "channel", "value": "pos"},
        {"key": "channel", "value": "second"},
        {"id": 7, "active": True, "none": None},
        "no table",
    ],
    "po.number": {"a b": 1},
    "0": "key",
    "list": [[1, 2], [3]],
}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("meta_data[key=channel].value", "pos"),
        ("meta_data[id=7].active", True),
        ("meta_data[active=true].id", 7),
        ("meta_data[none=None]", None),
        ("meta_data[key=absent].value", None),
        ("meta_data.0.key", "channel"),
        ("meta_data.-2.id", 7),
        ("meta_data.4", None),
        ("meta_data.-5", None),
        ("meta_data.key", None),
        ('"po.number"."a b"', 1),
        ("0", "key"),
        ("list.0.1", 2),
        ("list[0=3].0", 3),
        ("absent.further.down", None),
        ("absent[key=a]", None),
        ("meta_data.3.upper", None),
        ("list.0.1[key=a]", None),
    ],
)
def test_a_path_yields_what_stands_there_or_nothing(path: str, value: object) -> None:
    assert FieldPath.from_text(path).read(RAW) == value


@pytest.mark.parametrize("path", ["__class__", "net_total.__class__", "rounded", "lines.count"])
def test_a_free_path_reaches_only_the_fields_of_a_record(path: str) -> None:
    assert FieldPath.from_text(path).read(paid_order()) is None


@pytest.mark.parametrize("path", ['a""', 'a."', "a[k=v]b", "x" * 301])
def test_a_path_with_loose_quotes_or_too_long_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="path"):
        Path.from_text(path)


def test_a_written_path_is_taken_apart_into_its_steps() -> None:
    path = Path.from_text('raw.lines[ key = a.b ]."x y".-1')

    assert path.steps == (
        Name("raw"),
        Name("lines"),
        Selection("key", "a.b"),
        Name("x y"),
        Name("-1"),
    )


@pytest.mark.parametrize(
    "path",
    [
        "",
        ".",
        ".a",
        "a.",
        "a..b",
        "a b",
        "a[",
        "a[]",
        "a[=x]",
        "a[key]",
        "a]",
        "[key=a]",
        "a.[key=b]",
    ],
)
def test_a_path_that_is_not_well_formed_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="path"):
        Path.from_text(path)


PIECES = st.lists(st.sampled_from([*'ab0-.[]="', "[a=b]", ".0", ".a", "é"]), max_size=8)
VALUES = st.recursive(
    st.none() | st.text("ab") | st.integers(0, 1),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from("ab0"), inner),
    max_leaves=6,
)


@given(PIECES.map("".join), VALUES)
def test_a_path_is_refused_or_yields_a_part_of_the_value(text: str, value: Any) -> None:
    try:
        path = FieldPath.from_text(text)
    except ValueError:
        return

    found = path.read(value)

    assert found is None or any(found is part for part in _parts(value))


def _parts(value: Any) -> list[Any]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [value, *(part for element in inner for part in _parts(element))]
