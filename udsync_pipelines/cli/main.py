"""The `udsync` command."""

import os
import sys
from collections.abc import Callable, Sequence

import typer
from typer.exceptions import TyperException

from udsync_pipelines.cli import connect, db, demo, emulate, plan, services, sync, tenant
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
app.add_typer(plan.app, name="plan")
app.add_typer(emulate.app, name="emulate")
app.add_typer(db.app, name="db")


def run(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; every failure is one line and an exit code, never a traceback."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        code = app(given, prog_name="udsync", standalone_mode=False) or ExitCode.SETTLED
    except UdsyncError as error:
        code = _failed(error, as_json="--json" in given)
    except (typer.Abort, KeyboardInterrupt):
        complain("Stopped.")
        code = ExitCode.FAILED
    except TyperException as error:
        complain(f"{error.format_message().rstrip('.')}. {_hint(error)}".rstrip())
        code = ExitCode.USAGE
    except Exception as error:
        if os.environ.get("UDSYNC_DEBUG"):
            raise
        kind = type(error).__name__
        complain(f"udsync failed unexpectedly ({kind}). UDSYNC_DEBUG=1 shows where.")
        code = ExitCode.FAILED
    if code == INTERRUPTED:
        complain("Stopped.")
        code = ExitCode.FAILED
    sys.exit(int(code))


def _failed(error: UdsyncError, *, as_json: bool) -> ExitCode:
    complain(f"{error.message[:1].upper()}{error.message[1:]} {error.cure or ''}".rstrip())
    if as_json:
        emit_json({"ok": False, "code": error.code, "message": error.message, "cure": error.cure})
    return ExitCode.USAGE if error.code in USAGE_CODES else ExitCode.FAILED


def _hint(error: TyperException) -> str:
    """Where the command that was meant explains itself."""
    context = getattr(error, "ctx", None)
    return f"See: {context.command_path} --help" if context else ""


INTERRUPTED = 130
"""What Typer makes of Ctrl-C."""

USAGE_CODES = frozenset({"bad_time", "usage"})
"""Errors in what was typed, which the options' own types cannot see."""
