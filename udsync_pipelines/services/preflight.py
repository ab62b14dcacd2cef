"""The pre-flight of a tenant's books: what is found, what a person decided, and the first run.

Reads only. It costs about twelve metered reads, one more for each thousand items of the books and
for each thousand sales that they hold in the span of the orders to be posted.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from udsync_pipelines.connectors.quickbooks.client import QuickBooksClient
from udsync_pipelines.connectors.quickbooks.held import (
    account_balances,
    oldest_unbanked,
    sales_between,
)
from udsync_pipelines.domain.order import Order
from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines.posting.checked import Checked
from udsync_pipelines.posting.company import Company
from udsync_pipelines.posting.policy import PostingPolicy
from udsync_pipelines.posting.preflight import (
    OLD_DAYS,
    OTHER_CONNECTOR,
    OURS,
    POSTED_ALREADY,
    HeldMoney,
    PreflightFinding,
    old_money,
    other_connectors,
    policy_findings,
    posted_already,
    scope_findings,
)
from udsync_pipelines.posting.scope import Scope
from udsync_pipelines.services.books import OpenBooks, open_books, utc_now
from udsync_pipelines.services.checked_orders import read_checked, remember_checked, unposted
from udsync_pipelines.services.deciding import PERSON
from udsync_pipelines.services.installation import Installation
from udsync_pipelines.services.policies import PolicyPlace, find_place
from udsync_pipelines.store.repositories import decisions
from udsync_pipelines.store.repositories.archive import PostgresArchive
from udsync_pipelines.store.repositories.decisions import Ask, Asked
from udsync_pipelines.store.repositories.write_ledger import PostgresWriteLedger
from udsync_pipelines.store.tables.states import Platform
from udsync_pipelines.store.tenancy import StateDatabase
from udsync_pipelines.sync.decisions import Choice

_TWICE = (POSTED_ALREADY, OTHER_CONNECTOR)
_UNDEPOSITED = "UndepositedFunds"
_LATER = timedelta(days=7)
"""So many days after its order a person may have dated a document."""

_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Preflight:
    """What was found, and what stands of it as questions; a decided one has its choice."""

    tenant: str
    findings: tuple[PreflightFinding, ...]
    asked: tuple[Asked, ...]
    orders: int
    has_posted: bool = False

    @property
    def undecided(self) -> tuple[Asked, ...]:
        """What keeps orders from being posted.

        Once documents were posted only what could count income twice does.
        """
        return tuple(
            one
            for one in self.asked
            if one.choice is None and (not self.has_posted or one.kind in _TWICE)
        )


def check(installation: Installation, tenant_name: str) -> Preflight:
    """Look at the policy in force, the books, and the orders that were read; keep the questions.

    Raises:
        ConfigurationError, PlatformUnavailableError: no policy is in force, or the books cannot
            be read.
    """
    place = find_place(installation, tenant_name)
    stored = place.active()
    if stored is None:
        raise ConfigurationError(
            f"No posting policy is in force for {tenant_name}.",
            code="policy_not_active",
            cure=f"Run `udsync policy propose --tenant {tenant_name}`, then accept it.",
        )
    with open_books(installation, place.tenant, place.books) as books:
        return _Review(place, stored.policy, books).of_all()


def must_pass(
    place: PolicyPlace,
    policy: PostingPolicy,
    books: OpenBooks,
    clock: Callable[[], datetime] = utc_now,
) -> None:
    """Let orders be posted only when everything about them is decided.

    The first live run of a tenant is asked about everything that `check` finds. Later ones are
    asked about orders only that were sold before the first, and that no run has looked for in the
    books: those of a backfill, or of days that the policy lets in now. Other runs read no books.

    Raises:
        ConfigurationError: code `preflight_undecided`, with what is to be decided and how.
    """
    began = clock().replace(microsecond=0)  # a store tells no more of when an order was made
    review = _Review(place, policy, books)
    if review.has_posted:
        checked = review.checked or Checked(0, began, policy)
        _refuse(place, review.of_unchecked(checked).undecided)
        now = Checked(max(review.through, checked.through), checked.live_since, policy)
    else:
        _refuse(place, review.of_all().undecided)
        now = Checked(review.through, began, policy)
    if now != review.checked:
        remember_checked(place, now)


def _refuse(place: PolicyPlace, left: Sequence[Asked]) -> None:
    if not left:
        return
    more = (f"And {len(left) - _SHOWN} more.",) if len(left) > _SHOWN else ()
    listed = " ".join((*(one.text for one in left[:_SHOWN]), *more))
    raise ConfigurationError(
        "Nothing is posted before all findings about the books are decided. "
        f"Left: {len(left)}. {listed}",
        code="preflight_undecided",
        platform=Platform.QUICKBOOKS,
        cure=f"Look with `udsync policy check --tenant {place.tenant.name}`. Mend what it names, "
        "or decide: one with `udsync policy decide SUBJECT CHOICE`, all alike with `udsync policy "
        "decide --all CODE CHOICE`. Then sync again.",
    )


def decide(
    installation: Installation, tenant_name: str, what: str, choice: str, *, every: bool
) -> Sequence[Asked]:
    """Take a choice for one finding, named by its subject, or for every one of a code.

    Raises:
        ConfigurationError: nothing such is asked, or not with this choice.
    """
    place = find_place(installation, tenant_name)
    with installation.state.tenant(place.tenant.id) as transaction:
        asked = decisions.asked_before(transaction, place.tenant.id, place.books.id)
        found = [one for one in asked if (one.kind if every else one.subject) == what]
        if not found:
            raise ConfigurationError(
                f"Nothing is asked about {what}.",
                code="question_unknown",
                cure=f"`udsync policy check --tenant {tenant_name}` names what is to be decided.",
            )
        offered = {each.name for one in found for each in one.choices}
        if choice not in offered:
            raise ConfigurationError(
                f"{choice!r} is not one of the choices for {what}.",
                code="choice_unknown",
                cure=f"Choose one of: {', '.join(sorted(offered))}.",
            )
        decisions.decide(transaction, place.tenant.id, [one.id for one in found], choice, PERSON)
    return found


def left_to_books(state: StateDatabase, tenant_id: UUID, books: UUID) -> frozenset[str]:
    """The ids of the orders that a person said the books hold already: they are never posted."""
    with state.tenant(tenant_id) as transaction:
        asked = decisions.asked_before(transaction, tenant_id, books)
    return frozenset(
        one.subject.partition("/")[2]
        for one in asked
        if one.kind == POSTED_ALREADY and one.choice == OURS
    )


@dataclass
class _Review:
    """One look at the orders to be posted; `through` is the last change of one that was seen."""

    place: PolicyPlace
    policy: PostingPolicy
    books: OpenBooks
    through: int = 0

    def __post_init__(self) -> None:
        state, store = self.place.installation.state, self.place.store.id
        self._archive = PostgresArchive(state, self.place.tenant.id, store)
        self._ledger = PostgresWriteLedger(state, self.place.tenant.id, store, self.place.books.id)
        self.has_posted = self._ledger.has_documents()
        self.checked = read_checked(self.place)

    def of_all(self) -> Preflight:
        """The whole pre-flight; of the books' documents, what concerns orders not checked yet."""
        company = self.books.lists.with_items()
        policy = self.policy
        everything, unchecked = Scope(policy, company), Scope(policy, company)
        for change, order in self._unposted(0):
            everything.add(order)
            is_covered = self.has_posted and self.checked and self.checked.covers(order, change)
            if not is_covered:
                unchecked.add(order)
        findings = (
            *policy_findings(policy, company),
            *scope_findings(everything, policy, company),
            *self._of_documents(unchecked, company),
            *old_money(_money(self.books.client, policy, company), _today(policy)),
        )
        return self._asked(findings, everything)

    def of_unchecked(self, checked: Checked) -> Preflight:
        """What the books hold of the orders that were not checked yet."""
        company = self.books.lists.company()
        scope = Scope(self.policy, company)
        for change, order in self._unposted(checked.begins_at(self.policy)):
            if not checked.covers(order, change):
                scope.add(order)
        return self._asked(tuple(self._of_documents(scope, company)), scope)

    def _unposted(self, after: int) -> Iterator[tuple[int, Order]]:
        for change, order in unposted(self._archive, self._ledger, after):
            self.through = change
            yield change, order

    def _of_documents(self, scope: Scope, company: Company) -> Iterator[PreflightFinding]:
        first, last = scope.first_on, scope.last_on
        if first is None or last is None:
            return
        client, currency = self.books.client, company.home_currency
        held = [*sales_between(client, first, last + _LATER, currency)]
        ours = self._ledger.sales_among([one.target_id for one in held])
        others = [one for one in held if one.target_id not in ours]
        yield from posted_already(scope.sales, others)
        yield from other_connectors(others, self.policy)

    def _asked(self, findings: tuple[PreflightFinding, ...], scope: Scope) -> Preflight:
        place = self.place
        with place.installation.state.tenant(place.tenant.id) as transaction:
            asked = decisions.ask_before(
                transaction, place.tenant.id, place.books.id, _questions(findings)
            )
        return Preflight(
            place.tenant.name, findings, tuple(asked), len(scope.sales), self.has_posted
        )


def _money(
    client: QuickBooksClient, policy: PostingPolicy, company: Company
) -> Iterator[HeldMoney]:
    balances = account_balances(client)
    chosen = {rules.account_id for rules in policy.gateways.values()}
    waiting = [
        account
        for account in company.accounts
        if account.id in balances and (account.id in chosen or account.subkind == _UNDEPOSITED)
    ]
    if not waiting:
        return
    oldest = oldest_unbanked(client, _today(policy) - timedelta(days=OLD_DAYS))
    for account in waiting:
        if account.id in oldest:
            yield HeldMoney(account.id, account.name, balances[account.id], oldest[account.id])


def _questions(findings: Collection[PreflightFinding]) -> Mapping[str, Sequence[Ask]]:
    found: dict[str, list[Ask]] = {}
    for one in findings:
        if one.answers:
            choices = tuple(Choice(each.name, each.consequence) for each in one.answers)
            ask = Ask(one.subject, one.sentence, choices, one.about)
            found.setdefault(one.code, []).append(ask)
    return found


def _today(policy: PostingPolicy) -> date:
    return utc_now().astimezone(policy.zone()).date()
