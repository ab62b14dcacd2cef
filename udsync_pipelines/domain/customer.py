"""The canonical customer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from udsync_pipelines.domain.party import Address


@dataclass(frozen=True, slots=True)
class Customer:
    """A registered customer of a store. Guests have no customer record, only an order's billing.

    `modified_at` is None for a person whom the shop never saved as a customer.
    """

    id: str
    email: str
    first_name: str
    last_name: str
    username: str
    role: str
    billing: Address
    shipping: Address
    is_paying_customer: bool
    created_at: datetime | None
    modified_at: datetime | None
    meta: Mapping[str, object] = field(default_factory=dict)

    @property
    def full_name(self) -> str:
        """First and last name, single-spaced; empty when neither is known."""
        return " ".join(f"{self.first_name} {self.last_name}".split())
