"""Posting policies: proposed, accepted, replaced, and kept apart by store, company and tenant."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines.posting.policy import GatewayPolicy, ItemPolicy, PostingPolicy, TaxPolicy
from udsync_pipelines.posting.proposal import Confidence, Finding, Proposal
from udsync_pipelines.store.repositories import connections, policies
from udsync_pipelines.store.tables.policies import PostingPolicies
from udsync_pipelines.store.tables.states import Platform, PostingPolicyState
from udsync_pipelines.store.tenancy import StateDatabase
from udsync_pipelines_tests.store.samples import KEYS, household

pytestmark = pytest.mark.postgres

FULL = PostingPolicy(
    start_on=date(2026, 1, 1),
    gateways={"stripe": GatewayPolicy("35", "4")},
    items=ItemPolicy(shipping="8"),
    taxes=TaxPolicy({frozenset({"1", "2"}): "7"}, untaxed="3"),
    rounding_limit=Decimal("0.02"),
)
OTHER = replace(FULL, prefix="AB")
ASKED = Finding("items.fees", None, Confidence.OPEN, "Choose an item.", ("8", "9"))
NEW = Finding("items.fees", None, Confidence.LIKELY, "It is created.", creates="Fees")
SURE = Finding("items.shipping", "8", Confidence.CERTAIN, "It is named for it.")


@dataclass(frozen=True)
class Way:
    """A tenant's way from a store to a company."""

    database: StateDatabase
    tenant_id: UUID
    store: UUID
    company: UUID

    def active(self) -> policies.StoredPolicy | None:
        with self.database.tenant(self.tenant_id) as connection:
            return policies.active(connection, self.tenant_id, self.store, self.company)

    def proposed(self) -> policies.StoredPolicy | None:
        with self.database.tenant(self.tenant_id) as connection:
            return policies.proposed(connection, self.tenant_id, self.store, self.company)

    def history(self) -> list[tuple[str, str]]:
        with self.database.tenant(self.tenant_id) as connection:
            kept = policies.history(connection, self.tenant_id, self.store, self.company)
        return [(one.policy.prefix, one.state.value) for one in kept]

    def propose(
        self, policy: PostingPolicy, *findings: Finding, by: str | None = None
    ) -> policies.StoredPolicy:
        with self.database.tenant(self.tenant_id) as connection:
            return policies.propose(
                connection,
                self.tenant_id,
                self.store,
                self.company,
                Proposal(policy, findings),
                created_by=by,
            )

    def accept(self, version: str | None = None) -> policies.StoredPolicy:
        with self.database.tenant(self.tenant_id) as connection:
            return policies.accept(connection, self.tenant_id, self.store, self.company, version)

    def put(self, policy: PostingPolicy) -> policies.StoredPolicy:
        with self.database.tenant(self.tenant_id) as connection:
            return policies.put(connection, self.tenant_id, self.store, self.company, policy)


def company(database: StateDatabase, tenant_id: UUID, realm: str) -> UUID:
    new = connections.NewConnection(Platform.QUICKBOOKS, "Books", realm, {})
    with database.tenant(tenant_id) as connection:
        return connections.save(connection, tenant_id, new, KEYS).id


@pytest.fixture
def way(state_database: StateDatabase) -> Way:
    home = household(state_database, "acme")
    realm = company(state_database, home.tenant_id, "4620")
    return Way(state_database, home.tenant_id, home.connection_id, realm)


def test_a_tenant_begins_with_no_policy_at_all(way: Way) -> None:
    assert (way.active(), way.proposed(), way.history()) == (None, None, [])


def test_a_proposal_is_kept_whole_and_takes_no_effect(way: Way) -> None:
    kept = way.propose(FULL, ASKED, SURE, NEW, by="books@shop.example")

    assert way.active() is None
    assert way.proposed() == kept
    assert (kept.policy, kept.findings, kept.open) == (FULL, (ASKED, SURE, NEW), (ASKED,))
    assert (kept.state, kept.created_by) == (PostingPolicyState.PROPOSED, "books@shop.example")
    assert (kept.activated_at, kept.retired_at) == (None, None)
    assert len(kept.version) == 16


def test_an_accepted_proposal_is_in_force_with_its_findings(way: Way) -> None:
    waiting = way.propose(FULL, SURE)

    accepted = way.accept(waiting.version)

    assert way.proposed() is None
    assert way.active() == accepted
    assert (accepted.id, accepted.version) == (waiting.id, waiting.version)
    assert (accepted.policy, accepted.findings) == (FULL, (SURE,))
    assert accepted.activated_at is not None


def test_a_new_proposal_leaves_the_policy_in_force_alone(way: Way) -> None:
    way.put(FULL)

    way.propose(OTHER)

    current, waiting = way.active(), way.proposed()
    assert current is not None
    assert waiting is not None
    assert (current.policy, waiting.policy) == (FULL, OTHER)


def test_former_versions_are_kept_newest_first(way: Way) -> None:
    way.propose(FULL)
    way.propose(OTHER)
    way.accept()
    way.put(replace(FULL, prefix="CD"))

    assert way.history() == [("CD", "active"), ("AB", "retired"), ("WC", "retired")]


def test_a_replaced_proposal_never_counts_as_having_been_in_force(way: Way) -> None:
    way.propose(FULL)
    way.propose(OTHER)

    with way.database.tenant(way.tenant_id) as connection:
        _, former = policies.history(connection, way.tenant_id, way.store, way.company)

    assert former.activated_at is None
    assert former.retired_at is not None


def test_setting_the_same_policy_again_changes_nothing(way: Way) -> None:
    first = way.put(FULL)

    again = way.put(FULL)

    assert again == first
    assert len(way.history()) == 1


def test_accepting_nothing_names_the_command_that_proposes(way: Way) -> None:
    with pytest.raises(ConfigurationError, match="Run `udsync policy propose`") as refused:
        way.accept()

    assert refused.value.code == "policy_not_proposed"


def test_a_proposal_that_changed_since_it_was_shown_is_not_accepted(way: Way) -> None:
    shown = way.propose(FULL)
    way.propose(OTHER)

    with pytest.raises(ConfigurationError, match=f"no longer {shown.version}") as refused:
        way.accept(shown.version)

    assert refused.value.code == "policy_changed"
    assert way.active() is None


def test_another_company_of_the_same_tenant_has_its_own_policy(way: Way) -> None:
    sandbox = replace(way, company=company(way.database, way.tenant_id, "9999"))
    way.put(FULL)

    sandbox.put(OTHER)

    assert way.history() == [("WC", "active")]
    assert sandbox.history() == [("AB", "active")]


def test_people_who_decide_at_the_same_time_do_so_one_after_the_other(way: Way) -> None:
    prefixes = [f"P{number}" for number in range(8)]
    steps = threading.Barrier(len(prefixes))

    def decide(prefix: str) -> None:
        steps.wait()
        way.propose(replace(FULL, prefix=prefix))
        way.put(replace(FULL, prefix=prefix))

    with ThreadPoolExecutor(len(prefixes)) as pool:
        list(pool.map(decide, prefixes))

    states = [state for _, state in way.history()]
    assert states.count("active") == 1
    assert states.count("proposed") == 1
    assert states.count("retired") == 14


@pytest.mark.parametrize("state", [PostingPolicyState.ACTIVE, PostingPolicyState.PROPOSED])
def test_the_database_itself_refuses_a_second_policy_in_a_state(
    way: Way, state: PostingPolicyState
) -> None:
    way.put(FULL)
    way.propose(OTHER)

    with (
        pytest.raises(IntegrityError, match=f"uq_posting_policies_{state.value}"),
        way.database.tenant(way.tenant_id) as connection,
    ):
        connection.execute(
            sa.insert(PostingPolicies).values(
                tenant_id=way.tenant_id,
                source_connection_id=way.store,
                target_connection_id=way.company,
                version="0" * 16,
                state=state,
                policy={},
            )
        )


def test_a_stored_policy_that_cannot_be_read_names_its_field(way: Way) -> None:
    way.put(FULL)
    with way.database.tenant(way.tenant_id) as connection:
        connection.execute(sa.update(PostingPolicies).values(policy={"due_days": "soon"}))

    with pytest.raises(ConfigurationError, match="due_days must be a whole number"):
        way.active()
