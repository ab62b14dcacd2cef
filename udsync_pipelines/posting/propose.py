"""Proposing a posting policy from both sides; each part explained, nothing guessed."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace

from udsync_pipelines.posting.company import BooksItem, Company, Regime
from udsync_pipelines.posting.names import comparable
from udsync_pipelines.posting.policy import (
    ItemPolicy,
    PostingPolicy,
)
from udsync_pipelines.posting.proposal import (
    Confidence,
    Finding,
    Proposal,
    ShopSide,
)
from udsync_pipelines.posting.propose_accounts import propose_new_items
from udsync_pipelines.posting.propose_gateways import propose_gateways
from udsync_pipelines.posting.propose_taxes import propose_taxes

_ITEM_WORDS: Mapping[str, tuple[str, ...]] = {
    "shipping": ("shipping", "delivery", "postage", "freight", "livraison"),
    "fees": ("fees", "fee", "surcharge", "handling"),
    "unmatched": ("other sales", "unmatched", "sales", "miscellaneous", "uncategorized"),
    "rounding": ("rounding", "arrondi"),
    "refunds": ("refunds", "refund", "goodwill"),
}

_ITEM_NAMES: Mapping[str, str] = {
    "shipping": "Shipping",
    "fees": "Fees",
    "unmatched": "Other sales",
    "rounding": "Rounding",
    "refunds": "Refunds",
}


def propose(shop: ShopSide, company: Company) -> Proposal:
    """A policy for this shop and these books, with a sentence for each of its decisions.

    What the books do not settle alone is left empty and reported as open.
    """
    taxes, tax_findings = propose_taxes(shop, company)
    items, item_findings = _items(company)
    new_items, new_item_findings = propose_new_items(company)
    if not (new_items.income_account_id and new_items.expense_account_id):
        item_findings = [_not_created(finding) for finding in item_findings]
    gateways, gateway_findings = propose_gateways(shop.gateways, company)
    policy = replace(
        PostingPolicy(prefix=shop.prefix, timezone=shop.timezone),
        taxes=taxes,
        items=items,
        new_items=new_items,
        gateways=gateways,
    )
    findings = (
        *_dates(shop, company),
        *_unread(shop),
        *tax_findings,
        *item_findings,
        *new_item_findings,
        *gateway_findings,
        *_preferences(company),
    )
    return Proposal(policy, findings)


def _dates(shop: ShopSide, company: Company) -> list[Finding]:
    confidence = Confidence.CONFIRM if shop.timezone_doubt else Confidence.CERTAIN
    sentence = (
        shop.timezone_doubt or f"Documents are dated in the store's time zone, {shop.timezone}."
    )
    closed = company.book_close_date
    start = "Every order is posted, from the shop's first one on"
    if closed:
        start += f"; the books are closed until {closed}, and what is dated earlier is parked"
    start += ". If the books hold older sales already, set start_on to the first day to post."
    return [
        Finding("timezone", shop.timezone, confidence, sentence),
        Finding("start_on", None, Confidence.CONFIRM, start),
    ]


def _unread(shop: ShopSide) -> list[Finding]:
    if shop.orders_seen != 0:
        return []
    sentence = (
        "No order of this store was read yet, so the sets of rates follow from the places of its "
        "rates alone and gateways of old orders are unknown: sync the orders once, then propose "
        "again."
    )
    return [Finding("taxes.codes", None, Confidence.CONFIRM, sentence)]


def _items(company: Company) -> tuple[ItemPolicy, list[Finding]]:
    findings = [_item(part.name, company) for part in fields(ItemPolicy)]
    chosen = {
        finding.field.removeprefix("items."): finding.value for finding in findings if finding.value
    }
    return ItemPolicy(**chosen), findings


def _item(role: str, company: Company) -> Finding:
    field = f"items.{role}"
    active = [item for item in company.items if item.is_active and item.kind != "Category"]
    for word in _ITEM_WORDS[role]:
        found = [item for item in active if comparable(item.name) == word]
        if len(found) == 1:
            sentence = f"Lines for {role} go on the item {found[0].name}, which is named for them."
            return Finding(field, found[0].id, Confidence.CERTAIN, sentence)
    near = _near(_ITEM_WORDS[role], active)
    choices = tuple(item.id for item in near)
    if len(near) == 1:
        sentence = f"Lines for {role} go on the item {near[0].name}: the only one that sounds so."
        return Finding(field, near[0].id, Confidence.LIKELY, sentence, choices)
    if near:
        named = ", ".join(item.name for item in near)
        sentence = f"Lines for {role} could go on {named}: choose one."
    else:
        return _new_item(role, company)
    return Finding(field, None, Confidence.OPEN, sentence, choices)


def _new_item(role: str, company: Company) -> Finding:
    """The item that accepting the policy creates, unless its name is taken."""
    field, name = f"items.{role}", _ITEM_NAMES[role]
    if any(comparable(item.name) == comparable(name) for item in company.items):
        sentence = (
            f"The books' item {name} is inactive or a category, so lines for {role} cannot go on "
            "it: make it active, or choose another."
        )
        return Finding(field, None, Confidence.OPEN, sentence)
    sentence = (
        f"The books have no item for {role}: accepting this policy creates the service {name} "
        "there, unless another item is chosen before."
    )
    return Finding(field, None, Confidence.LIKELY, sentence, creates=name)


def _not_created(finding: Finding) -> Finding:
    if not finding.creates:
        return finding
    sentence = (
        f"The books have no item for {finding.field.removeprefix('items.')}: create one, a "
        "service, and choose it."
    )
    return replace(finding, confidence=Confidence.OPEN, sentence=sentence, creates="")


def _near(words: Sequence[str], items: Sequence[BooksItem]) -> list[BooksItem]:
    return [item for item in items if any(word in comparable(item.name).split() for word in words)]


def _preferences(company: Company) -> list[Finding]:
    findings = []
    if not company.has_custom_numbers:
        sentence = (
            "These books number their documents themselves: turn on custom transaction numbers, so "
            "that documents carry the order's number and are found again by it."
        )
        findings.append(Finding("company.custom_numbers", None, Confidence.OPEN, sentence))
    if not company.has_sales_tax:
        sentence = "Sales tax is off in these books: turn it on before orders with tax are posted."
        findings.append(Finding("company.sales_tax", None, Confidence.OPEN, sentence))
    if company.regime is Regime.US_AUTOMATED:
        sentence = (
            "These books work sales tax out by themselves (automated sales tax): orders with tax "
            "are parked, unless automated_tax=compare is chosen. Then they are posted with the "
            "shop's tax, and taken back at once when the books made another of it."
        )
        findings.append(Finding("automated_tax", None, Confidence.CONFIRM, sentence))
    return findings
