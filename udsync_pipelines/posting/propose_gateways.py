"""Proposing where the money of each payment gateway goes, and which method its payments show."""

from collections.abc import Mapping, Sequence

from udsync_pipelines.posting.company import Account, Company, PaymentMethod
from udsync_pipelines.posting.names import comparable
from udsync_pipelines.posting.policy import ON_ACCOUNT, GatewayPolicy
from udsync_pipelines.posting.proposal import Confidence, Finding, ShopGateway

_BANK_TRANSFER = "bacs"
_ON_ACCOUNT = frozenset({_BANK_TRANSFER, "cheque"})
_BANKED_LATER = frozenset({"cod", "cheque"})
_CLEARING_KINDS = frozenset({"Other Current Asset", "Bank"})
_SHORTEST_WORD = 3  # shorter ones fit anything
# Words of a title that tell whose gateway it is; others ("credit card") fit many accounts.
_TELLING = frozenset(
    {
        "adyen", "affirm", "afterpay", "amazon", "authorize.net", "braintree", "cash", "eway",
        "klarna", "mollie", "moneris", "payfast", "paypal", "payoneer", "razorpay", "sezzle",
        "shopify", "square", "stripe", "wise", "woopayments", "worldpay",
    }
)  # fmt: skip
_METHOD_WORDS: Mapping[str, tuple[str, ...]] = {
    "cod": ("cash",),
    "cheque": ("cheque", "check"),
    "bacs": ("direct deposit", "bank transfer", "eft", "wire"),
    "stripe": ("credit card", "stripe"),
    "paypal": ("paypal",),
    "ppcp": ("paypal",),
    "square": ("credit card", "square"),
    "woocommerce_payments": ("credit card",),
}


def propose_gateways(
    gateways: Sequence[ShopGateway], company: Company
) -> tuple[dict[str, GatewayPolicy], list[Finding]]:
    """Account, payment method and form of each gateway, and of all others (`*`), with reasons.

    Bank transfer and cheque are on account also where the shop does not offer them: an order
    made by hand may name them. They need an account only once it does.
    """
    rules: dict[str, GatewayPolicy] = {}
    findings: list[Finding] = []
    offered = {gateway.id: gateway for gateway in gateways if gateway.id}  # by hand: `*`
    for name in sorted(_ON_ACCOUNT - offered.keys()):
        rules[name] = GatewayPolicy(_usual_account(name, company), None, ON_ACCOUNT.form)
    for gateway in offered.values():
        account, method = _account(gateway, company), _method(gateway, company)
        form = ON_ACCOUNT.form if gateway.id in _ON_ACCOUNT else None
        rules[gateway.id] = GatewayPolicy(account.value, method.value, form)
        findings += [account, method]
    findings.append(_others(company))
    if findings[-1].value:
        rules["*"] = GatewayPolicy(findings[-1].value)
    return rules, findings


def _account(gateway: ShopGateway, company: Company) -> Finding:
    field = f"gateways.{gateway.id}.account_id"
    usable = _usable(company)
    choices = tuple(account.id for account in usable)
    words = _words(gateway)
    named = [account for account in usable if words & set(comparable(account.name).split())]
    if len(named) == 1:
        sentence = f"Money by {gateway.name} goes to {named[0].name}, which is named for it."
        return Finding(field, named[0].id, Confidence.LIKELY, sentence, choices)
    fallback, bank = _undeposited(company), _chequing(company)
    if not named and gateway.id == _BANK_TRANSFER and bank is not None:
        sentence = f"Money by {gateway.name} goes to {bank.name}, the only chequing account."
        return Finding(field, bank.id, Confidence.LIKELY, sentence, choices)
    if not named and fallback is not None and gateway.id in _BANKED_LATER:
        sentence = f"Money by {gateway.name} waits in {fallback.name} until it is banked."
        return Finding(field, fallback.id, Confidence.LIKELY, sentence, choices)
    if not named and fallback is not None:
        sentence = (
            f"Money by {gateway.name} goes to {fallback.name}, as no account is named for it; a "
            "clearing account of its own makes payouts easier to match."
        )
        return Finding(field, fallback.id, Confidence.CONFIRM, sentence, choices)
    if named:
        listed = ", ".join(account.name for account in named)
        sentence = f"Money by {gateway.name} could go to {listed}: choose one."
    else:
        sentence = f"No account is named for the money by {gateway.name}: choose one."
    return Finding(field, None, Confidence.OPEN, sentence, choices)


def _others(company: Company) -> Finding:
    field, choices = "gateways.*.account_id", tuple(account.id for account in _usable(company))
    fallback = _undeposited(company)
    if fallback is None:
        sentence = (
            "Orders of any other gateway, or of none, have no account for their money: choose one."
        )
        return Finding(field, None, Confidence.OPEN, sentence, choices)
    sentence = f"Money of any other gateway goes to {fallback.name}."
    return Finding(field, fallback.id, Confidence.LIKELY, sentence, choices)


def _words(gateway: ShopGateway) -> set[str]:
    by_id = comparable(gateway.id).replace("_", " ").replace("-", " ").split()
    by_title = set(comparable(gateway.title).replace("(", " ").replace(")", " ").split())
    return {word for word in by_id if len(word) >= _SHORTEST_WORD} | (by_title & _TELLING)


def _method(gateway: ShopGateway, company: Company) -> Finding:
    field = f"gateways.{gateway.id}.payment_method_id"
    active = [method for method in company.payment_methods if method.is_active]
    choices = tuple(method.id for method in active)
    found = _methods_like(gateway, active)
    if len(found) == 1:
        sentence = f"Payments by {gateway.name} are shown as {found[0].name}."
        return Finding(field, found[0].id, Confidence.LIKELY, sentence, choices)
    sentence = f"Payments by {gateway.name} show no payment method: none of the books clearly fits."
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


def _usual_account(name: str, company: Company) -> str | None:
    bank = _chequing(company) if name == _BANK_TRANSFER else None
    account = bank or _undeposited(company)
    return account.id if account else None


def _usable(company: Company) -> list[Account]:
    """Accounts that can take money in the home currency; others serve one currency by hand."""
    return [
        account
        for account in company.accounts
        if account.is_active
        and account.kind in _CLEARING_KINDS
        and account.currency in (None, "", company.home_currency)
    ]


def _undeposited(company: Company) -> Account | None:
    return _only(company, "UndepositedFunds")


def _chequing(company: Company) -> Account | None:
    return _only(company, "Checking")


def _only(company: Company, subkind: str) -> Account | None:
    found = [account for account in _usable(company) if account.subkind == subkind]
    return found[0] if len(found) == 1 else None
