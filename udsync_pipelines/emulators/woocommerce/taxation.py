"""Which tax rates apply at a place, found in the shop's tax table as WooCommerce does."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from udsync_pipelines.emulators.woocommerce.arithmetic import TaxRate

TAX_CLASSES = ("", "reduced-rate", "zero-rate")


class TaxTable:
    """The shop's rates; for each priority the most precise matching rate counts."""

    def __init__(self, rows: Iterable[dict[str, Any]]) -> None:
        self._rows = sorted(rows, key=lambda row: (row["priority"], row["order"], row["id"]))
        self._found: dict[tuple[str, str], dict[str, Sequence[TaxRate]]] = {}

    def at(self, country: str, state: str) -> dict[str, Sequence[TaxRate]]:
        """Return the rates at a place by tax class (``""`` is the standard class)."""
        place = (country, state)
        if place not in self._found:
            self._found[place] = {name: self._search(place, name) for name in TAX_CLASSES}
        return self._found[place]

    def _search(self, place: tuple[str, str], tax_class: str) -> Sequence[TaxRate]:
        by_priority: dict[int, dict[str, Any]] = {}
        for row in self._rows:
            if row["class"] != (tax_class or "standard") or not _covers(row, place):
                continue
            held = by_priority.get(row["priority"])
            if held is None or (row["state"] and not held["state"]):
                by_priority[row["priority"]] = row
        return tuple(rate_of(row) for row in by_priority.values())


def _covers(row: dict[str, Any], place: tuple[str, str]) -> bool:
    country, state = place
    return row["country"] in ("", country) and row["state"] in ("", state)


def rate_of(row: dict[str, Any]) -> TaxRate:
    """Turn a row of the tax table into the rate that tax lines show."""
    percent = Decimal(row["rate"])
    whole = percent == percent.to_integral_value()
    names = [row["country"], row["state"], row["name"], str(row["priority"])]
    return TaxRate(
        id=row["id"],
        millionths=int(percent * 10_000),
        label=row["name"],
        code="-".join(name for name in names if name),
        percent=int(percent) if whole else float(percent),
        on_shipping=row["shipping"],
        compound=row["compound"],
    )
