"""What the orders that would be posted show before any of them is: sales, taxes, products."""

import re
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date

from udsync_pipelines.domain.order import LineKind, Order, OrderLine
from udsync_pipelines.posting.company import Company
from udsync_pipelines.posting.compose import reason_to_skip
from udsync_pipelines.posting.dating import sale_day
from udsync_pipelines.posting.gift_cards import owed_kind
from udsync_pipelines.posting.held import Sale
from udsync_pipelines.posting.names import comparable
from udsync_pipelines.posting.policy import PostingPolicy

_CARD = re.compile(r"gift[ -]?(card|cert|voucher)|\bvoucher\b|store credit|gutschein|cadeau", re.I)
_TIP = re.compile(r"\btips?\b|gratuity|trinkgeld|pourboire", re.I)


@dataclass
class Scope:
    """The orders that would be posted, added one by one."""

    policy: PostingPolicy
    company: Company
    sales: list[Sale] = field(default_factory=list)
    taxed: int = 0
    currencies: Counter[str] = field(default_factory=Counter)
    unmapped_rates: Counter[str] = field(default_factory=Counter)
    card_names: set[str] = field(default_factory=set)
    tip_names: set[str] = field(default_factory=set)
    new_products: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        active = [item for item in self.company.items if item.is_active]
        self._skus: Collection[str] = {item.sku.casefold() for item in active if item.sku}
        self._names: Collection[str] = {comparable(item.name) for item in active}

    @property
    def first_on(self) -> date | None:
        """The day of the first sale, None without any."""
        return min((sale.dated_on for sale in self.sales), default=None)

    @property
    def last_on(self) -> date | None:
        """The day of the last sale, None without any."""
        return max((sale.dated_on for sale in self.sales), default=None)

    def add(self, order: Order) -> None:
        """Take an order in, unless the policy leaves it out."""
        if reason_to_skip(order, self.policy) is not None:
            return
        billing = order.billing
        self.sales.append(
            Sale(
                order.id,
                order.number,
                sale_day(order, self.policy),
                order.total.amount,
                order.currency,
                billing.full_name or billing.company,
                billing.email,
            )
        )
        self.taxed += bool(order.total_tax)
        self.currencies[order.currency] += 1
        self.unmapped_rates.update({_shown(rates) for rates in self._unmapped(order)})
        for line in order.lines:
            self._line(line)

    def _unmapped(self, order: Order) -> set[frozenset[str]]:
        sets = {
            frozenset(tax.rate_id for tax in line.taxes)
            for line in order.lines
            if not (line.kind is LineKind.FEE and line.total.amount < 0)
        }
        return {rates for rates in sets if rates and not self.policy.taxes.codes.get(rates)}

    def _line(self, line: OrderLine) -> None:
        if owed_kind(line, self.policy) is not None:
            return
        if line.kind is LineKind.FEE and _TIP.search(line.name):
            self.tip_names.add(line.name)
        if line.kind is not LineKind.SHIPPING and _CARD.search(line.name):
            self.card_names.add(line.name)
        product = line.variation_id or line.product_id
        is_known = (line.sku or "").casefold() in self._skus or comparable(line.name) in self._names
        if line.kind is LineKind.PRODUCT and product and not is_known:
            self.new_products.add(product)


def _shown(rates: frozenset[str]) -> str:
    return "+".join(sorted(rates, key=lambda rate: (len(rate), rate)))
