"""The `udsync` command."""

import os
import sys
from collections.abc import Callable, Sequence

import typer
from typer.exceptions import TyperException

from udsync_pipelines.cli import (
    backfill,
    connect,
    db,
    demo,
    emulate,
    failures,
    plan,
    policy,
    quota,
    rates,
    schedule,
    services,
    sync,
    tenant,
    webhooks,
)
from udsync_pipelines.cli.output import ExitCode, complain, emit_json
from udsync_pipelines.errors import UdsyncError

app = typer.Typer(
    name="udsync",
    help="Keeps WooCommerce stores, QuickBooks Online books and Supabase databases in step.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

COMMANDS: Sequence[tuple[str, Callable[..., None]]] = (
    ("up", services.up),
    ("down", services.down),
    ("status", services.status),
    ("demo", demo.demo),
    ("sync", sync.sync),
)
for name, command in COMMANDS:
    app.command(name)(command)

app.add_typer(tenant.app, name="tenant")
app.add_typer(connect.app, name="connect")
app.add_typer(policy.app, name="policy")
app.add_typer(rates.app, name="rates")
app.add_typer(schedule.app, name="schedule")
app.add_typer(plan.app, name="plan")
app.add_typer(failures.app, name="failures")
app.add_typer(webhooks.app, name="webhooks")
app.add_typer(backfill.app, name="backfill")
app.add_typer(quota.app, name="quota")
app.add_typer(emulate.app, name="emulate")
app.add_typer(db.app, name="db")


def run(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; every failure is one line and an exit code, never a traceback.

    With `--json` a failure is an object on the last line of standard output too.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    as_json = "--json" in given
    try:
        code = app(given, prog_name="udsync", standalone_mode=False) or ExitCode.SETTLED
        if code == INTERRUPTED:
            raise KeyboardInterrupt
    except UdsyncError as error:
        code = ExitCode.USAGE if error.code in USAGE_CODES else ExitCode.FAILED
        _explain(error.message, error.cure, error.code, as_json=as_json)
    except (typer.Abort, KeyboardInterrupt):
        code = ExitCode.FAILED
        _explain("Stopped.", None, "interrupted", as_json=as_json)
    except TyperException as error:
        code = ExitCode.USAGE
        message = f"{error.format_message().rstrip('.')}."
        _explain(message, _hint(error), "usage", as_json=as_json)
    except Exception as error:
        if os.environ.get("UDSYNC_DEBUG"):
            raise
        code = ExitCode.FAILED
        message = f"udsync failed unexpectedly ({type(error).__name__})."
        _explain(message, "UDSYNC_DEBUG=1 shows where.", "unexpected", as_json=as_json)
    sys.exit(int(code))


def _explain(message: str, cure: str | None, code: str, *, as_json: bool) -> None:
    complain(f"{message[:1].upper()}{message[1:]} {cure or ''}".rstrip())
    if as_json:
        emit_json({"ok": False, "code": code, "message": message, "cure": cure})


def _hint(error: TyperException) -> str | None:
    """Where the command that was meant explains itself."""
    context = getattr(error, "ctx", None)
    return f"See: {context.command_path} --help" if context else None


INTERRUPTED = 130
"""What Typer makes of Ctrl-C."""

USAGE_CODES = frozenset({"bad_time", "usage"})
"""Errors in what was typed, which the options' own types cannot see."""
