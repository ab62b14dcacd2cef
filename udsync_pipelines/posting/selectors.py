"""Selectors: how a posting policy names lines, coupons and fields of orders, as `sku:GIFT-*`."""

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from typing import TypeAlias

from udsync_pipelines.domain.order import LineKind, OrderLine
from udsync_pipelines.domain.product import Product

Selectors: TypeAlias = tuple[str, ...]
"""Each is `kind:pattern`; case does not matter, `*` and `?` stand for any text or sign."""

OF_PRODUCTS = frozenset({"product", "sku", "name", "type", "category"})
OF_LINES = OF_PRODUCTS | {"fee"}
OF_REDEMPTIONS = frozenset({"coupon", "fee", "meta"})
OF_CATALOGUE = frozenset({"type", "category"})
"""What only the catalogue knows of a line's product."""


def problem_of(selector: str, kinds: frozenset[str]) -> str | None:
    """Why a text is no selector of these kinds, to follow the field's name; None for one."""
    kind, colon, pattern = selector.partition(":")
    if not colon or not pattern.strip():
        return f"must be written KIND:PATTERN, as sku:GIFT-*, not {selector!r}"
    if kind not in kinds:
        return f"must begin with {', '.join(sorted(kinds))}, not {kind!r}"
    return None


def selects(selectors: Selectors, line: OrderLine) -> bool:
    """True when one of the selectors names this line."""
    return _any(selectors, _said_of_line(line))


def selects_product(selectors: Selectors, product: Product) -> bool:
    """True when one of the selectors names this product of the catalogue."""
    return _any(selectors, _said_of_product(product))


def selects_text(selectors: Selectors, kind: str, text: str) -> bool:
    """True when one of the selectors names this coupon or field."""
    return _any(selectors, [(kind, text)])


def patterns(selectors: Selectors, kind: str) -> tuple[str, ...]:
    """The patterns of one kind, in their order."""
    pairs = (selector.partition(":") for selector in selectors)
    return tuple(pattern.strip() for name, _, pattern in pairs if name == kind)


def _any(selectors: Selectors, said: Iterable[tuple[str, str]]) -> bool:
    return any(
        fnmatchcase(text.casefold(), pattern.casefold())
        for kind, text in (said if selectors else ())
        for pattern in patterns(selectors, kind)
    )


def _said_of_line(line: OrderLine) -> Iterator[tuple[str, str]]:
    if line.kind is LineKind.FEE:
        yield "fee", line.name
    if line.kind is not LineKind.PRODUCT:
        return
    yield from (("product", each) for each in (line.product_id, line.variation_id) if each)
    yield "name", line.name
    yield "sku", line.sku or ""
    if line.product is not None:
        yield from _said_of_product(line.product)


def _said_of_product(product: Product) -> Iterator[tuple[str, str]]:
    yield "product", product.id
    yield "name", product.name
    yield "sku", product.sku
    yield "type", product.kind
    yield from (("category", name) for name in product.categories)
