"""WooCommerce's tax rate: its wire form, what of it matters, and a frozen value."""

from dataclasses import dataclass
from decimal import Decimal

from udsync_pipelines.connectors.woocommerce.content_hash import HashRules
from udsync_pipelines.connectors.woocommerce.wire import Amount, Text, WireModel, parse
from udsync_pipelines.domain.identity import Entity

HASH_RULES = HashRules(volatile={"_links": "addresses of the REST API"}, money=frozenset({"rate"}))


@dataclass(frozen=True, slots=True)
class TaxRate:
    """A rate of the shop. `percent` is exact (9.9750); an order line names the rate by its id.

    `tax_class` is as an order line writes it: empty for the standard class. Parts of a place that
    are empty mean everywhere.
    """

    id: str
    name: str
    percent: Decimal
    tax_class: str
    country: str
    state: str
    postcodes: tuple[str, ...]
    cities: tuple[str, ...]
    priority: int
    is_compound: bool
    is_for_shipping: bool


class WooTaxRate(WireModel):
    """A rate of `wc/v3/taxes`. It has no dates; `class` is `standard` where a line says ``."""

    id: int
    rate: Amount
    name: Text = ""
    country: Text = ""
    state: Text = ""
    postcodes: tuple[str, ...] = ()
    cities: tuple[str, ...] = ()
    priority: int = 1
    compound: bool = False
    shipping: bool = False


def canonical(raw: bytes) -> TaxRate:
    """The tax rate of one archived record.

    Raises:
        RecordRejectedError: a field is missing or unreadable.
    """
    rate = parse(WooTaxRate, Entity.TAX_RATE, raw)
    tax_class = str((rate.model_extra or {}).get("class", "standard"))
    return TaxRate(
        id=str(rate.id),
        name=rate.name,
        percent=rate.rate,
        tax_class="" if tax_class == "standard" else tax_class,
        country=rate.country,
        state=rate.state,
        postcodes=rate.postcodes,
        cities=rate.cities,
        priority=rate.priority,
        is_compound=rate.compound,
        is_for_shipping=rate.shipping,
    )
