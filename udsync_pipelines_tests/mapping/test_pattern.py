"""Patterns that are accepted finish soon, whatever the text."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from udsync_pipelines.mapping.pattern import SafePattern

PIECES = ["a", "b", ".", "\\d", "\\w", "[ab]", "[^a]", "*", "+", "?", "{1,3}", "{0,50}", "(", "(?:"]
MORE_PIECES = [")", "|", "^", "$", "-", "1", "a*", "a+", "(a|b)", "(a)?", "\\w+", "\\d*", "\\s"]
TEXTS = ["a" * 1000, "ab" * 500, "a" * 999 + "!", "1" * 1000, "1" * 500 + "a" * 500, " " * 1000]


@given(st.lists(st.sampled_from(PIECES + MORE_PIECES), min_size=1, max_size=14).map("".join))
@settings(deadline=None, max_examples=300)
def test_an_accepted_pattern_finishes_soon_on_hostile_text(text: str) -> None:
    try:
        pattern = SafePattern.from_text(text)
    except ValueError:
        return
    started = time.process_time()

    for hostile in TEXTS:
        pattern.replaced_in(hostile, "")

    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    "pattern",
    [
        "^\\s+|\\s+$",
        "^([^-]*)-(.*)$",
        "^\\s*(\\d+)\\s*-\\s*(\\d+)\\s*$",
        "[^0-9]",
        "^(GB|AT|DE)[0-9]{8,12}$",
        "(?P<year>\\d{4})-(\\d{2})",
        "^ORDER-?\\d+$",
        "\\bfoo\\b|bar|baz",
        "[]a]+?",
        "\\.\\*\\{",
        "a{2,}",
    ],
)
def test_patterns_that_people_really_write_are_accepted(pattern: str) -> None:
    assert SafePattern.from_text(pattern).compiled.pattern == pattern


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("(a+)+$", "repeats a group"),
        ("(a|a)*", "repeats a group"),
        ("(ab){2,9}", "repeats a group"),
        ("a*a*b", "two repeats"),
        (".*foo.*", "two repeats"),
        ("\\d+(-)?\\d+", "two repeats"),
        ("a?a?a", "two repeats"),
        ("(a|b)(a|b)(a|b)(a|b)(a|b)", "more than 16 ways"),
        ("(a)?(b)?(c)?(d)?(e)?", "more than 16 ways"),
        ("(?=a)", "character 1"),
        ("(?<!a)b", "character 1"),
        ("(?i)a", "character 1"),
        ("(a)\\1", "character 4"),
        ("a(?P=b)", "character 2"),
        ("a{", "character 2"),
        ("(a", "no regular expression"),
        ("a)", "no regular expression"),
        ("*a", "no regular expression"),
        ("[b-a]", "no regular expression"),
        ("", "1 to 200"),
        ("a" * 201, "1 to 200"),
    ],
)
def test_patterns_that_could_run_for_long_are_refused(pattern: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        SafePattern.from_text(pattern)
