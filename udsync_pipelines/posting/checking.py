"""The pre-flight of a posting policy: what in it the books cannot serve."""

from collections.abc import Iterator
from dataclasses import fields

from udsync_pipelines.posting.company import Company
from udsync_pipelines.posting.policy import ItemPolicy, PostingPolicy

_DEPOSIT_KINDS = frozenset({"Bank", "Other Current Asset"})


def check_policy(policy: PostingPolicy, company: Company) -> tuple[str, ...]:
    """Sentences about what is missing, inactive or of a wrong kind; none when all is well."""
    return (*_taxes(policy, company), *_items(policy, company), *_gateways(policy, company))


def _taxes(policy: PostingPolicy, company: Company) -> Iterator[str]:
    taxes = policy.taxes
    if not taxes.untaxed:
        yield "Choose a tax code for lines without tax (taxes.untaxed)."
    named = {code: f"rates {'+'.join(sorted(rates))}" for rates, code in taxes.codes.items()}
    others = {taxes.untaxed: "lines without tax", taxes.out_of_scope: "rounding lines"}
    for code_id, purpose in {**named, **others}.items():
        if not code_id:
            continue
        code = company.tax_code(code_id)
        if code is None or not code.is_active:
            yield f"Tax code {code_id} for {purpose} is not offered by the books: choose another."
    for code_id, purpose in others.items():
        code = company.tax_code(code_id)
        if code is not None and not code.is_untaxed:
            yield f"Tax code {code.name} adds tax, so it cannot serve {purpose}."


def _items(policy: PostingPolicy, company: Company) -> Iterator[str]:
    active = {item.id for item in company.items if item.is_active}
    for part in fields(ItemPolicy):
        item_id = getattr(policy.items, part.name)
        if not item_id:
            yield f"Choose an item for {part.name} (items.{part.name})."
        elif item_id not in active:
            yield f"Item {item_id} for {part.name} is not active in the books: choose another."


def _gateways(policy: PostingPolicy, company: Company) -> Iterator[str]:
    accounts = {account.id: account for account in company.accounts if account.is_active}
    methods = {method.id for method in company.payment_methods if method.is_active}
    for name, rules in sorted(policy.gateways.items()):
        account = accounts.get(rules.account_id or "")
        if rules.account_id is None:
            yield f"Choose the account for money by {name}: refunds are paid from it."
        elif account is None:
            yield f"Account {rules.account_id} for {name} is not active in the books."
        elif account.kind not in _DEPOSIT_KINDS:
            yield f"Account {account.name} for {name} is no bank or other current asset account."
        if rules.payment_method_id and rules.payment_method_id not in methods:
            yield f"Payment method {rules.payment_method_id} for {name} is not active in the books."
