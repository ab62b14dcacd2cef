"""Bundles: a line and the lines of what is in it, as the plugins for bundles tell them.

Each plugin keeps the key of the bundle on the lines of its parts; prices may be on the bundle's
line, on those of the parts, or on both. Whatever the rule, the amounts add up to the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from udsync_pipelines.domain.order import Order, OrderLine

_KEYS = (
    ("_bundled_by", "_bundle_cart_key"),  # WooCommerce Product Bundles
    ("_composite_parent", "_composite_cart_key"),  # WooCommerce Composite Products
    ("_mnm_container", "_mnm_cart_key"),  # WooCommerce Mix and Match Products
)
"""Meta keys: which bundle a part belongs to, and the key of a bundle."""


@dataclass(frozen=True, slots=True)
class Bundles:
    """Which lines of an order belong to which: by the id of a part's line, the bundle's line."""

    lines: tuple[OrderLine, ...]
    parents: Mapping[str, OrderLine]

    @classmethod
    def of(cls, order: Order) -> "Bundles":
        """The bundles of an order, by the keys that its lines carry."""
        parents: dict[str, OrderLine] = {}
        for of_part, of_bundle in _KEYS:
            bundles = {
                str(line.meta[of_bundle]): line for line in order.lines if line.meta.get(of_bundle)
            }
            for line in order.lines:
                parent = bundles.get(str(line.meta.get(of_part, "")))
                if parent is not None and parent.id != line.id:
                    parents.setdefault(line.id, parent)
        return cls(order.lines, parents)

    def above(self, line: OrderLine) -> tuple[OrderLine, ...]:
        """The bundles that a line is in, the innermost first; none for most lines."""
        found: dict[str, OrderLine] = {}
        parent = self.parents.get(line.id)
        while parent is not None and parent.id not in found:
            found[parent.id] = parent
            parent = self.parents.get(parent.id)
        return tuple(found.values())

    def parts_of(self, line: OrderLine) -> tuple[OrderLine, ...]:
        """What is in a bundle, down to what is no bundle itself; none for a line that is none."""
        bundles = {parent.id for parent in self.parents.values()}
        if line.id not in bundles:
            return ()
        return tuple(
            each
            for each in self.lines
            if each.id not in bundles and any(above.id == line.id for above in self.above(each))
        )


def weights_of(parts: Sequence[OrderLine]) -> list[Decimal]:
    """What each part of a bundle weighs: its price in the catalogue times its quantity.

    Where one has no price there, all weigh by their quantities alone.
    """
    prices = [part.product.price if part.product else None for part in parts]
    if all(price and price > 0 for price in prices):
        weights = [part.quantity * (price or 0) for part, price in zip(parts, prices, strict=True)]
    else:
        weights = [part.quantity for part in parts]
    usable = [max(weight, Decimal(0)) for weight in weights]
    return usable if any(usable) else [Decimal(1)] * len(parts)
