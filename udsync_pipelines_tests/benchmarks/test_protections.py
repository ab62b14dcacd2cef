"""Every protection that is declared stands in the code once, and the tests that guard it exist."""

import ast

import pytest

from udsync_pipelines_tests.benchmarks.mutations import ROOT, TESTS, without
from udsync_pipelines_tests.benchmarks.protections import PROTECTIONS, Protection

EACH = pytest.mark.parametrize("one", PROTECTIONS, ids=lambda one: one.name)


@EACH
def test_a_protection_stands_in_the_code_once_and_can_be_removed(one: Protection) -> None:
    source = (ROOT / one.file).read_text()

    removed = without(source, one)

    assert removed != source
    ast.parse(removed)


@EACH
def test_the_tests_that_notice_a_removal_exist_by_name(one: Protection) -> None:
    for test in one.tests:
        file, _, name = test.partition("::")

        assert f"def {name}(" in (ROOT / TESTS / file).read_text()


def test_what_is_not_there_once_is_refused() -> None:
    with pytest.raises(ValueError, match="2 places of: lost answers"):
        without(PROTECTIONS[0].find * 2, PROTECTIONS[0])
