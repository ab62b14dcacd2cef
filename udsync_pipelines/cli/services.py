"""`udsync up`, `down`, `status`: the services of this machine."""

import signal
from collections.abc import Sequence
from datetime import UTC, datetime
from types import FrameType
from typing import Annotated

import psutil  # type: ignore[import-untyped]  # it ships no types
import typer

from udsync_pipelines.cli.options import AsJson
from udsync_pipelines.cli.output import ExitCode, emit_json, leave, say
from udsync_pipelines.errors import ConfigurationError, PlatformUnavailableError, UdsyncError
from udsync_pipelines.services.backfilling import Begun, backfills
from udsync_pipelines.services.consent_expiry import Consent, consents
from udsync_pipelines.services.dagster_home import prepare_dagster_home
from udsync_pipelines.services.embedded_postgres import EmbeddedPostgres
from udsync_pipelines.services.inbox_health import InboxHealth, inbox_health
from udsync_pipelines.services.installation import open_installation
from udsync_pipelines.services.process_set import (
    MEGABYTE,
    ProcessSet,
    RunningServices,
    running_services,
    stop_services,
)
from udsync_pipelines.services.quota import Quota, quotas
from udsync_pipelines.services.runs import DagsterDoor
from udsync_pipelines.services.service_specs import API, WEBSERVER, answers
from udsync_pipelines.settings import Settings, ensure_home, load_settings


def up(
    keep_database: Annotated[
        bool, typer.Option(help="Leave the embedded database running at the end.")
    ] = False,
) -> None:
    """Start everything and stay: database, Dagster's code server, daemon and pages, API.

    What dies is started again.

    Ctrl-C, or `udsync down` elsewhere, stops it all.
    """
    settings = load_settings()
    stop_on_terminate()
    is_ours = not _embedded_database_runs(settings)
    try:
        with open_installation(settings):
            prepare_dagster_home(settings)
            processes = ProcessSet(settings, say)
            with processes.started() as url:
                say(f"udsync is up: {url}  (Ctrl-C stops it)")
                processes.supervise()
    except KeyboardInterrupt:
        say("Stopping.")
        is_ours = True
    except ConfigurationError as error:
        # Whoever is up already, or works without services, goes on using the database.
        is_ours = is_ours and error.code != "already_up"
        raise
    finally:
        if is_ours and not keep_database:
            stop_database(settings)


def down() -> None:
    """Stop all services of this machine, the embedded database included."""
    settings = load_settings()
    stopped = stop_services(settings.home)
    stopped = stop_database(settings) or stopped
    say("udsync is down." if stopped else "udsync was not running.")


def status(as_json: AsJson = False) -> None:
    """Show the health and the memory of each service; exit 0 when all are healthy.

    Beside it stands how long each company's consent to use QuickBooks lasts, what it was asked
    this month, how far backfills are, and which webhooks wait.
    """
    settings = load_settings()
    health = {"database": _database_is_healthy(settings), **_service_health(settings)}
    services = running_services(settings.home)
    known, now = _consents(settings, is_reachable=health["database"]), datetime.now(UTC)
    spent, begun = _quotas(settings, now, is_reachable=health["database"])
    inbox = _inbox(settings, is_reachable=health["database"])
    memory = services.memory() if services else {}
    if as_json:
        emit_json(
            {
                "healthy": all(health.values()),
                "services": health,
                "url": services.url if services else None,
                "api_url": services.api_url if services else None,
                "since": services.since if services else None,
                "memory": memory,
                "restarts": services.restarts if services else {},
                "consents": [one.facts(now) for one in known],
                "quotas": [one.facts() for one in spent],
                "backfills": [one.facts() for one in begun],
                "webhooks": inbox.facts() if inbox else None,
            }
        )
    else:
        for name, healthy in health.items():
            taken = f"  {memory[name] / MEGABYTE:.0f} MB" if name in memory else ""
            again = _restarted(services, name)
            say(f"{'healthy    ' if healthy else 'not running'}  {name}{taken}{again}")
        say(_where(services))
        for one in known:
            say(f"{'warning: ' if one.is_urgent(now) else ''}{one.sentence(now)}")
        for quota in spent:
            say(f"{'warning: ' if quota.is_urgent else ''}{quota.sentence()}")
        for backfill in begun:
            say(backfill.sentence())
        if inbox is not None:
            say(inbox.sentence())
            for warning in inbox.warnings():
                say(f"warning: {warning}")
    if not all(health.values()):
        raise leave(ExitCode.FAILED)


def stop_on_terminate() -> None:
    """Let a TERM signal end this process as Ctrl-C does, so that nothing is left behind."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)


def stop_database(settings: Settings) -> bool:
    """Stop the embedded database; False when there is none that runs."""
    if settings.database_url is not None:
        return False
    server = EmbeddedPostgres(settings.home, pg_bin=settings.pg_bin)
    if server.pid() is None:
        return False
    server.stop()
    return True


def _database_is_healthy(settings: Settings) -> bool:
    """Whether our state answers; an embedded server that is down is not started by asking."""
    if settings.database_url is None:
        ensure_home(settings)
        return _embedded_database_runs(settings)
    try:
        with open_installation(settings):
            return True
    except UdsyncError:
        return False


def _consents(settings: Settings, *, is_reachable: bool) -> Sequence[Consent]:
    if not is_reachable:
        return ()
    with open_installation(settings) as installation:
        return consents(installation)


def _inbox(settings: Settings, *, is_reachable: bool) -> InboxHealth | None:
    if not is_reachable:
        return None
    with open_installation(settings) as installation:
        return inbox_health(installation.state)


def _quotas(
    settings: Settings, now: datetime, *, is_reachable: bool
) -> tuple[Sequence[Quota], Sequence[Begun]]:
    if not is_reachable:
        return (), ()
    with open_installation(settings) as installation:
        return quotas(installation, now.date()), backfills(installation)


def _embedded_database_runs(settings: Settings) -> bool:
    return EmbeddedPostgres(settings.home, pg_bin=settings.pg_bin).is_running()


def _service_health(settings: Settings) -> dict[str, bool]:
    services = running_services(settings.home)
    if services is None:
        return {"services": False}
    health = {name: psutil.pid_exists(pid) for name, pid in services.processes.items()}
    health[API] = health.get(API, False) and answers(f"{services.api_url}/api/health")
    try:
        return {**health, **DagsterDoor(services.url).health()}
    except PlatformUnavailableError:
        return {**health, WEBSERVER: False}


def _restarted(services: RunningServices | None, name: str) -> str:
    times = services.restarts.get(name, ()) if services else ()
    if not times:
        return ""
    return (
        f"  ended unexpectedly, started again {datetime.fromisoformat(times[-1]):%Y-%m-%d %H:%M}Z"
    )


def _where(services: RunningServices | None) -> str:
    if services is None:
        return "Start with: udsync up"
    since = datetime.fromisoformat(services.since)
    return f"Dagster: {services.url}  API: {services.api_url}  since {since:%Y-%m-%d %H:%M}Z"
