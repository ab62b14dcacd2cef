"""What a record is and where it lives."""

from dataclasses import dataclass
from enum import StrEnum


class Entity(StrEnum):
    """The kinds of record that udsync reads."""

    CUSTOMER = "customer"
    PRODUCT = "product"
    VARIATION = "variation"
    ORDER = "order"
    REFUND = "refund"
    TAX_RATE = "tax_rate"
    COUPON = "coupon"


@dataclass(frozen=True, slots=True)
class Identity:
    """One record of one connection, by the platform's own id (always text)."""

    connection_id: str
    entity: Entity
    source_id: str

    def __str__(self) -> str:
        return f"{self.entity}/{self.source_id}"
