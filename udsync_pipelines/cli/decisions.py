"""`udsync failures decide`: what a person is asked about parked records, and the choice taken."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, TypeAlias

import typer

from udsync_pipelines.cli.options import AsJson, TenantName
from udsync_pipelines.cli.output import emit_json, say
from udsync_pipelines.services import deciding
from udsync_pipelines.services.failures import parse_record
from udsync_pipelines.services.installation import open_installation
from udsync_pipelines.store.repositories.decisions import Asked

SHOWN = 20

Questions: TypeAlias = Mapping[tuple[str, str | None], Asked]
"""What is asked about parked records, by the record's name and the code it is parked with."""


def decide(
    what: Annotated[
        str,
        typer.Argument(
            help="The record, such as order/77; with --all, the code of what is asked.",
            metavar="ENTITY/ID|CODE",
        ),
    ],
    choice: Annotated[str, typer.Argument(help="One of the choices that `failures show` names.")],
    tenant: TenantName,
    everything: Annotated[
        bool, typer.Option("--all", help="Every record that is parked with this code.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Decide what becomes of a record that is parked with a question; the next sync does it.

    The decision is about the record and its documents as they are now. If either changes before
    the sync, nothing is done and the question is asked anew.
    """
    record = None if everything else parse_record(what).name
    with open_installation() as installation:
        owner = installation.tenant(tenant)
        if record is None:
            decided = deciding.decide_all(installation, owner, what, choice)
        else:
            decided = deciding.decide(installation, owner, record, choice)
    if as_json:
        emit_json({"decided": [_decided_as_json(one, choice) for one in decided]})
        return
    for one in decided[:SHOWN]:
        say(f"{one.subject}: {choice}. {_consequence(one, choice)}")
    if len(decided) > SHOWN:
        say(f"… and {len(decided) - SHOWN} more.")
    say("The next sync carries it out.")


def by_failure(asked: Sequence[Asked]) -> Questions:
    """Each question by the record and the code under which it is parked."""
    return {(one.subject, one.kind): one for one in asked}


def in_short(asked: Asked | None) -> str:
    """What is to be decided about a failed record, as the end of its line."""
    if asked is None:
        return ""
    if asked.choice is not None:
        return f" {_already(asked)}"
    return f" Choices: {', '.join(choice.name for choice in asked.choices)}."


def choice_lines(asked: Asked, tenant: str) -> Iterator[str]:
    """The choices of a question, each with what it leads to, and how to take one."""
    if asked.choice is not None:
        yield _already(asked)
    yield f"Choose with: udsync failures decide {asked.subject} CHOICE --tenant {tenant}"
    for choice in asked.choices:
        yield f"    {choice.name:<12} {choice.consequence}"


def question_as_json(asked: Asked) -> dict[str, Any]:
    """A question as one object for scripts."""
    return {
        "code": asked.kind,
        "question": asked.text,
        "choices": [{"name": one.name, "consequence": one.consequence} for one in asked.choices],
        "decided": asked.choice,
    }


def _decided_as_json(asked: Asked, choice: str) -> dict[str, str]:
    return {"record": asked.subject, "code": asked.kind, "choice": choice}


def _already(asked: Asked) -> str:
    return f"Decided: {asked.choice}; the next sync carries it out."


def _consequence(asked: Asked, name: str) -> str:
    return next(choice.consequence for choice in asked.choices if choice.name == name)
