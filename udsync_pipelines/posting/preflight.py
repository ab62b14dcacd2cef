"""What a person must know, and decide, before a tenant's first orders are posted.

A finding with answers is to be decided. Of two kinds: going on could put something wrong into the
books, namely income that stands there already; or orders will be parked, because something is
missing. What is mended is found no more, and asks nothing.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from udsync_pipelines.posting.checking import missing_choices, wrong_choices
from udsync_pipelines.posting.company import Company, Regime
from udsync_pipelines.posting.held import HeldDocument, Sale, is_of_sale, other_programs
from udsync_pipelines.posting.policy import AutomatedTaxRule, ClosedPeriodRule, PostingPolicy
from udsync_pipelines.posting.scope import Scope

POSTED_ALREADY = "preflight.posted_already"
OTHER_CONNECTOR = "preflight.other_connector"
OURS, POST_ANYWAY, GO_ON, PARK = "ours", "post_anyway", "go_on", "park"
OLD_DAYS = 30
"""Money that waits longer than this in a clearing account was probably never banked."""


class Weight(StrEnum):
    """What going on leads to: possibly twice the income, parked orders, or nothing bad."""

    DECIDE = "decide"
    PARKS = "parks"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True)
class Answer:
    """One way to decide, and what it leads to."""

    name: str
    consequence: str


_PARKED = (
    Answer(PARK, "Orders that need it are parked until it is mended; all others are posted."),
)
_REDATED = (Answer(GO_ON, "What is older is dated on the first open day."),)


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
    for code, flaws in (
        ("preflight.policy_wrong", wrong_choices(policy, company)),
        ("preflight.policy_incomplete", missing_choices(policy)),
    ):
        for field, sentence in flaws.items():
            if company.has_sales_tax or not field.startswith("taxes."):
                yield _parks(code, field, sentence)
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
        yield _parks("preflight.sales_tax_off", "company", sentence)
    is_automated = company.regime is Regime.US_AUTOMATED
    if scope.taxed and is_automated and policy.automated_tax is AutomatedTaxRule.PARK:
        sentence = (
            f"{scope.taxed} orders bear tax, which these books work out by themselves (automated "
            "sales tax). Set automated_tax=compare to post them and to compare what became of it."
        )
        yield _parks("preflight.automated_tax", "automated_tax", sentence)
    for currency, number in sorted(scope.currencies.items()):
        if currency != company.home_currency and not company.has_multicurrency:
            sentence = f"{number} orders are in {currency}, and the books keep one currency."
            yield _parks("preflight.currency_off", currency, sentence)
    for rates, number in sorted(scope.unmapped_rates.items()):
        sentence = f"{number} orders bear the rates {rates}, which no tax code is chosen for."
        yield _parks("preflight.tax_unmapped", f"taxes.codes.{rates}", sentence)
    yield from _closed(scope, policy, company.book_close_date)
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
        yield PreflightFinding(OTHER_CONNECTOR, program, sentence, Weight.DECIDE, answers)


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


def _parks(
    code: str, subject: str, sentence: str, answers: tuple[Answer, ...] = _PARKED
) -> PreflightFinding:
    return PreflightFinding(code, subject, sentence, Weight.PARKS, answers)


def _closed(
    scope: Scope, policy: PostingPolicy, closed_on: date | None
) -> Iterator[PreflightFinding]:
    if closed_on is None or scope.first_on is None or scope.first_on > closed_on:
        return
    will_park = policy.closed_period is ClosedPeriodRule.PARK
    what, answers = ("parked", _PARKED) if will_park else ("dated later", _REDATED)
    sentence = (
        f"Orders since {scope.first_on} would be posted, and the books are closed up to "
        f"{closed_on}: what is older is {what}. Set start_on to post from another day on."
    )
    yield _parks("preflight.closed_books", "start_on", sentence, answers)


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
