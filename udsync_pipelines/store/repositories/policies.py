"""A tenant's posting policies from a store to a company, in a transaction of that tenant.

At most one is active and at most one is proposed; those that they replaced are kept as retired.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines.posting.policy import PostingPolicy
from udsync_pipelines.posting.policy_json import policy_from_json, policy_to_json, policy_version
from udsync_pipelines.posting.proposal import Confidence, Finding, Proposal
from udsync_pipelines.store.tables.policies import PostingPolicies
from udsync_pipelines.store.tables.states import PostingPolicyState

_COLUMNS = (
    PostingPolicies.id,
    PostingPolicies.version,
    PostingPolicies.state,
    PostingPolicies.policy,
    PostingPolicies.findings,
    PostingPolicies.created_at,
    PostingPolicies.created_by,
    PostingPolicies.activated_at,
    PostingPolicies.retired_at,
)


@dataclass(frozen=True, slots=True)
class StoredPolicy:
    """One version of a posting policy.

    `version` is the one it was stored with: it stays what it was when a later release adds a
    field to policies. `findings` are empty for a policy that was set by hand.
    """

    id: UUID
    version: str
    state: PostingPolicyState
    policy: PostingPolicy
    findings: tuple[Finding, ...]
    created_at: datetime
    created_by: str | None
    activated_at: datetime | None
    retired_at: datetime | None

    @property
    def open(self) -> tuple[Finding, ...]:
        """What a person must still decide; orders that need it are parked."""
        return Proposal(self.policy, self.findings).open


def active(
    connection: sa.Connection, tenant_id: UUID, source: UUID, target: UUID
) -> StoredPolicy | None:
    """The policy in force from this store to this company, or None.

    Raises:
        ConfigurationError: what is stored can no longer be read; the message names the field.
    """
    return _in_state(connection, tenant_id, source, target, PostingPolicyState.ACTIVE)


def proposed(
    connection: sa.Connection, tenant_id: UUID, source: UUID, target: UUID
) -> StoredPolicy | None:
    """The policy that waits to be accepted, or None.

    Raises:
        ConfigurationError: what is stored can no longer be read; the message names the field.
    """
    return _in_state(connection, tenant_id, source, target, PostingPolicyState.PROPOSED)


def history(
    connection: sa.Connection, tenant_id: UUID, source: UUID, target: UUID
) -> tuple[StoredPolicy, ...]:
    """Every version there was, whatever its state, newest first.

    Raises:
        ConfigurationError: what is stored can no longer be read; the message names the field.
    """
    statement = (
        sa.select(*_COLUMNS)
        .where(*_between(tenant_id, source, target))
        .order_by(PostingPolicies.created_at.desc(), PostingPolicies.id)
    )
    return tuple(_stored(row) for row in connection.execute(statement).mappings())


def propose(
    connection: sa.Connection,
    tenant_id: UUID,
    source: UUID,
    target: UUID,
    proposal: Proposal,
    created_by: str | None = None,
) -> StoredPolicy:
    """Keep a proposal in place of the former one. It takes no effect until it is accepted."""
    _lock(connection, tenant_id, source, target)
    _retire(connection, tenant_id, source, target, PostingPolicyState.PROPOSED)
    values = _values(proposal.policy, proposal.findings, created_by)
    return _insert(connection, tenant_id, source, target, PostingPolicyState.PROPOSED, values)


def accept(
    connection: sa.Connection,
    tenant_id: UUID,
    source: UUID,
    target: UUID,
    version: str | None = None,
) -> StoredPolicy:
    """Put the proposed policy in force; the one it replaces is retired.

    With `version` only that one is accepted: what a person was shown is what takes effect.

    Raises:
        ConfigurationError: nothing is proposed, or the proposal is another by now.
    """
    _lock(connection, tenant_id, source, target)
    waiting = proposed(connection, tenant_id, source, target)
    if waiting is None:
        raise ConfigurationError(
            "No posting policy is proposed for this tenant.",
            code="policy_not_proposed",
            cure="Run `udsync policy propose` first.",
        )
    if version is not None and waiting.version != version:
        raise changed_meanwhile(version, waiting.version)
    _retire(connection, tenant_id, source, target, PostingPolicyState.ACTIVE)
    statement = (
        sa.update(PostingPolicies)
        .where(PostingPolicies.tenant_id == tenant_id, PostingPolicies.id == waiting.id)
        .values(state=PostingPolicyState.ACTIVE, activated_at=sa.func.now())
        .returning(*_COLUMNS)
    )
    return _stored(connection.execute(statement).mappings().one())


def put(  # noqa: PLR0913 - whose policy, which one, who chose it and why
    connection: sa.Connection,
    tenant_id: UUID,
    source: UUID,
    target: UUID,
    policy: PostingPolicy,
    created_by: str | None = None,
    *,
    findings: Iterable[Finding] = (),
) -> StoredPolicy:
    """Put this policy in force at once; the one it replaces is retired, a proposal stays.

    The same policy again changes nothing: the one in force is returned.
    """
    _lock(connection, tenant_id, source, target)
    current = active(connection, tenant_id, source, target)
    if current is not None and current.policy == policy:
        return current
    _retire(connection, tenant_id, source, target, PostingPolicyState.ACTIVE)
    values = _values(policy, findings, created_by) | {"activated_at": sa.func.now()}
    return _insert(connection, tenant_id, source, target, PostingPolicyState.ACTIVE, values)


def changed_meanwhile(shown: str, waiting: str) -> ConfigurationError:
    """The refusal to accept another proposal than the one that a person was shown."""
    return ConfigurationError(
        f"The proposed posting policy is no longer {shown} but {waiting}.",
        code="policy_changed",
        cure="Look at it with `udsync policy show --proposed`, then accept it.",
    )


def finding_to_json(finding: Finding) -> dict[str, Any]:
    """A finding as JSON values, as it is stored and shown."""
    return {
        "field": finding.field,
        "value": finding.value,
        "confidence": finding.confidence.value,
        "sentence": finding.sentence,
        "choices": [*finding.choices],
        "creates": finding.creates,
    }


def _finding(stored: Mapping[str, Any]) -> Finding:
    return Finding(
        field=stored["field"],
        value=stored["value"],
        confidence=Confidence(stored["confidence"]),
        sentence=stored["sentence"],
        choices=tuple(stored["choices"]),
        creates=stored["creates"],
    )


def _in_state(
    connection: sa.Connection,
    tenant_id: UUID,
    source: UUID,
    target: UUID,
    state: PostingPolicyState,
) -> StoredPolicy | None:
    statement = sa.select(*_COLUMNS).where(
        *_between(tenant_id, source, target), PostingPolicies.state == state
    )
    row = connection.execute(statement).mappings().one_or_none()
    return None if row is None else _stored(row)


def _between(tenant_id: UUID, source: UUID, target: UUID) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        PostingPolicies.tenant_id == tenant_id,
        PostingPolicies.source_connection_id == source,
        PostingPolicies.target_connection_id == target,
    )


def _lock(connection: sa.Connection, tenant_id: UUID, source: UUID, target: UUID) -> None:
    """Two people who decide at the same time do it one after the other, until the commit."""
    key = sa.func.hashtextextended(f"posting_policies:{tenant_id}:{source}:{target}", 0)
    connection.execute(sa.select(sa.func.pg_advisory_xact_lock(key)))


def _retire(
    connection: sa.Connection,
    tenant_id: UUID,
    source: UUID,
    target: UUID,
    state: PostingPolicyState,
) -> None:
    connection.execute(
        sa.update(PostingPolicies)
        .where(*_between(tenant_id, source, target), PostingPolicies.state == state)
        .values(state=PostingPolicyState.RETIRED, retired_at=sa.func.now())
    )


def _values(
    policy: PostingPolicy, findings: Iterable[Finding], created_by: str | None
) -> dict[str, Any]:
    return {
        "version": policy_version(policy),
        "policy": policy_to_json(policy),
        "findings": [finding_to_json(finding) for finding in findings],
        "created_by": created_by,
        # the clock's own time: two versions of one transaction keep their order
        "created_at": sa.func.clock_timestamp(),
    }


def _insert(
    connection: sa.Connection,
    tenant_id: UUID,
    source: UUID,
    target: UUID,
    state: PostingPolicyState,
    values: Mapping[str, Any],
) -> StoredPolicy:
    statement = (
        sa.insert(PostingPolicies)
        .values(
            tenant_id=tenant_id,
            source_connection_id=source,
            target_connection_id=target,
            state=state,
            **values,
        )
        .returning(*_COLUMNS)
    )
    return _stored(connection.execute(statement).mappings().one())


def _stored(row: sa.RowMapping) -> StoredPolicy:
    return StoredPolicy(
        **{
            **row,
            "policy": policy_from_json(row["policy"]),
            "findings": tuple(_finding(stored) for stored in row["findings"]),
        }
    )
