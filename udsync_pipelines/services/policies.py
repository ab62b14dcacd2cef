"""A tenant's posting policy: proposed from both sides, accepted, shown and set.

A proposal takes no effect by itself; accepting and setting do, and both look at the books first.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines.posting.checking import missing_choices, wrong_choices
from udsync_pipelines.posting.company import Company
from udsync_pipelines.posting.policy import PostingPolicy
from udsync_pipelines.posting.policy_fields import with_field
from udsync_pipelines.posting.proposal import Proposal
from udsync_pipelines.posting.propose import propose as propose_policy
from udsync_pipelines.posting.repropose import chosen_by_hand, keep_choices
from udsync_pipelines.services.books import open_books
from udsync_pipelines.services.installation import Installation
from udsync_pipelines.services.policy_items import create_items, items_to_create
from udsync_pipelines.services.shop_side import read_shop_side
from udsync_pipelines.store.repositories import connections, policies
from udsync_pipelines.store.repositories.connections import Connection
from udsync_pipelines.store.repositories.policies import StoredPolicy
from udsync_pipelines.store.repositories.tenants import Tenant
from udsync_pipelines.store.tables.states import Platform, PostingPolicyState

_SHOWN = 5  # sentences in one error


@dataclass(frozen=True, slots=True)
class PolicyPlace:
    """Whose policy it is: a tenant's, from a store to a company."""

    installation: Installation
    tenant: Tenant
    store: Connection
    books: Connection

    def active(self) -> StoredPolicy | None:
        """The policy in force, or None."""
        with self.installation.state.tenant(self.tenant.id) as transaction:
            return policies.active(transaction, self.tenant.id, self.store.id, self.books.id)

    def proposed(self) -> StoredPolicy | None:
        """The policy that waits to be accepted, or None."""
        with self.installation.state.tenant(self.tenant.id) as transaction:
            return policies.proposed(transaction, self.tenant.id, self.store.id, self.books.id)

    def company(self) -> Company:
        """The books with their items, read now.

        Raises:
            ConfigurationError, PlatformUnavailableError: why the books cannot be read.
        """
        with open_books(self.installation, self.tenant, self.books) as books:
            return books.lists.with_items()


@dataclass(frozen=True, slots=True)
class PolicyChange:
    """A policy that was stored, with what it still lacks and what in it the books do not serve.

    `missing` and `wrong` are sentences for a bookkeeper, by field; orders that need such a choice
    are parked. `before` is what was changed, None for a first policy.
    """

    stored: StoredPolicy
    missing: Mapping[str, str] = field(default_factory=dict)
    wrong: Mapping[str, str] = field(default_factory=dict)
    before: PostingPolicy | None = None


def find_place(installation: Installation, tenant_name: str) -> PolicyPlace:
    """The tenant's store and company.

    Raises:
        ConfigurationError: no such tenant, or one of both is not connected.
    """
    tenant = installation.tenant(tenant_name)
    with installation.state.tenant(tenant.id) as transaction:
        store = connections.default(transaction, tenant.id, Platform.WOOCOMMERCE)
        books = connections.default(transaction, tenant.id, Platform.QUICKBOOKS)
    return PolicyPlace(installation, tenant, store, books)


def propose(
    installation: Installation, tenant_name: str, created_by: str | None = None
) -> PolicyChange:
    """Propose a policy from what the store and the books say, and keep it to be accepted.

    What the policy in force has chosen stays chosen while the books offer it. Reads both
    platforms, writes to neither.

    Raises:
        ConfigurationError, PlatformUnavailableError: why one side cannot be read; what was
            proposed before stays.
    """
    place = find_place(installation, tenant_name)
    company = place.company()
    proposal = propose_policy(read_shop_side(installation, place.tenant, place.store), company)
    current = place.active()
    if current is not None:
        proposal = keep_choices(proposal, current.policy, company)
    stored = _keep_proposal(place, proposal, created_by)
    return PolicyChange(
        stored,
        missing_choices(stored.policy),
        wrong_choices(stored.policy, company),
        current.policy if current else None,
    )


def accept(
    installation: Installation,
    tenant_name: str,
    *,
    version: str | None = None,
    allow_open: bool = False,
) -> PolicyChange:
    """Put the proposed policy in force; with `version` only that one.

    Items that the proposal says it creates are created in the books first, each once: what has
    its name already is taken instead. They are part of the version that takes effect.

    Raises:
        ConfigurationError: nothing is proposed, it is another by now, something in it is open
            and that is not allowed, the books do not offer what it names, or they may only be
            read and an item is missing.
        OutcomeUnknownError: the answer to a creation was lost; accepting again finds the item.
    """
    place = find_place(installation, tenant_name)
    current = place.active()
    waiting = _waiting(place, version)
    _refuse_open(waiting, allow_open=allow_open)
    company = place.company()
    _refuse_wrong(wrong_choices(waiting.policy, company).values())
    waiting = _with_items(place, waiting, company)
    with installation.state.tenant(place.tenant.id) as transaction:
        stored = policies.accept(
            transaction, place.tenant.id, place.store.id, place.books.id, waiting.version
        )
    before = current.policy if current else None
    return PolicyChange(stored, missing_choices(stored.policy), before=before)


def show(installation: Installation, tenant_name: str, state: PostingPolicyState) -> StoredPolicy:
    """The policy in force, or the proposed one. Asks no platform.

    Raises:
        ConfigurationError: there is none in this state; the cure names the next command.
    """
    place = find_place(installation, tenant_name)
    is_proposed = state is PostingPolicyState.PROPOSED
    found = place.proposed() if is_proposed else place.active()
    if found is not None:
        return found
    if is_proposed:
        raise _nothing("No posting policy is proposed", "policy_not_proposed", place, "propose")
    if place.proposed() is not None:
        what = "No posting policy is in force; one is proposed"
        raise _nothing(what, "policy_not_active", place, "accept")
    raise _nothing("No posting policy is in force", "policy_not_active", place, "propose")


def put(
    installation: Installation,
    tenant_name: str,
    policy: PostingPolicy,
    created_by: str | None = None,
) -> PolicyChange:
    """Put this policy in force at once, after a look at the books.

    Raises:
        ConfigurationError: it names what the books do not offer or what cannot serve; what the
            policy in force names wrongly already is reported, not refused.
    """
    place = find_place(installation, tenant_name)
    return _activate(place, policy, place.active(), created_by)


def change(
    installation: Installation,
    tenant_name: str,
    edits: Sequence[tuple[str, str]],
    *,
    in_proposal: bool = False,
    created_by: str | None = None,
) -> PolicyChange:
    """Change single fields, named by path, of the policy in force, which takes effect at once.

    The proposal is changed instead where nothing is in force yet, or with `in_proposal`; it
    still waits to be accepted.

    Raises:
        ConfigurationError: an unknown field, a value that is none, an id that the books do not
            offer, or there is no policy to change.
    """
    place = find_place(installation, tenant_name)
    current, waiting = place.active(), place.proposed()
    if in_proposal or current is None:
        if waiting is None:
            raise _nothing("There is no policy to change", "policy_not_proposed", place, "propose")
        return _change_proposal(place, waiting, edits, created_by)
    return _activate(place, _edited(current.policy, edits), current, created_by)


def _change_proposal(
    place: PolicyPlace,
    waiting: StoredPolicy,
    edits: Iterable[tuple[str, str]],
    created_by: str | None,
) -> PolicyChange:
    policy = _edited(waiting.policy, edits)
    wrong = _newly_wrong(place, policy, waiting.policy)
    proposal = Proposal(policy, chosen_by_hand(waiting.findings, policy))
    stored = _keep_proposal(place, proposal, created_by)
    return PolicyChange(stored, missing_choices(policy), wrong, waiting.policy)


def _activate(
    place: PolicyPlace,
    policy: PostingPolicy,
    current: StoredPolicy | None,
    created_by: str | None,
) -> PolicyChange:
    before = current.policy if current else None
    wrong = _newly_wrong(place, policy, before)
    with place.installation.state.tenant(place.tenant.id) as transaction:
        stored = policies.put(
            transaction,
            place.tenant.id,
            place.store.id,
            place.books.id,
            policy,
            created_by,
            findings=chosen_by_hand(current.findings, policy) if current else (),
        )
    return PolicyChange(stored, missing_choices(policy), wrong, before)


def _waiting(place: PolicyPlace, version: str | None) -> StoredPolicy:
    waiting = place.proposed()
    if waiting is None:
        raise _nothing("No posting policy is proposed", "policy_not_proposed", place, "propose")
    if version is not None and waiting.version != version:
        raise policies.changed_meanwhile(version, waiting.version)
    return waiting


def _with_items(place: PolicyPlace, waiting: StoredPolicy, company: Company) -> StoredPolicy:
    """The proposal with the items that it creates, kept as a proposal of its own."""
    missing = items_to_create(waiting)
    if not missing:
        return waiting
    created = create_items(
        place.installation, place.tenant, place.books, missing, waiting.policy.new_items, company
    )
    policy = _edited(waiting.policy, created.items())
    findings = chosen_by_hand(waiting.findings, policy)
    return _keep_proposal(place, Proposal(policy, findings), waiting.created_by)


def _keep_proposal(place: PolicyPlace, proposal: Proposal, created_by: str | None) -> StoredPolicy:
    with place.installation.state.tenant(place.tenant.id) as transaction:
        return policies.propose(
            transaction, place.tenant.id, place.store.id, place.books.id, proposal, created_by
        )


def _edited(policy: PostingPolicy, edits: Iterable[tuple[str, str]]) -> PostingPolicy:
    for path, text in edits:
        policy = with_field(policy, path, text)
    return policy


def _newly_wrong(
    place: PolicyPlace, policy: PostingPolicy, before: PostingPolicy | None
) -> Mapping[str, str]:
    """What the books do not serve in it and did not serve before either; anything new is refused.

    An account that was closed meanwhile must not keep a person from changing something else.
    """
    company = place.company()
    known = wrong_choices(before, company) if before else {}
    wrong = wrong_choices(policy, company)
    _refuse_wrong([each for each in wrong.values() if each not in known.values()])
    return wrong


def _refuse_wrong(sentences: Collection[str]) -> None:
    if not sentences:
        return
    more = len(sentences) - _SHOWN
    listed = " ".join([*sentences][:_SHOWN]) + (f" And {more} more." if more > 0 else "")
    raise ConfigurationError(
        f"The books cannot serve this posting policy. {listed}",
        code="policy_refused_by_books",
        platform=Platform.QUICKBOOKS,
        cure="Choose other ids with `udsync policy set`, or propose anew.",
    )


def _refuse_open(waiting: StoredPolicy, *, allow_open: bool) -> None:
    if allow_open or not waiting.open:
        return
    count = len(waiting.open)
    fields = ", ".join(finding.field for finding in waiting.open[:_SHOWN])
    more = ", …" if count > _SHOWN else ""
    noun = "decision is" if count == 1 else "decisions are"
    raise ConfigurationError(
        f"{count} {noun} still open in the proposed posting policy: {fields}{more}.",
        code="policy_open",
        cure=(
            "Decide with `udsync policy set --proposed FIELD=VALUE`, or accept with --allow-open: "
            "orders that need an open decision are then parked."
        ),
    )


def _nothing(what: str, code: str, place: PolicyPlace, command: str) -> ConfigurationError:
    cure = f"Run `udsync policy {command} --tenant {place.tenant.name}`."
    return ConfigurationError(f"{what} for {place.tenant.name}.", code=code, cure=cure)
