"""What ``_fields`` and ``dp`` do to a record."""

from decimal import Decimal, InvalidOperation
from typing import Any

from udsync_pipelines.emulators.woocommerce.amounts import show_more

Json = dict[str, Any]

_MONEY = frozenset(
    {
        "discount_total", "discount_tax", "shipping_total", "shipping_tax", "cart_tax", "total",
        "total_tax", "subtotal", "subtotal_tax", "tax_total", "shipping_tax_total", "amount",
    }
)  # fmt: skip


def pick_fields(document: Json, wanted: str, *, keep_links: bool) -> Json:
    """Return only the wanted fields, in the record's own order.

    ``billing.email`` reaches into an object. ``line_items.name`` yields nothing at all: that is
    what the recorded store answers for a field inside a list.
    """
    tree: dict[str, Any] = {}
    for name in (part.strip() for part in wanted.split(",")):
        if name:
            _plant(tree, name.split("."))
    if keep_links:
        tree["_links"] = True
    return _prune(document, tree)


def _plant(tree: dict[str, Any], path: list[str]) -> None:
    head, *rest = path
    if not rest:
        tree[head] = True
    elif tree.get(head) is not True:
        _plant(tree.setdefault(head, {}), rest)


def _prune(document: Json, tree: dict[str, Any]) -> Json:
    kept: Json = {}
    for key, value in document.items():
        branch = tree.get(key)
        if branch is True:
            kept[key] = value
        elif branch is not None and isinstance(value, dict):
            kept[key] = _prune(value, branch)
    return kept


def with_decimals(value: Any, decimals: int) -> Any:
    """Return a record with its money texts written with ``dp`` decimals."""
    if isinstance(value, list):
        return [with_decimals(item, decimals) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: _money(item, decimals)
        if key in _MONEY and isinstance(item, str)
        else with_decimals(item, decimals)
        for key, item in value.items()
    }


def _money(text: str, decimals: int) -> str:
    try:
        return show_more(Decimal(text), decimals)
    except InvalidOperation:
        return text
