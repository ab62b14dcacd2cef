"""A mistyped name is answered with what was probably meant."""

import pytest

from udsync_pipelines.mapping.suggestions import did_you_mean


@pytest.mark.parametrize(
    ("name", "known", "advice"),
    [
        ("billig", ["billing", "shipping"], ": did you mean billing?"),
        ("qqq", ["total", "number"], ": known are number, total"),
        ("qqq", [], ""),
        ("qqq", [f"column_{number}" for number in range(13)], ""),
    ],
)
def test_advice_is_a_near_name_or_a_short_list_or_nothing(
    name: str, known: list[str], advice: str
) -> None:
    assert did_you_mean(name, known) == advice
