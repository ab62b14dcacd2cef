"""`udsync schedule`: when a tenant is synced, besides the hourly and the daily syncs."""

from itertools import islice
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from udsync_pipelines.cli.options import AsJson, TenantName
from udsync_pipelines.cli.output import emit_json, say
from udsync_pipelines.services import user_schedules
from udsync_pipelines.services.installation import open_installation
from udsync_pipelines.services.ticks import ticks_from
from udsync_pipelines.services.user_schedules import Wish
from udsync_pipelines.store.repositories.schedules import Schedule
from udsync_pipelines.store.tables.states import Lane

app = typer.Typer(
    help="Schedules of a tenant, besides the hourly and the daily syncs of all tenants.",
    no_args_is_help=True,
)

ScheduleName = Annotated[
    str, typer.Argument(help="Name of the schedule: small letters, digits and hyphens.")
]
SHOWN_TICKS = 3


@app.command("add")
def add(
    name: ScheduleName,
    tenant: TenantName,
    entity: Annotated[Lane, typer.Option("--entity", help="What to sync.", show_default=False)],
    cron: Annotated[
        str,
        typer.Option(
            help="Minute, hour, day of month, month, day of week, like '30 6 * * 1-5'.",
            show_default=False,
        ),
    ],
    timezone: Annotated[
        str | None,
        typer.Option(help="Zone that the times are meant in, an IANA name; the tenant's own."),
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", help="Compare everything, instead of what has changed.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make a schedule. It runs while `udsync up` runs; of missed times the last is made up for."""
    with open_installation() as installation:
        owner = installation.tenant(tenant)
        wish = Wish(name, entity, cron, timezone, is_full=full)
        made = user_schedules.add(installation, owner, wish, "operator")
    _tell(made, as_json=as_json)


@app.command("list")
def list_all(tenant: TenantName, as_json: AsJson = False) -> None:
    """Show the tenant's schedules with their last and their next time."""
    with open_installation() as installation:
        found = user_schedules.of_tenant(installation, installation.tenant(tenant))
    if as_json:
        emit_json({"schedules": [_as_json(schedule) for schedule in found]})
        return
    for schedule in found:
        say(_line(schedule))
    if not found:
        say("There is no schedule yet. Make one: udsync schedule add")


@app.command("remove")
def remove(name: ScheduleName, tenant: TenantName, as_json: AsJson = False) -> None:
    """Forget a schedule; its runs stay in the history."""
    with open_installation() as installation:
        user_schedules.remove(installation, installation.tenant(tenant), name)
    if as_json:
        emit_json({"ok": True, "removed": name})
    else:
        say(f"The schedule {name} is removed.")


@app.command("enable")
def enable(name: ScheduleName, tenant: TenantName, as_json: AsJson = False) -> None:
    """Switch a schedule on, from now on."""
    _switch(name, tenant, is_enabled=True, as_json=as_json)


@app.command("disable")
def disable(name: ScheduleName, tenant: TenantName, as_json: AsJson = False) -> None:
    """Switch a schedule off; what it misses is not made up for later."""
    _switch(name, tenant, is_enabled=False, as_json=as_json)


def _switch(name: str, tenant: str, *, is_enabled: bool, as_json: bool) -> None:
    with open_installation() as installation:
        owner = installation.tenant(tenant)
        switched = user_schedules.switch(installation, owner, name, is_enabled=is_enabled)
    _tell(switched, as_json=as_json)


def _tell(schedule: Schedule, *, as_json: bool) -> None:
    if as_json:
        emit_json({"ok": True, "schedule": _as_json(schedule)})
        return
    say(_line(schedule))
    if schedule.is_enabled:
        ahead = islice(
            ticks_from(schedule.cron, schedule.timezone, schedule.next_due_at), SHOWN_TICKS
        )
        local = (tick.astimezone(ZoneInfo(schedule.timezone)) for tick in ahead)
        say(f"Next: {', '.join(f'{tick:%Y-%m-%d %H:%M %z}' for tick in local)}")


def _line(schedule: Schedule) -> str:
    state = "on " if schedule.is_enabled else "off"
    what = f"{schedule.lane} ({schedule.mode})"
    last = f"{schedule.last_due_at:%Y-%m-%d %H:%M}Z" if schedule.last_due_at else "never"
    return f"{state}  {schedule.name}  {what}  {schedule.cron}  {schedule.timezone}  last: {last}"


def _as_json(schedule: Schedule) -> dict[str, Any]:
    return {
        "name": schedule.name,
        "entity": schedule.lane.value,
        "full": schedule.mode.value == "full",
        "cron": schedule.cron,
        "timezone": schedule.timezone,
        "enabled": schedule.is_enabled,
        "next": schedule.next_due_at.isoformat() if schedule.is_enabled else None,
        "last": schedule.last_due_at.isoformat() if schedule.last_due_at else None,
    }
