"""People and places as an order or a customer carries them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address with the person it names; any part may be empty."""

    first_name: str = ""
    last_name: str = ""
    company: str = ""
    address_1: str = ""
    address_2: str = ""
    city: str = ""
    state: str = ""
    postcode: str = ""
    country: str = ""
    email: str = ""
    phone: str = ""

    @property
    def full_name(self) -> str:
        """First and last name, single-spaced; empty when neither is known."""
        return " ".join(f"{self.first_name} {self.last_name}".split())
