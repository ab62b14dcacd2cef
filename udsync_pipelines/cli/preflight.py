"""`udsync policy check` and `decide`: what must be decided before a tenant's first posting."""

from typing import Annotated, Any

import typer

from udsync_pipelines.cli.options import AsJson, TenantName
from udsync_pipelines.cli.output import ExitCode, emit_json, leave, say
from udsync_pipelines.posting.preflight import PreflightFinding, Weight
from udsync_pipelines.services import preflight
from udsync_pipelines.services.installation import open_installation
from udsync_pipelines.services.preflight import Preflight
from udsync_pipelines.store.repositories.decisions import Asked

_MOST_SHOWN = 50
_WORDS = {Weight.DECIDE: "DECIDE", Weight.PARKS: "PARKS", Weight.NOTICE: "notice"}


def check(tenant: TenantName, as_json: AsJson = False) -> None:
    """Look, before the first posting, for what would go wrong; reads only.

    Looks at the policy, the books and the orders that were read. The first live sync of a tenant
    posts nothing while something is to be decided or mended; the exit code is 4 then.
    """
    with open_installation() as installation:
        found = preflight.check(installation, tenant)
    if as_json:
        emit_json(_as_json(found))
    else:
        _say(found)
    if found.undecided:
        raise leave(ExitCode.AWAITING_APPROVAL)


def decide(
    what: Annotated[
        str,
        typer.Argument(
            help="What is asked about, such as order/77; with --all, the code.",
            metavar="SUBJECT|CODE",
        ),
    ],
    choice: Annotated[str, typer.Argument(help="One of the choices that `policy check` names.")],
    tenant: TenantName,
    everything: Annotated[bool, typer.Option("--all", help="Every finding of this code.")] = False,
) -> None:
    """Decide what `policy check` asks; a later decision replaces an earlier one."""
    with open_installation() as installation:
        decided = preflight.decide(installation, tenant, what, choice, every=everything)
    for one in decided[:_MOST_SHOWN]:
        consequence = next(each.consequence for each in one.choices if each.name == choice)
        say(f"{one.subject}: {choice}. {consequence}")
    if len(decided) > _MOST_SHOWN:
        say(f"… and {len(decided) - _MOST_SHOWN} more.")


def _say(found: Preflight) -> None:
    choices = {(one.kind, one.subject): one for one in found.asked}
    for one in found.findings[:_MOST_SHOWN]:
        say(f"{_WORDS[one.weight]:<7} [{one.code}] {one.subject}: {one.sentence}")
        asked = choices.get((one.code, one.subject))
        if asked is not None:
            _say_choices(found.tenant, asked)
    if len(found.findings) > _MOST_SHOWN:
        say(f"… and {len(found.findings) - _MOST_SHOWN} more; --json names them all.")
    left = len(found.undecided)
    orders = f"Orders that would be posted: {found.orders:,}."
    if left:
        say(f"{orders} Findings to be decided or mended before the first of them is: {left}.")
        say(f"All of one code: udsync policy decide --all CODE CHOICE --tenant {found.tenant}")
    else:
        say(f"{orders} Nothing is left to decide.")


def _say_choices(tenant: str, asked: Asked) -> None:
    if asked.choice is not None:
        say(f"        Decided: {asked.choice}.")
        return
    say(f"        udsync policy decide {asked.subject!r} CHOICE --tenant {tenant}")
    for choice in asked.choices:
        say(f"          {choice.name:<12} {choice.consequence}")


def _as_json(found: Preflight) -> dict[str, Any]:
    choices = {(one.kind, one.subject): one.choice for one in found.asked}
    return {
        "ok": not found.undecided,
        "tenant": found.tenant,
        "orders": found.orders,
        "has_posted": found.has_posted,
        "undecided": len(found.undecided),
        "findings": [_finding(one, choices.get((one.code, one.subject))) for one in found.findings],
    }


def _finding(one: PreflightFinding, choice: str | None) -> dict[str, Any]:
    return {
        "code": one.code,
        "subject": one.subject,
        "weight": one.weight.value,
        "sentence": one.sentence,
        "choices": [{"name": each.name, "consequence": each.consequence} for each in one.answers],
        "decided": choice,
    }
