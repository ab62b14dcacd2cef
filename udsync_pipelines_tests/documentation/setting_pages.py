"""The page of settings, from the fields of `Settings`."""

import ast
from pathlib import Path

from pydantic import AliasChoices
from pydantic.fields import FieldInfo

import udsync_pipelines
from udsync_pipelines import settings
from udsync_pipelines.settings import Settings, variable_of
from udsync_pipelines_tests.documentation.markdown import table

INTRODUCTION = """# Settings

A setting is an environment variable, or a line of a file `.env` in the current folder; the
environment wins. An empty value counts as not set. A value that cannot be used stops every command
with one line that names the variable.

Options of commands that may be given as variables too are listed with [the commands](commands.md).
`UDSYNC_DEBUG=1` shows where an unexpected error came from.
"""
NOT_READ = "Accepted, but nothing reads it yet."


def render_settings() -> str:
    """The page: every setting with what it means, what it must be, and its default."""
    read = attributes_read()
    rows = [
        (_variables(name, field), _meaning(name, field, read), _default(field))
        for name, field in Settings.model_fields.items()
    ]
    return INTRODUCTION + "\n" + table(("variable", "what it decides", "default"), rows)


def attributes_read() -> frozenset[str]:
    """The names of all attributes that some module of the product, besides `settings`, reads."""
    package = Path(udsync_pipelines.__file__).parent
    files = set(package.rglob("*.py")) - set((package / "emulators").rglob("*.py"))
    return frozenset(
        node.attr
        for file in files - {Path(settings.__file__)}
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
    )


def _variables(name: str, field: FieldInfo) -> str:
    if isinstance(field.validation_alias, AliasChoices):
        return " or ".join(f"`{choice}`" for choice in field.validation_alias.choices)
    return f"`{variable_of(name)}`"


def _meaning(name: str, field: FieldInfo, read: frozenset[str]) -> str:
    extra = field.json_schema_extra
    must_be = extra["must_be"] if isinstance(extra, dict) else ""
    reserved = "" if name in read else f" **{NOT_READ}**"
    return f"{field.description} It must be {must_be}.{reserved}"


def _default(field: FieldInfo) -> str:
    if field.default_factory is not None:
        return "see there"
    return "" if field.default is None else f"`{field.default}`"
