"""The pre-flight of a posting policy: what in it is not chosen, and what the books cannot serve."""

from collections.abc import Iterator
from dataclasses import fields

from udsync_pipelines.posting.company import Company
from udsync_pipelines.posting.policy import ItemPolicy, PostingPolicy

INCOME_KINDS = frozenset({"Income", "Other Income"})
COST_KINDS = frozenset({"Cost of Goods Sold", "Expense"})
_DEPOSIT_KINDS = frozenset({"Bank", "Other Current Asset"})
_NEW_ITEMS = (
    ("income_account_id", "income", INCOME_KINDS),
    ("expense_account_id", "cost of goods sold or expense", COST_KINDS),
)


def check_policy(policy: PostingPolicy, company: Company) -> tuple[str, ...]:
    """Sentences about what is missing, inactive or of a wrong kind; none when all is well.

    `company` holds its items (`with_items`).
    """
    return (*missing_choices(policy), *wrong_choices(policy, company))


def missing_choices(policy: PostingPolicy) -> tuple[str, ...]:
    """Sentences about what nobody has chosen yet; orders that need it are parked."""
    return tuple(_missing(policy))


def wrong_choices(policy: PostingPolicy, company: Company) -> tuple[str, ...]:
    """Sentences about ids that the books do not offer, or that cannot serve their purpose."""
    return (
        *_taxes(policy, company),
        *_items(policy, company),
        *_new_items(policy, company),
        *_gateways(policy, company),
    )


def _missing(policy: PostingPolicy) -> Iterator[str]:
    if not policy.taxes.untaxed:
        yield "Choose a tax code for lines without tax (taxes.untaxed)."
    for rates, code in policy.taxes.codes.items():
        if not code:
            yield f"Choose a tax code for rates {_shown(rates)} (taxes.codes.{_shown(rates)})."
    for part in fields(ItemPolicy):
        if not getattr(policy.items, part.name):
            yield f"Choose an item for {part.name} (items.{part.name})."
    for name, kind, _ in _NEW_ITEMS:
        if not getattr(policy.new_items, name):
            yield f"Choose an account of kind {kind} for new items (new_items.{name})."
    for name, rules in sorted(policy.gateways.items()):
        if not rules.account_id:
            yield (
                f"Choose the account for money by {name}: refunds are paid from it "
                f"(gateways.{name}.account_id)."
            )


def _taxes(policy: PostingPolicy, company: Company) -> Iterator[str]:
    taxes = policy.taxes
    chosen = [(f"rates {_shown(rates)}", code) for rates, code in taxes.codes.items()]
    untaxed = [("lines without tax", taxes.untaxed), ("rounding lines", taxes.out_of_scope)]
    for purpose, code_id in [*chosen, *untaxed]:
        code = company.tax_code(code_id)
        if code_id and (code is None or not code.is_active):
            yield f"Tax code {code_id} for {purpose} is not offered by the books: choose another."
    for purpose, code_id in untaxed:
        code = company.tax_code(code_id)
        if code is not None and not code.is_untaxed:
            yield f"Tax code {code.name} adds tax, so it cannot serve {purpose}."


def _items(policy: PostingPolicy, company: Company) -> Iterator[str]:
    items = {item.id: item for item in company.items if item.is_active}
    for part in fields(ItemPolicy):
        item_id = getattr(policy.items, part.name)
        item = items.get(item_id)
        if item_id and item is None:
            yield f"Item {item_id} for {part.name} is not active in the books: choose another."
        elif item is not None and item.kind == "Category":
            yield f"Item {item.name} for {part.name} is a category: choose one that can be sold."


def _new_items(policy: PostingPolicy, company: Company) -> Iterator[str]:
    accounts = {account.id: account for account in company.accounts if account.is_active}
    for name, kind, kinds in _NEW_ITEMS:
        account_id = getattr(policy.new_items, name)
        account = accounts.get(account_id)
        if account_id and account is None:
            yield (
                f"Account {account_id} for new items (new_items.{name}) is not active in the "
                "books: choose another."
            )
        elif account is not None and account.kind not in kinds:
            yield f"Account {account.name} for new items (new_items.{name}) is not of kind {kind}."


def _gateways(policy: PostingPolicy, company: Company) -> Iterator[str]:
    accounts = {account.id: account for account in company.accounts if account.is_active}
    methods = {method.id for method in company.payment_methods if method.is_active}
    for name, rules in sorted(policy.gateways.items()):
        account = accounts.get(rules.account_id or "")
        if rules.account_id and account is None:
            yield f"Account {rules.account_id} for {name} is not active in the books."
        elif account is not None and account.kind not in _DEPOSIT_KINDS:
            yield f"Account {account.name} for {name} is no bank or other current asset account."
        elif account is not None and account.currency not in _currencies(name, company):
            yield (
                f"Account {account.name} for {name} is in {account.currency}: choose one in "
                f"{company.home_currency}, or name it for that currency "
                f"(gateways.{name.partition(':')[0]}:{account.currency}.account_id)."
            )
        if rules.payment_method_id and rules.payment_method_id not in methods:
            yield f"Payment method {rules.payment_method_id} for {name} is not active in the books."


def _currencies(gateway: str, company: Company) -> tuple[str | None, ...]:
    """Currencies that an account of this gateway may have: the home one, or that of its rules."""
    return (None, "", company.home_currency, gateway.rpartition(":")[2])


def _shown(rates: frozenset[str]) -> str:
    return "+".join(sorted(rates, key=lambda rate: (len(rate), rate)))
