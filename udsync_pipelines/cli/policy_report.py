"""What `udsync policy` says of a posting policy: for a bookkeeper, and as one JSON object."""

from collections.abc import Iterable
from typing import Any

from udsync_pipelines.cli.output import say
from udsync_pipelines.posting.policy import PostingPolicy
from udsync_pipelines.posting.policy_fields import field_of, paths_of
from udsync_pipelines.posting.policy_json import Json, policy_to_json
from udsync_pipelines.posting.proposal import Confidence, Finding
from udsync_pipelines.services.policies import PolicyChange
from udsync_pipelines.store.repositories.policies import StoredPolicy, finding_to_json
from udsync_pipelines.store.tables.states import PostingPolicyState

_WORDS = {
    Confidence.CERTAIN: "certain",
    Confidence.LIKELY: "likely",
    Confidence.CONFIRM: "confirm",
    Confidence.OPEN: "OPEN",
}
_FROM_THE_COMPANY = "company."


def say_proposal(tenant: str, change: PolicyChange, *, will_accept: bool) -> None:
    """Each finding with its confidence and sentence, the open ones last with what to do."""
    stored = change.stored
    for finding in sorted(stored.findings, key=lambda each: each.confidence is Confidence.OPEN):
        _say_finding(tenant, finding, "--proposed ")
    counted = _counted(stored.findings)
    say(f"Proposed for {tenant}: {counted}. Version {stored.version}; nothing is in force by it.")
    if change.before == stored.policy:
        say("It is the policy in force, unchanged.")
    elif not will_accept:
        say(f"Next: udsync policy accept --tenant {tenant}")


def say_change(tenant: str, change: PolicyChange) -> None:
    """What was stored, field by field where it replaces something, and what it still lacks."""
    stored = change.stored
    is_active = stored.state is PostingPolicyState.ACTIVE
    state = "is in force" if is_active else "is changed and waits to be accepted"
    say(f"The posting policy of {tenant} {state}. Version {stored.version}.")
    if change.before is not None:
        for path, (old, new) in changes_between(change.before, stored.policy).items():
            say(f"  {path}: {_shown(old)} → {_shown(new)}")
    for sentence in (*change.missing.values(), *change.wrong.values()):
        say(f"Note: {sentence}")
    if not is_active:
        say(f"Next: udsync policy accept --tenant {tenant}")


def say_policy(tenant: str, stored: StoredPolicy) -> None:
    """Every field with its value, and the reason where it was proposed."""
    reasons = {finding.field: finding for finding in stored.findings}
    since = stored.activated_at or stored.created_at
    say(
        f"Posting policy of {tenant}: {stored.state.value} since {since:%Y-%m-%d %H:%M} UTC, "
        f"version {stored.version}."
    )
    for path in paths_of(stored.policy):
        reason = reasons.get(path)
        say(f"{path} = {_shown(field_of(stored.policy, path))}")
        if reason is not None and reason.value:
            say(f"    {reason.sentence}")
    option = "--proposed " if stored.state is PostingPolicyState.PROPOSED else ""
    for finding in stored.open:
        _say_finding(tenant, finding, option)


def as_json_object(tenant: str, change: PolicyChange) -> dict[str, Any]:
    """The same for scripts; `policy` is what `udsync policy set --file` takes."""
    stored = change.stored
    changed = changes_between(change.before, stored.policy) if change.before is not None else {}
    return {
        "ok": True,
        "tenant": tenant,
        "version": stored.version,
        "state": stored.state.value,
        "created_at": stored.created_at,
        "activated_at": stored.activated_at,
        "policy": policy_to_json(stored.policy),
        "findings": [finding_to_json(finding) for finding in stored.findings],
        "open": [finding.field for finding in stored.open],
        "changes": {path: {"old": old, "new": new} for path, (old, new) in changed.items()},
        "missing": [*change.missing.values()],
        "wrong": [*change.wrong.values()],
    }


def changes_between(before: PostingPolicy, after: PostingPolicy) -> dict[str, tuple[Json, Json]]:
    """Path → (old, new) of every field that differs; None where one of both has none."""
    paths = dict.fromkeys((*paths_of(before), *paths_of(after)))
    pairs = {path: (field_of(before, path), field_of(after, path)) for path in paths}
    return {path: pair for path, pair in pairs.items() if pair[0] != pair[1]}


def _say_finding(tenant: str, finding: Finding, option: str) -> None:
    value = f" = {finding.value}" if finding.value else ""
    say(f"{_WORDS[finding.confidence]:<8} {finding.field}{value}")
    say(f"         {finding.sentence}")
    is_open = finding.confidence is Confidence.OPEN
    if is_open and not finding.field.startswith(_FROM_THE_COMPANY):
        choices = f"   ID is one of {', '.join(finding.choices)}" if finding.choices else ""
        say(f"         udsync policy set --tenant {tenant} {option}{finding.field}=ID{choices}")


def _counted(findings: Iterable[Finding]) -> str:
    kinds = [finding.confidence for finding in findings]
    parts = [f"{kinds.count(kind)} {_WORDS[kind].lower()}" for kind in Confidence]
    return ", ".join(parts)


def _shown(value: Json) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value in (None, "") else str(value)
