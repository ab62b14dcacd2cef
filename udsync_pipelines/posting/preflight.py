"""What a person must know, and decide, before a tenant's first orders are posted.

A finding that needs a decision is one where going on could put something wrong into the books:
income that stands there already. What is merely missing parks the orders that need it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from udsync_pipelines.posting.checking import missing_choices, wrong_choices
from udsync_pipelines.posting.company import Company
from udsync_pipelines.posting.held import HeldDocument, Sale, is_of_sale, other_programs
from udsync_pipelines.posting.policy import ClosedPeriodRule, PostingPolicy
from udsync_pipelines.posting.scope import Scope

POSTED_ALREADY = "preflight.posted_already"
OURS, POST_ANYWAY, GO_ON = "ours", "post_anyway", "go_on"
OLD_DAYS = 30
"""Money that waits longer than this in a clearing account was probably never banked."""


class Weight(StrEnum):
    """What a finding asks for."""

    DECIDE = "decide"
    PARKS = "parks"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True)
class Answer:
    """One way to decide, and what it leads to."""

    name: str
    consequence: str


@dataclass(frozen=True, slots=True)
class PreflightFinding:
    """Something found. `code` is stable; `subject` is the order, account, program or field.

    `about` tells two states of one subject apart: a decision holds for the state it was taken on.
    """

    code: str
    subject: str
    sentence: str
    weight: Weight
    answers: tuple[Answer, ...] = ()
    about: str = ""


@dataclass(frozen=True, slots=True)
class HeldMoney:
    """An account that takes money of sales, with what waits there; `oldest_on` is not banked."""

    account_id: str
    name: str
    balance: Decimal
    oldest_on: date


def policy_findings(policy: PostingPolicy, company: Company) -> Iterator[PreflightFinding]:
    """What the policy lacks, and what in it the books do not offer or cannot serve."""
    for sentence in wrong_choices(policy, company):
        yield PreflightFinding("preflight.policy_wrong", "policy", sentence, Weight.PARKS)
    for sentence in missing_choices(policy):
        yield PreflightFinding("preflight.policy_incomplete", "policy", sentence, Weight.PARKS)
    if not company.has_custom_numbers:
        sentence = (
            "The company numbers its documents itself: they will not carry the order's number, and "
            "udsync finds them again by day, customer and note."
        )
        yield PreflightFinding("preflight.custom_numbers_off", "company", sentence, Weight.NOTICE)


def scope_findings(
    scope: Scope, policy: PostingPolicy, company: Company
) -> Iterator[PreflightFinding]:
    """What the orders that would be posted show."""
    if scope.taxed and not company.has_sales_tax:
        sentence = f"Sales tax is off in the books, and {scope.taxed} orders bear tax."
        yield PreflightFinding("preflight.sales_tax_off", "company", sentence, Weight.PARKS)
    for currency, number in sorted(scope.currencies.items()):
        if currency != company.home_currency and not company.has_multicurrency:
            sentence = f"{number} orders are in {currency}, and the books keep one currency."
            yield PreflightFinding("preflight.currency_off", currency, sentence, Weight.PARKS)
    for rates, number in sorted(scope.unmapped_rates.items()):
        sentence = f"{number} orders bear the rates {rates}, which no tax code is chosen for."
        yield PreflightFinding(
            "preflight.tax_unmapped", f"taxes.codes.{rates}", sentence, Weight.PARKS
        )
    closed = company.book_close_date
    if closed and scope.first_on and scope.first_on <= closed:
        what = "parked" if policy.closed_period is ClosedPeriodRule.PARK else "dated later"
        sentence = (
            f"Orders since {scope.first_on} would be posted, and the books are closed up to "
            f"{closed}: what is older is {what}. Set start_on to post from another day on."
        )
        yield PreflightFinding("preflight.closed_books", "start_on", sentence, Weight.PARKS)
    yield from _owed(scope)
    if scope.new_products:
        sentence = (
            f"{len(scope.new_products)} products of these orders match no item of the books by SKU "
            "or name; an item is created for each."
        )
        yield PreflightFinding("preflight.new_items", "products", sentence, Weight.NOTICE)


def posted_already(
    sales: Iterable[Sale], documents: Iterable[HeldDocument]
) -> list[PreflightFinding]:
    """A finding for each order of which the books hold a document that udsync did not post."""
    index = _Index.of(documents)
    findings = []
    for sale in sales:
        found = [one for one in index.near(sale) if is_of_sale(one, sale)]
        if found:
            findings.append(_posted(sale, found))
    return findings


def other_connectors(
    documents: Iterable[HeldDocument], policy: PostingPolicy
) -> Iterator[PreflightFinding]:
    """A finding for each program whose marks the books bear."""
    for program, held in other_programs(documents, policy.prefix).items():
        sentence = (
            f"{len(held)} documents look as if {program} wrote them, the last of "
            f"{max(one.dated_on for one in held)}. Two programs that post the same orders count "
            "income twice: switch the other off first."
        )
        answers = (
            Answer("stopped", "It posts no orders of this shop any more; udsync goes on."),
            Answer(GO_ON, "It posts other sales than this shop's; udsync goes on beside it."),
        )
        yield PreflightFinding(
            "preflight.other_connector", program, sentence, Weight.DECIDE, answers
        )


def old_money(held: Iterable[HeldMoney], today: date) -> Iterator[PreflightFinding]:
    """A finding for each clearing account that holds money longer than it should."""
    for each in held:
        days = (today - each.oldest_on).days
        if not each.balance or days <= OLD_DAYS:
            continue
        sentence = (
            f"{each.name} holds {each.balance}, and money of {each.oldest_on} waits there for "
            f"{days} days. If the bank feed has booked these payouts as income, sales stand twice "
            "in the books already."
        )
        answers = (Answer(GO_ON, "It is known and will be cleared; udsync goes on."),)
        yield PreflightFinding(
            "preflight.clearing_balance",
            f"account/{each.account_id}",
            sentence,
            Weight.DECIDE,
            answers,
            str(each.oldest_on),
        )


@dataclass(frozen=True, slots=True)
class _Index:
    """Documents by amount, for a document of an order comes to what the order does."""

    by_amount: dict[tuple[str, Decimal], list[HeldDocument]]

    @classmethod
    def of(cls, documents: Iterable[HeldDocument]) -> "_Index":
        found: dict[tuple[str, Decimal], list[HeldDocument]] = {}
        for one in documents:
            found.setdefault((one.currency, one.total), []).append(one)
        return cls(found)

    def near(self, sale: Sale) -> list[HeldDocument]:
        return self.by_amount.get((sale.currency, sale.total), [])


def _posted(sale: Sale, found: list[HeldDocument]) -> PreflightFinding:
    named = ", ".join(one.shown for one in found)
    sentence = (
        f"Order {sale.number} of {sale.dated_on} over {sale.total} {sale.currency} seems to stand "
        f"in the books already: {named}."
    )
    answers = (
        Answer(OURS, "That document is this sale: udsync never posts the order."),
        Answer(POST_ANYWAY, "That document is another sale: udsync posts the order."),
    )
    about = ",".join(sorted(one.target_id for one in found))
    return PreflightFinding(
        POSTED_ALREADY, f"order/{sale.id}", sentence, Weight.DECIDE, answers, about
    )


def _owed(scope: Scope) -> Iterator[PreflightFinding]:
    for code, names, field in (
        ("preflight.gift_cards", scope.card_names, "gift_cards"),
        ("preflight.tips", scope.tip_names, "tips"),
    ):
        if names:
            shown = ", ".join(sorted(names)[:5])
            sentence = (
                f"Lines named {shown} sound like {field.replace('_', ' ')}, which are owed and no "
                f"revenue; they are posted as sales unless {field} of the policy selects them."
            )
            yield PreflightFinding(code, field, sentence, Weight.NOTICE)
