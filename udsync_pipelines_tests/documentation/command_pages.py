"""The page of commands, from the Typer application."""

from collections.abc import Iterator
from typing import Any

import typer

from udsync_pipelines.cli.main import app
from udsync_pipelines.cli.output import ExitCode
from udsync_pipelines_tests.documentation.markdown import table

INTRODUCTION = """# Commands

`make setup` puts the command at `.venv/bin/udsync`. `--help` works with each of these. With
`--json` the last line of standard output is one JSON object; messages about what went wrong go to
standard error.
"""
EXIT_CODES = {
    ExitCode.SETTLED: "everything is settled",
    ExitCode.FAILED: "failed; one line on standard error says why and what to do",
    ExitCode.USAGE: "what was typed cannot be used; nothing was done",
    ExitCode.PARKED: "finished, with records that are parked or work left undone",
    ExitCode.AWAITING_APPROVAL: "a plan is stored and waits for approval",
}


def render_commands() -> str:
    """The page: exit codes, then each command with its arguments and options."""
    codes = table(("exit code", "means"), [(str(int(code)), EXIT_CODES[code]) for code in ExitCode])
    entries = [_entry(name, command) for name, command in commands()]
    return "\n".join([INTRODUCTION, codes, *entries])


def commands() -> Iterator[tuple[str, Any]]:
    """Each command with its whole name, in the order in which the help shows them."""
    yield from _below(typer.main.get_command(app), "udsync")


def _below(group: Any, name: str) -> Iterator[tuple[str, Any]]:
    for word, command in group.commands.items():
        whole = f"{name} {word}"
        if hasattr(command, "commands"):
            yield from _below(command, whole)
        else:
            yield whole, command


def _entry(name: str, command: Any) -> str:
    heading = f"## `{name}`\n\n{command.help.strip()}\n"
    if not command.params:
        return heading
    rows = [(_names(param), param.help or "", _default(param)) for param in command.params]
    return heading + "\n" + table(("option", "what", "default"), rows)


def _names(param: Any) -> str:
    if not param.opts[0].startswith("-"):
        return f"`{param.metavar or param.name.upper()}`"
    names = ", ".join(f"`{name}`" for name in (*param.opts, *param.secondary_opts))
    return f"{names} or `{param.envvar}`" if param.envvar else names


def _default(param: Any) -> str:
    if param.required:
        return "required"
    is_shown = param.default is not None and not isinstance(param.default, bool)
    return f"`{param.default}`" if is_shown else ""
