"""A preview shows every rule, also beside one that fails."""

import pytest

from udsync_pipelines.mapping import PreviewLine, preview
from udsync_pipelines_tests.domain.records import order_line, paid_order, registered_customer
from udsync_pipelines_tests.mapping.profiles import profile_of


def test_a_preview_shows_source_result_and_error_of_every_rule() -> None:
    profile = profile_of(
        {"target": "a", "source": "number", "apply": [{"function": "prefix", "text": "W-"}]},
        {"target": "b", "source": "number", "apply": [{"function": "lookup", "table": {"x": 1}}]},
        {"target": "c", "value": 5},
    )

    lines = preview(profile, paid_order(), {})

    refused = "text of 4 characters is not in the lookup table: add it there, or give a default"
    assert lines == [
        PreviewLine("orders", 0, 1, "a", "1001", "W-1001"),
        PreviewLine("orders", 0, 2, "b", "1001", None, refused),
        PreviewLine("orders", 0, 3, "c", 5, 5),
    ]


def test_a_preview_counts_the_rows_of_a_list() -> None:
    profile = profile_of({"target": "a", "source": "id"}, each="lines")

    lines = preview(profile, paid_order(), {})

    assert [(line.row, line.result) for line in lines] == [(0, "11"), (1, "12")]


def test_a_preview_of_a_list_that_is_none_shows_one_line() -> None:
    profile = profile_of({"target": "a", "source": "id"}, each="raw.items")

    (line,) = preview(profile, paid_order(), {"items": "text"})

    assert (line.rule, line.result) == (0, None)
    assert "leads to text of 4 characters" in str(line.error)


def test_a_preview_survives_a_record_that_contradicts_itself() -> None:
    profile = profile_of({"target": "a", "source": "net_total.amount"})
    order = paid_order(lines=(order_line(),), currency="USD")

    (line,) = preview(profile, order, {})

    assert line.error == "it failed with ValueError"


def test_a_preview_refuses_a_record_of_another_entity() -> None:
    with pytest.raises(TypeError, match="takes Order"):
        preview(profile_of({"target": "a", "source": "id"}), registered_customer(), {})
