"""Decisions about parked records: what is asked, and the choice that a person takes."""

from collections.abc import Sequence

from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines.services.installation import Installation
from udsync_pipelines.store.repositories import decisions
from udsync_pipelines.store.repositories.decisions import Asked
from udsync_pipelines.store.repositories.tenants import Tenant

PERSON = "operator"


def questions_of(
    installation: Installation, tenant: Tenant, record: str | None = None
) -> Sequence[Asked]:
    """The questions about parked records, or about the one that is named; oldest first."""
    with installation.state.tenant(tenant.id) as connection:
        return decisions.asked(connection, tenant.id, subject=record)


def decide(installation: Installation, tenant: Tenant, record: str, choice: str) -> Sequence[Asked]:
    """Take a choice for what is asked about one record; the next sync carries it out.

    A choice that was taken and not carried out yet may be taken anew.

    Raises:
        ConfigurationError: nothing is asked about it, or not with this choice.
    """
    found = questions_of(installation, tenant, record)
    if not found:
        raise _not_asked(tenant, f"about {record}")
    return _take(installation, tenant, found, choice)


def decide_all(
    installation: Installation, tenant: Tenant, kind: str, choice: str
) -> Sequence[Asked]:
    """Take the same choice for every question of a kind that nobody has decided yet.

    Raises:
        ConfigurationError: nothing of this kind is asked, or not with this choice.
    """
    with installation.state.tenant(tenant.id) as connection:
        found = decisions.asked(connection, tenant.id, kind=kind)
    left = [one for one in found if one.choice is None]
    if not left:
        raise _not_asked(tenant, f"of the kind {kind}")
    return _take(installation, tenant, left, choice)


def _take(
    installation: Installation, tenant: Tenant, found: Sequence[Asked], choice: str
) -> Sequence[Asked]:
    for one in found:
        offered = [offer.name for offer in one.choices]
        if choice not in offered:
            raise ConfigurationError(
                f"{choice!r} is not one of the choices for {one.subject}.",
                code="choice_unknown",
                cure=f"Choose one of: {', '.join(offered)}.",
            )
    with installation.state.tenant(tenant.id) as connection:
        decisions.decide(connection, tenant.id, [one.id for one in found], choice, PERSON)
    return found


def _not_asked(tenant: Tenant, what: str) -> ConfigurationError:
    return ConfigurationError(
        f"Nothing is asked {what}.",
        code="question_unknown",
        cure=f"`udsync failures list --tenant {tenant.name}` names what is parked; what can be "
        "decided shows its choices.",
    )
