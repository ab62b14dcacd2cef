"""The pre-flight of a posting policy: what in it is not chosen, and what the books cannot serve."""

from collections.abc import Iterator, Mapping
from dataclasses import fields
from itertools import chain

from udsync_pipelines.posting.company import Company
from udsync_pipelines.posting.policy import ItemPolicy, PostingPolicy

INCOME_KINDS = frozenset({"Income", "Other Income"})
COST_KINDS = frozenset({"Cost of Goods Sold", "Expense"})
_DEPOSIT_KINDS = frozenset({"Bank", "Other Current Asset"})
_NEW_ITEMS = (
    ("income_account_id", "income", INCOME_KINDS),
    ("expense_account_id", "cost of goods sold or expense", COST_KINDS),
)


def missing_choices(policy: PostingPolicy) -> Mapping[str, str]:
    """By field a sentence about what nobody has chosen yet; orders that need it are parked."""
    return dict(_missing(policy))


def wrong_choices(policy: PostingPolicy, company: Company) -> Mapping[str, str]:
    """By field a sentence about an id that the books do not offer, or that cannot serve.

    `company` holds its items (`with_items`).
    """
    return dict(
        chain(
            _taxes(policy, company),
            _items(policy, company),
            _new_items(policy, company),
            _gateways(policy, company),
        )
    )


def _missing(policy: PostingPolicy) -> Iterator[tuple[str, str]]:
    if not policy.taxes.untaxed:
        yield "taxes.untaxed", "Choose a tax code for lines without tax (taxes.untaxed)."
    for rates, code in policy.taxes.codes.items():
        if not code:
            field = f"taxes.codes.{_shown(rates)}"
            yield field, f"Choose a tax code for rates {_shown(rates)} ({field})."
    for part in fields(ItemPolicy):
        if not getattr(policy.items, part.name):
            field = f"items.{part.name}"
            yield field, f"Choose an item for {part.name} ({field})."
    for name, kind, _ in _NEW_ITEMS:
        if not getattr(policy.new_items, name):
            field = f"new_items.{name}"
            yield field, f"Choose an account of kind {kind} for new items ({field})."
    for name, rules in sorted(policy.gateways.items()):
        if not rules.account_id:
            field = f"gateways.{name}.account_id"
            yield (
                field,
                f"Choose the account for money by {name}: refunds are paid from it ({field}).",
            )


def _taxes(policy: PostingPolicy, company: Company) -> Iterator[tuple[str, str]]:
    taxes = policy.taxes
    chosen = [
        (f"taxes.codes.{_shown(rates)}", f"rates {_shown(rates)}", code)
        for rates, code in taxes.codes.items()
    ]
    untaxed = [
        ("taxes.untaxed", "lines without tax", taxes.untaxed),
        ("taxes.out_of_scope", "rounding lines", taxes.out_of_scope),
    ]
    for field, purpose, code_id in [*chosen, *untaxed]:
        code = company.tax_code(code_id)
        if code_id and (code is None or not code.is_active):
            yield (
                field,
                f"Tax code {code_id} for {purpose} is not offered by the books: choose another.",
            )
    for field, purpose, code_id in untaxed:
        code = company.tax_code(code_id)
        if code is not None and code.is_active and not code.is_untaxed:
            yield field, f"Tax code {code.name} adds tax, so it cannot serve {purpose}."


def _items(policy: PostingPolicy, company: Company) -> Iterator[tuple[str, str]]:
    items = {item.id: item for item in company.items if item.is_active}
    for part in fields(ItemPolicy):
        field = f"items.{part.name}"
        item_id = getattr(policy.items, part.name)
        item = items.get(item_id)
        if item_id and item is None:
            yield (
                field,
                f"Item {item_id} for {part.name} is not active in the books: choose another.",
            )
        elif item is not None and item.kind == "Category":
            yield (
                field,
                f"Item {item.name} for {part.name} is a category: choose one that can be sold.",
            )


def _new_items(policy: PostingPolicy, company: Company) -> Iterator[tuple[str, str]]:
    accounts = {account.id: account for account in company.accounts if account.is_active}
    for name, kind, kinds in _NEW_ITEMS:
        field = f"new_items.{name}"
        account_id = getattr(policy.new_items, name)
        account = accounts.get(account_id)
        if account_id and account is None:
            yield (
                field,
                f"Account {account_id} for new items ({field}) is not active in the books: choose "
                "another.",
            )
        elif account is not None and account.kind not in kinds:
            yield field, f"Account {account.name} for new items ({field}) is not of kind {kind}."


def _gateways(policy: PostingPolicy, company: Company) -> Iterator[tuple[str, str]]:
    methods = {method.id for method in company.payment_methods if method.is_active}
    for name, rules in sorted(policy.gateways.items()):
        if rules.account_id and (problem := _account(name, rules.account_id, company)):
            yield f"gateways.{name}.account_id", problem
        if rules.payment_method_id and rules.payment_method_id not in methods:
            yield (
                f"gateways.{name}.payment_method_id",
                f"Payment method {rules.payment_method_id} for {name} is not active in the books.",
            )


def _account(gateway: str, account_id: str, company: Company) -> str | None:
    """What keeps an account from taking the money of a gateway."""
    accounts = {account.id: account for account in company.accounts if account.is_active}
    account = accounts.get(account_id)
    if account is None:
        return f"Account {account_id} for {gateway} is not active in the books."
    if account.kind not in _DEPOSIT_KINDS:
        return f"Account {account.name} for {gateway} is no bank or other current asset account."
    if account.currency not in _currencies(gateway, company):
        return (
            f"Account {account.name} for {gateway} is in {account.currency}: choose one in "
            f"{company.home_currency}, or name it for that currency "
            f"(gateways.{gateway.partition(':')[0]}:{account.currency}.account_id)."
        )
    return None


def _currencies(gateway: str, company: Company) -> tuple[str | None, ...]:
    """Currencies that an account of this gateway may have: the home one, or that of its rules."""
    return (None, "", company.home_currency, gateway.rpartition(":")[2])


def _shown(rates: frozenset[str]) -> str:
    return "+".join(sorted(rates, key=lambda rate: (len(rate), rate)))
