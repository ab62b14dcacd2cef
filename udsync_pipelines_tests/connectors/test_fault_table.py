"""What every row of every connector's table of faults must be."""

from typing import Any

import pytest
from pydantic import ValidationError

from udsync_pipelines.connectors.fault_table import ERRORS, FaultRow, Kind, read_table
from udsync_pipelines.errors import RecordRejectedError, RetryableError
from udsync_pipelines_tests.documentation.fault_pages import fault_rows

ROWS = [row for _, row in fault_rows()]
ROW = {
    "kind": "wait",
    "code": "store_down",
    "message": "The store is down.",
    "cure": "Try later.",
}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.code}-{row.kind}")
def test_a_row_has_one_sentence_of_what_happened_and_one_of_what_to_do(row: FaultRow) -> None:
    for sentence in (row.message, row.cure):
        assert sentence.endswith(".")
        assert sentence == " ".join(sentence.split())
        assert len(sentence) < 200


def test_every_kind_of_fault_is_an_error_and_passing_ones_are_tried_again() -> None:
    passing = {kind for kind, error in ERRORS.items() if issubclass(error, RetryableError)}

    assert set(ERRORS) == set(Kind)
    assert passing == {Kind.THROTTLED, Kind.WAIT, Kind.AGAIN, Kind.LOST}
    assert ERRORS[Kind.REJECTED] is RecordRejectedError


def test_one_code_of_ours_has_one_kind_within_a_connector() -> None:
    kinds: dict[tuple[str, str], set[Kind]] = {}
    for connector, row in fault_rows():
        kinds.setdefault((connector, row.code), set()).add(row.kind)

    assert {code: found for code, found in kinds.items() if len(found) > 1} == {
        # QuickBooks fails before its work or within it.
        ("connectors/quickbooks", "platform_unavailable"): {Kind.WAIT, Kind.LOST},
    }


@pytest.mark.parametrize(
    "difference",
    [
        {"kind": "perhaps"},
        {"code": "Store down"},
        {"message": "the store is down"},
        {"message": "The store\nis down."},
        {"cure": ""},
        {"colour": "red"},
    ],
)
def test_a_row_that_is_not_as_it_must_be_is_not_read(difference: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        FaultRow.model_validate(ROW | difference)


def test_a_section_that_is_not_there_is_no_empty_table() -> None:
    with pytest.raises(KeyError):
        read_table("udsync_pipelines.connectors.supabase", "no_such_section", FaultRow)
