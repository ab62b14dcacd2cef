"""Documents with text fields: only text gets there, and never more than they take."""

from typing import Any

import pytest

from udsync_pipelines.errors import RecordRejectedError
from udsync_pipelines.mapping import Profile, load_profile, preview
from udsync_pipelines_tests.domain.records import paid_order
from udsync_pipelines_tests.mapping.profiles import profile_form, reasons_against

KNOWN = {"orders": {"Memo": 8, "CustomField.1": 31, "Note": 4000}}
OWNED = {
    "Line": "the posting policy decides the lines",
    "CustomField": "there are three custom fields",
    "orders.DocNumber": "the posting policy decides the number",
}
ORDER = paid_order()
MEMO = {"target": "Memo", "source": "number"}


def memo_of(record: object, raw: dict[str, object] | None = None, **rule: Any) -> object:
    """What one rule for the memo makes of an order."""
    return loaded({"target": "Memo", **rule}).apply(record, raw or {})["orders"][0]["Memo"]


def loaded(*rules: dict[str, Any]) -> Profile:
    return load_profile(profile_form(*rules), KNOWN, OWNED)


def test_text_that_is_too_long_is_cut_without_a_blank_at_its_end() -> None:
    memo = memo_of(ORDER, {"note": "  please, ring twice "}, source="raw.note")

    assert memo == "please,"


def test_characters_that_are_no_text_never_reach_a_document() -> None:
    memo = memo_of(ORDER, {"note": "a\x00b\r\nc\x1f\ud83d\td"}, source="raw.note")

    assert memo == "ab\nc\td"


@pytest.mark.parametrize("nothing", [None, "", " \n "])
def test_a_missing_or_blank_text_leaves_the_target_empty(nothing: object) -> None:
    assert memo_of(ORDER, {"note": nothing}, source="raw.note") is None


def test_a_number_is_written_in_plain_digits() -> None:
    assert memo_of(ORDER, {"weight": 12}, source="raw.weight") == "12"


def test_a_constant_that_fits_is_written_as_it_is() -> None:
    assert memo_of(ORDER, value="eight ch") == "eight ch"
    assert memo_of(ORDER, value=7) == "7"


def test_functions_run_before_the_text_is_cut() -> None:
    step = {"function": "prefix", "text": "Order "}

    assert memo_of(ORDER, source="number", apply=[step]) == "Order 10"


def test_a_preview_shows_the_text_as_it_will_be_cut() -> None:
    profile = loaded({"target": "Memo", "source": "raw.note"})

    line = preview(profile, ORDER, {"note": "ring twice"})[0]

    assert (line.source, line.result) == ("ring twice", "ring twi")


def test_a_required_text_that_is_blank_parks_the_record() -> None:
    with pytest.raises(RecordRejectedError, match="a value is required"):
        memo_of(ORDER, {"note": " "}, source="raw.note", required=True)


def test_a_list_from_the_raw_record_parks_it_with_the_reason() -> None:
    with pytest.raises(RecordRejectedError, match="takes text, not a list of 1"):
        memo_of(ORDER, {"note": ["a"]}, source="raw.note")


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ({"source": "created_at"}, "it takes text, but is given a time"),
        ({"source": "prices_include_tax"}, "it takes text, but is given true or false"),
        ({"source": "discounts", "apply": [{"function": "pluck", "path": "code"}]}, "a list"),
        ({"value": "nine char"}, "'value' has 9 characters, but it takes 8 at most"),
        (
            {"value": "eight ch", "apply": [{"function": "suffix", "text": "!"}]},
            "has 9 characters",
        ),
        ({"value": True}, "it takes text, not true or false: write it in quotes"),
        ({"target": "Memos", "source": "number"}, "has no column 'Memos': did you mean Memo"),
        ({"target": "Line", "source": "number"}, "is not for rules: the posting policy decides"),
        (
            {"target": "Line.Description", "source": "number"},
            "'Line.Description' is not for rules: the posting policy decides the lines",
        ),
        ({"target": "DocNumber", "source": "number"}, "the posting policy decides the number"),
        ({"target": "CustomField.4", "source": "number"}, "there are three custom fields"),
    ],
)
def test_a_rule_that_does_not_suit_a_text_field_is_refused(
    rule: dict[str, Any], reason: str
) -> None:
    refused = reasons_against(profile_form({"target": "Memo", **rule}), KNOWN, OWNED)

    assert reason in refused
    assert refused.count("\n") == 0


def test_a_known_field_below_a_name_that_is_owned_can_be_filled() -> None:
    profile = loaded({"target": "CustomField.1", "source": "number"})

    row = profile.apply(ORDER, {})["orders"][0]

    assert row == {"CustomField.1": ORDER.number}


def test_a_document_is_not_filled_once_for_each_line() -> None:
    form = profile_form({"target": "Memo", "source": "name"}, each="lines")

    assert "it is one document, not a list: remove 'each'" in reasons_against(form, KNOWN, OWNED)


def test_the_version_changes_with_the_length_that_a_field_takes() -> None:
    shorter = {"orders": {**KNOWN["orders"], "Memo": 5}}

    versions = {
        load_profile(profile_form(MEMO), known).version
        for known in (KNOWN, shorter, {"orders": ["Memo"]}, None)
    }

    assert len(versions) == 3
