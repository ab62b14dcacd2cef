"""What a sync did to each ledger of the books, read from the counts that it stored.

Counts of the books are named `quickbooks.<kind>.<count>`; money is in whole cents.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

LEDGERS: Mapping[str, str] = {
    "customer": "customers",
    "item": "items",
    "sales_receipt": "sales_receipts",
    "invoice": "invoices",
    "payment": "payments",
    "refund_receipt": "refund_receipts",
    "credit_memo": "credit_memos",
}
"""Kind of object → the ledger that holds it, in the order in which they are written."""

DONE = (
    *("created", "updated", "voided", "linked", "found", "kept", "rejected", "unknown", "unequal"),
)
"""What became of writes that were carried out; `unknown` are those whose answers were lost."""

PLANNED: Mapping[str, str] = {
    "created": "create",
    "updated": "update",
    "voided": "delete",
    "linked": "link",
}
"""The count that is done → its name while it is only planned."""

_CENTS = "cents."


@dataclass(frozen=True, slots=True)
class Posted:
    """One ledger's share of a sync: writes by what became of them, money by currency.

    `money` is that of documents that were created, positive, in units of its currency.
    """

    counts: Mapping[str, int] = field(default_factory=dict)
    money: Mapping[str, Decimal] = field(default_factory=dict)

    def count(self, name: str) -> int:
        """How many there are of this count."""
        return self.counts.get(name, 0)

    @property
    def written(self) -> int:
        """How many objects were created, updated or voided."""
        return self.count("created") + self.count("updated") + self.count("voided")

    @property
    def touched(self) -> int:
        """How many objects were written, or found and bound."""
        return self.written + self.count("linked") + self.count("found")


def posted(counts: Mapping[str, object], platform: str = "quickbooks") -> dict[str, Posted]:
    """Kind → what was done to it; kinds that the sync had nothing to do with are left out."""
    return _read(counts, platform, {name: name for name in DONE})


def planned(counts: Mapping[str, object], platform: str = "quickbooks") -> dict[str, Posted]:
    """Kind → what would be done to it, under the names that it will have when it is done."""
    return _read(counts, platform, PLANNED)


def _read(
    counts: Mapping[str, object], platform: str, names: Mapping[str, str]
) -> dict[str, Posted]:
    found: dict[str, Posted] = {}
    for kind in LEDGERS:
        prefix = f"{platform}.{kind}."
        own = {
            name.removeprefix(prefix): number
            for name, number in counts.items()
            if name.startswith(prefix) and isinstance(number, int)
        }
        wanted = {name: own[stored] for name, stored in names.items() if stored in own}
        if wanted:
            found[kind] = Posted(wanted, _money(own))
    return found


def added(each: Iterable[Mapping[str, Posted]]) -> dict[str, Posted]:
    """Several syncs as one, kind by kind, in the order of the ledgers."""
    given = list(each)
    return {
        kind: _sum([one[kind] for one in given if kind in one])
        for kind in LEDGERS
        if any(kind in one for one in given)
    }


def less(whole: Mapping[str, Posted], part: Mapping[str, Posted]) -> dict[str, Posted]:
    """What `whole` has more than `part`, kind by kind."""
    return {
        kind: Posted(
            {name: number - _of(part, kind).count(name) for name, number in one.counts.items()},
            {
                currency: amount - _of(part, kind).money.get(currency, Decimal(0))
                for currency, amount in one.money.items()
            },
        )
        for kind, one in whole.items()
    }


def _of(ledgers: Mapping[str, Posted], kind: str) -> Posted:
    return ledgers.get(kind, Posted())


def _sum(parts: Iterable[Posted]) -> Posted:
    counts: dict[str, int] = {}
    money: dict[str, Decimal] = {}
    for part in parts:
        for name, number in part.counts.items():
            counts[name] = counts.get(name, 0) + number
        for currency, amount in part.money.items():
            money[currency] = money.get(currency, Decimal(0)) + amount
    return Posted(counts, money)


def _money(counts: Mapping[str, int]) -> dict[str, Decimal]:
    return {
        name.removeprefix(_CENTS): Decimal(cents).scaleb(-2)
        for name, cents in sorted(counts.items())
        if name.startswith(_CENTS)
    }
