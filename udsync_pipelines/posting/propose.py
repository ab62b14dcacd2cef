"""Proposing a posting policy from both sides; each part explained, nothing guessed."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace

from udsync_pipelines.posting.company import Account, BooksItem, Company, PaymentMethod
from udsync_pipelines.posting.names import comparable
from udsync_pipelines.posting.policy import (
    ON_ACCOUNT,
    GatewayPolicy,
    ItemPolicy,
    PostingPolicy,
)
from udsync_pipelines.posting.proposal import (
    Confidence,
    Finding,
    Proposal,
    ShopGateway,
    ShopSide,
)
from udsync_pipelines.posting.propose_taxes import propose_taxes

_ON_ACCOUNT = frozenset({"bacs", "cheque"})
_ITEM_WORDS: Mapping[str, tuple[str, ...]] = {
    "shipping": ("shipping", "delivery", "postage", "freight", "livraison"),
    "fees": ("fees", "fee", "surcharge", "handling"),
    "unmatched": ("other sales", "unmatched", "sales", "miscellaneous", "uncategorized"),
    "rounding": ("rounding", "arrondi"),
    "refunds": ("refunds", "refund", "goodwill"),
}
_METHOD_WORDS: Mapping[str, tuple[str, ...]] = {
    "cod": ("cash",),
    "cheque": ("cheque", "check"),
    "bacs": ("direct deposit", "bank transfer", "eft", "wire"),
    "stripe": ("credit card", "stripe"),
    "paypal": ("paypal",),
    "square": ("credit card", "square"),
}
_CLEARING_KINDS = frozenset({"Other Current Asset", "Bank"})


def propose(shop: ShopSide, company: Company) -> Proposal:
    """A policy for this shop and these books, with a sentence for each of its decisions.

    What the books do not settle alone is left empty and reported as open.
    """
    taxes, tax_findings = propose_taxes(shop, company)
    items, item_findings = _items(company)
    gateways, gateway_findings = _gateways(shop.gateways, company)
    policy = replace(
        PostingPolicy(prefix=shop.prefix, timezone=shop.timezone),
        taxes=taxes,
        items=items,
        gateways=gateways,
    )
    warnings = [*_preferences(company)]
    findings = (*tax_findings, *item_findings, *gateway_findings, *warnings)
    return Proposal(policy, findings)


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
        sentence = f"The books have no item for {role}: create one, a service, and choose it."
    return Finding(field, None, Confidence.OPEN, sentence, choices)


def _near(words: Sequence[str], items: Sequence[BooksItem]) -> list[BooksItem]:
    return [item for item in items if any(word in comparable(item.name).split() for word in words)]


def _gateways(
    gateways: Sequence[ShopGateway], company: Company
) -> tuple[dict[str, GatewayPolicy], list[Finding]]:
    rules: dict[str, GatewayPolicy] = dict.fromkeys(sorted(_ON_ACCOUNT), ON_ACCOUNT)
    findings: list[Finding] = []
    for gateway in gateways:
        if not gateway.id:
            continue  # orders made by hand name no gateway: they follow `*`
        account, method = _account(gateway, company), _method(gateway, company)
        form = ON_ACCOUNT.form if gateway.id in _ON_ACCOUNT else None
        rules[gateway.id] = GatewayPolicy(account.value, method.value, form)
        findings += [account, method]
    fallback = _undeposited(company)
    if fallback is not None:
        rules["*"] = GatewayPolicy(fallback.id)
        sentence = f"Money of any other gateway goes to {fallback.name}."
        findings.append(Finding("gateways.*.account_id", fallback.id, Confidence.LIKELY, sentence))
    return rules, findings


def _account(gateway: ShopGateway, company: Company) -> Finding:
    field = f"gateways.{gateway.id}.account_id"
    usable = [
        account
        for account in company.accounts
        if account.is_active and account.kind in _CLEARING_KINDS
    ]
    words = {word for word in comparable(gateway.id).replace("_", " ").split() if len(word) > 2}  # noqa: PLR2004 - shorter words fit anything
    named = [account for account in usable if words & set(comparable(account.name).split())]
    choices = tuple(account.id for account in usable)
    name = gateway.title or gateway.id
    if len(named) == 1:
        sentence = f"Money by {name} goes to {named[0].name}, which is named for it."
        return Finding(field, named[0].id, Confidence.LIKELY, sentence, choices)
    fallback = _undeposited(company)
    if not named and fallback is not None:
        sentence = (
            f"Money by {name} goes to {fallback.name}, as no account is named for it; a clearing "
            "account of its own makes payouts easier to match."
        )
        return Finding(field, fallback.id, Confidence.CONFIRM, sentence, choices)
    sentence = f"Several accounts or none could take the money by {name}: choose one."
    return Finding(field, None, Confidence.OPEN, sentence, choices)


def _method(gateway: ShopGateway, company: Company) -> Finding:
    field = f"gateways.{gateway.id}.payment_method_id"
    active = [method for method in company.payment_methods if method.is_active]
    choices = tuple(method.id for method in active)
    name = gateway.title or gateway.id
    found = _methods_like(gateway, active)
    if len(found) == 1:
        sentence = f"Payments by {name} are shown as {found[0].name}."
        return Finding(field, found[0].id, Confidence.LIKELY, sentence, choices)
    sentence = f"Payments by {name} show no payment method: none of the books clearly fits."
    return Finding(field, None, Confidence.CONFIRM, sentence, choices)


def _methods_like(gateway: ShopGateway, methods: Sequence[PaymentMethod]) -> list[PaymentMethod]:
    wanted = {comparable(gateway.title), comparable(gateway.id)} - {""}
    same = [method for method in methods if comparable(method.name) in wanted]
    if same:
        return same
    words = next(
        (words for start, words in _METHOD_WORDS.items() if gateway.id.startswith(start)), ()
    )
    return [method for method in methods if comparable(method.name) in words]


def _undeposited(company: Company) -> Account | None:
    found = [
        account
        for account in company.accounts
        if account.is_active and account.subkind == "UndepositedFunds"
    ]
    return found[0] if len(found) == 1 else None


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
    return findings
