"""Proposing the accounts of the items that udsync creates: what they earn and what they cost."""

from collections.abc import Sequence
from dataclasses import dataclass

from udsync_pipelines.posting.company import Account, Company
from udsync_pipelines.posting.names import comparable
from udsync_pipelines.posting.policy import NewItemPolicy
from udsync_pipelines.posting.proposal import Confidence, Finding

_DISCOUNTS = "DiscountsRefundsGiven"  # of kind Income, yet nothing is earned there


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What an account must be: its kind, the subkinds in the order of preference, its names."""

    field: str
    purpose: str
    kind: str
    subkinds: tuple[str, ...]
    names: tuple[str, ...]


_INCOME = _Wanted(
    "new_items.income_account_id",
    "What new items earn",
    "Income",
    ("SalesOfProductIncome", "ServiceFeeIncome", "OtherPrimaryIncome"),
    ("sales", "sales of product income", "sales income"),
)
_COST = _Wanted(
    "new_items.expense_account_id",
    "What new items cost",
    "Cost of Goods Sold",
    ("SuppliesMaterialsCogs", "OtherCostsOfServiceCos", "CostOfLaborCos"),
    ("cost of goods sold", "cost of sales"),
)


def propose_new_items(company: Company) -> tuple[NewItemPolicy, list[Finding]]:
    """The accounts for new items, each with its reason; what is ambiguous is left open."""
    income, cost = (_finding(wanted, company) for wanted in (_INCOME, _COST))
    return NewItemPolicy(income.value or "", cost.value or ""), [income, cost]


def _finding(wanted: _Wanted, company: Company) -> Finding:
    usable = [
        account
        for account in company.accounts
        if account.is_active and account.kind == wanted.kind and account.subkind != _DISCOUNTS
    ]
    choices = tuple(account.id for account in usable)
    best = _best(wanted, usable)
    if len(best) == 1:
        is_first = best[0].subkind == wanted.subkinds[0]
        confidence = Confidence.LIKELY if is_first else Confidence.CONFIRM
        reason = _reason(wanted, best[0], usable)
        sentence = f"{wanted.purpose} goes to the account {best[0].name}, {reason}."
        return Finding(wanted.field, best[0].id, confidence, sentence, choices)
    if best:
        named = ", ".join(account.name for account in best)
        sentence = f"{wanted.purpose} could go to {named}: choose one."
    else:
        sentence = (
            f"The books have no account of kind {wanted.kind} for what new items "
            f"{'earn' if wanted is _INCOME else 'cost'}: create one and choose it."
        )
    return Finding(wanted.field, None, Confidence.OPEN, sentence, choices)


def _best(wanted: _Wanted, usable: Sequence[Account]) -> Sequence[Account]:
    """The accounts of the most fitting subkind that is there; of several, the one named for it."""
    for subkind in wanted.subkinds:
        found = [account for account in usable if account.subkind == subkind]
        named = [account for account in found if comparable(account.name) in wanted.names]
        if found:
            return named if len(named) == 1 else found
    return usable


def _reason(wanted: _Wanted, account: Account, usable: Sequence[Account]) -> str:
    same = [each for each in usable if each.subkind == account.subkind]
    if len(usable) == 1:
        return f"the only one of kind {wanted.kind}"
    if len(same) == 1:
        return f"the only one of detail type {account.subkind}"
    return f"which is named for it among {len(same)} of detail type {account.subkind}"
