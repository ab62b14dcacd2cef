"""The reference page of the mapping functions, made from the register."""

from doctest import DocTestParser
from itertools import groupby

from udsync_pipelines.mapping import functions as families  # noqa: F401 - fills the register
from udsync_pipelines.mapping.arguments import Parameter
from udsync_pipelines.mapping.registry import FunctionDefinition, functions

_INTRODUCTION = """# Mapping functions

A rule of a profile applies these to the value it reads, one after the other. Write the name alone,
or a table with the name and its arguments: `{ function = "truncate", limit = 31 }`. A missing value
passes by and stays missing, except where a function says that it takes any value. A value that a
function cannot take parks the record, with the rule and the reason.
"""


def render_reference() -> str:
    """The reference of all mapping functions as Markdown, by family and name."""
    parts = [_INTRODUCTION]
    for family, members in groupby(functions(), key=lambda known: known.family):
        parts.append(f"## {family.capitalize()}\n")
        parts.extend(_entry(member) for member in members)
    return "\n".join(parts)


def _entry(definition: FunctionDefinition) -> str:
    text, _, example = definition.description.partition("\nExample:\n")
    lines = [
        f"### `{definition.name}`\n",
        f"{text.strip()}\n",
        f"Takes {definition.takes}, gives {definition.gives}.\n",
    ]
    if definition.parameters:
        lines += ["| argument | what | default |", "| --- | --- | --- |"]
        lines += [_argument(parameter) for parameter in definition.parameters]
        lines.append("")
    lines += ["```python", *_example(example), "```\n"]
    return "\n".join(lines)


def _argument(parameter: Parameter) -> str:
    if parameter.is_required:
        default = "required"
    else:
        default = "" if parameter.default in (None, ()) else f"`{parameter.default!r}`"
    return f"| `{parameter.name}` | {parameter.expects} | {default} |"


def _example(text: str) -> list[str]:
    lines: list[str] = []
    for example in DocTestParser().get_examples(text):
        lines.append(example.source.rstrip("\n"))
        if example.want:
            lines.append(f"# {example.want.rstrip()}")
    return lines
