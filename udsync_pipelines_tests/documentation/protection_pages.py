"""The page on the protections of a sync, from the list that the benchmark removes them by."""

from udsync_pipelines_tests.benchmarks.protections import PROTECTIONS
from udsync_pipelines_tests.documentation.markdown import table

INTRODUCTION = """# Protections

What keeps a sync from losing or doubling something, what would happen without it, and the tests
that fail when it is taken away. `make bench SUITE=mutations` takes away one after the other, in a
copy of the code, and ends with an error when no test notices. Every `make test` checks that each of
them still stands in the code.

"""


def render_protections() -> str:
    """The page as Markdown."""
    rows = [
        (one.name, one.prevents, f"`{one.file}`", ", ".join(f"`{test}`" for test in one.tests))
        for one in PROTECTIONS
    ]
    return INTRODUCTION + table(("protection", "without it", "where", "noticed by"), rows)
