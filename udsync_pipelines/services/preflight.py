"""The pre-flight of a tenant's books: what is found, what a person decided, and the first run.

Reads only. It costs about twelve metered reads, one more for each thousand items of the books and
for each thousand sales that they hold in the span of the orders to be posted.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice
from uuid import UUID

from udsync_pipelines.connectors.quickbooks.client import QuickBooksClient
from udsync_pipelines.connectors.quickbooks.held import (
    account_balances,
    oldest_unbanked,
    sales_between,
)
from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.domain.order import Order
from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines.posting.company import Company
from udsync_pipelines.posting.policy import PostingPolicy
from udsync_pipelines.posting.preflight import (
    OLD_DAYS,
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
from udsync_pipelines.services.deciding import PERSON
from udsync_pipelines.services.installation import Installation
from udsync_pipelines.services.policies import PolicyPlace, find_place
from udsync_pipelines.services.shop_side import archived_orders
from udsync_pipelines.store.repositories import decisions
from udsync_pipelines.store.repositories.archive import PostgresArchive
from udsync_pipelines.store.repositories.decisions import Ask, Asked
from udsync_pipelines.store.repositories.write_ledger import PostgresWriteLedger
from udsync_pipelines.store.tables.states import Platform
from udsync_pipelines.store.tenancy import StateDatabase
from udsync_pipelines.sync.books.writes import Key, Role
from udsync_pipelines.sync.decisions import Choice

_UNDEPOSITED = "UndepositedFunds"
_AT_ONCE = 500
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
        """What keeps the first live run from starting; nothing once documents were posted."""
        return () if self.has_posted else tuple(one for one in self.asked if one.choice is None)


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
        return _checked(place, stored.policy, books)


def must_pass(place: PolicyPlace, policy: PostingPolicy, books: OpenBooks) -> None:
    """Let the first live run of a tenant start only when everything is decided.

    A tenant that has posted documents is not asked again.

    Raises:
        ConfigurationError: code `preflight_undecided`, with what is to be decided and how.
    """
    if _ledger(place.installation.state, place).has_documents():
        return
    left = _checked(place, policy, books).undecided
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


def _checked(place: PolicyPlace, policy: PostingPolicy, books: OpenBooks) -> Preflight:
    company = books.lists.with_items()
    scope = Scope(policy, company)
    ledger = _ledger(place.installation.state, place)
    for order in _unposted(place, ledger):
        scope.add(order)
    findings = (
        *policy_findings(policy, company),
        *scope_findings(scope, policy, company),
        *_of_documents(books.client, scope, policy, company),
        *old_money(_money(books.client, policy, company), _today(policy)),
    )
    with place.installation.state.tenant(place.tenant.id) as transaction:
        asked = decisions.ask_before(
            transaction, place.tenant.id, place.books.id, _questions(findings)
        )
    return Preflight(
        place.tenant.name, findings, tuple(asked), len(scope.sales), ledger.has_documents()
    )


def _unposted(place: PolicyPlace, ledger: PostgresWriteLedger) -> Iterator[Order]:
    archive = PostgresArchive(place.installation.state, place.tenant.id, place.store.id)
    found = archived_orders(archive)
    while orders := [*islice(found, _AT_ONCE)]:
        keys = {order.id: Key(Entity.ORDER, order.id, Role.SALE) for order in orders}
        bound = ledger.bound(keys.values())
        yield from (order for order in orders if keys[order.id] not in bound)


def _of_documents(
    client: QuickBooksClient, scope: Scope, policy: PostingPolicy, company: Company
) -> Iterator[PreflightFinding]:
    first, last = scope.first_on, scope.last_on
    if first is None or last is None:
        return
    held = [*sales_between(client, first, last + _LATER, company.home_currency)]
    yield from posted_already(scope.sales, held)
    yield from other_connectors(held, policy)


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


def _ledger(state: StateDatabase, place: PolicyPlace) -> PostgresWriteLedger:
    return PostgresWriteLedger(state, place.tenant.id, place.store.id, place.books.id)


def _today(policy: PostingPolicy) -> date:
    return utc_now().astimezone(policy.zone()).date()
