"""The examples in the reference are true."""

from datetime import UTC, date, datetime
from decimal import Decimal
from doctest import DocTestFinder, DocTestRunner

import pytest

from udsync_pipelines.mapping.registry import FunctionDefinition, functions
from udsync_pipelines_tests.mapping.steps import run

NAMES = {"run": run, "Decimal": Decimal, "date": date, "datetime": datetime, "UTC": UTC}


@pytest.mark.parametrize("definition", functions(), ids=lambda known: known.name)
def test_the_example_of_a_function_gives_what_it_says(definition: FunctionDefinition) -> None:
    failures: list[str] = []
    (documented,) = DocTestFinder(recurse=False).find(
        definition.function, definition.name, globs=NAMES
    )

    outcome = DocTestRunner(verbose=False).run(documented, out=failures.append)

    assert outcome.attempted > 0
    assert failures == []
