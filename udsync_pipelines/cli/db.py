"""`udsync db`: the state database."""

import typer

from udsync_pipelines.cli.options import AsJson
from udsync_pipelines.cli.output import emit_json, say
from udsync_pipelines.services.databases import open_databases, plain_url
from udsync_pipelines.settings import ensure_home, load_settings
from udsync_pipelines.store.migrations import head
from udsync_pipelines.store.migrations import migrate as upgrade

app = typer.Typer(help="The database that udsync keeps its state in.", no_args_is_help=True)


@app.command("migrate")
def migrate(
    as_json: AsJson = False,
) -> None:
    """Bring the state database to what this version needs; safe to repeat."""
    settings = load_settings()
    ensure_home(settings)
    applied = upgrade(plain_url(open_databases(settings).state_url))
    if as_json:
        emit_json({"ok": True, "applied": applied, "revision": head()})
    elif applied:
        say(f"Applied {', '.join(applied)}. The database is up to date ({head()}).")
    else:
        say(f"The database is up to date already ({head()}).")


# A group of one command would swallow its name; backup and restore will stand beside it.
@app.callback()
def _group() -> None:
    """The database that udsync keeps its state in."""
