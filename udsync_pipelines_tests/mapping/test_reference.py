"""The reference page shows every function, its arguments and its example."""

from udsync_pipelines.mapping import render_reference
from udsync_pipelines.mapping.registry import functions


def test_the_reference_shows_every_function_with_its_example() -> None:
    page = render_reference()

    assert page.count("```python") == len(functions())
    assert all(f"### `{known.name}`\n" in page for known in functions())


def test_the_reference_shows_arguments_with_what_they_take() -> None:
    page = render_reference()

    assert "| `limit` | a whole number from 1 to 100000 | required |" in page
    assert "| `unit` | one of characters, bytes | `'characters'` |" in page
    assert "| `in` | a list |  |" in page


def test_an_example_shows_the_call_and_its_result() -> None:
    page = render_reference()

    assert 'run("  Blue mug ", "trim")\n# \'Blue mug\'\n```' in page
    assert "\nExample:" not in page
