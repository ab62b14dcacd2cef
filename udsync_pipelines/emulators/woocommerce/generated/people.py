"""Customers and guests of a generated store: shared addresses, equal names, many scripts."""

from typing import Any

from udsync_pipelines.emulators.woocommerce.generated.dice import Dice
from udsync_pipelines.emulators.woocommerce.generated.schedule import FIRST_CUSTOMER

Json = dict[str, Any]

_FIRST = (
    "Amélie", "John", "Jürgen", "Xóchitl", "Zoë", "Gráinne", "Hiroshi", "Uma", "Eszter", "Yusuf",
    "Françoise", "Dmitri", "Karolína", "Vítor", "Renée", "Søren", "Mary Anne", "李", "محمد", "Tom",
)  # fmt: skip
_LAST = (
    "O'Brien", "Smith", "Smith-Jones", "Müller", "Tremblay", "van der Berg", "Đặng", "Þórsson",
    "Kowalski", "陳", "Singh", "de la Cruz", "MacDonald", "Nguyễn", "Roy", "Côté",
)  # fmt: skip
_COMPANIES = (
    "", "", "", "", "Acme: Industries Ltd", "Boîte & Co.", 'Big "Quoted" Corp', "株式会社サンプル",
)  # fmt: skip
_PLACES = (
    *[("Calgary", "AB", "T2P 1J9", "CA")] * 6,
    *[("Toronto", "ON", "M5V 2T6", "CA")] * 6,
    *[("Vancouver", "BC", "V6B 1A1", "CA")] * 5,
    *[("Montréal", "QC", "H2X 1Y4", "CA")] * 5,
    *[("Halifax", "NS", "B3H 1A1", "CA")] * 2,
    *[("Regina", "SK", "S4P 3Y2", "CA")] * 2,
    ("Seattle", "WA", "98101", "US"),
    ("London", "", "SW1A 1AA", "GB"),
)
_EMPTY = {
    "first_name": "", "last_name": "", "company": "", "address_1": "", "address_2": "",
    "city": "", "state": "", "postcode": "", "country": "", "email": "", "phone": "",
}  # fmt: skip


class People:
    """Billing and shipping addresses by customer id, and guests by order."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._held: dict[int, Json] = {}

    def billing_of(self, customer_id: int) -> Json:
        """Return a registered customer's billing address."""
        if customer_id not in self._held:
            if len(self._held) > 20_000:  # noqa: PLR2004 - a bound on memory, nothing more
                self._held.clear()
            self._held[customer_id] = self._registered(customer_id)
        return self._held[customer_id]

    def _registered(self, customer_id: int) -> Json:
        dice = Dice(self._seed ^ 0xC0570, customer_id)
        number = customer_id - FIRST_CUSTOMER
        if number % 29 == 7:  # noqa: PLR2004 - a namesake now and then
            return self._address(dice, "John", "Smith", f"shopper{number:05d}@example.test")
        return self._address(
            dice, dice.pick(_FIRST), dice.pick(_LAST), f"shopper{number:05d}@example.test"
        )

    def guest(self, dice: Dice) -> Json:
        """Return a guest's billing address: sometimes a customer's e-mail, sometimes nothing."""
        kind = dice.below(20)
        if kind == 0:
            return dict(_EMPTY)
        email = f"guest{dice.below(5_000):04d}@example.test"
        if kind < 4:  # noqa: PLR2004 - three in twenty use a registered customer's e-mail
            email = f"shopper{dice.below(200):05d}@example.test"
        elif kind == 4:  # noqa: PLR2004 - one in twenty writes it in capitals
            email = email.upper()
        return self._address(dice, dice.pick(_FIRST), dice.pick(_LAST), email)

    @staticmethod
    def _address(dice: Dice, first: str, last: str, email: str) -> Json:
        city, state, postcode, country = dice.pick(_PLACES)
        number = dice.below(900) + 100
        return {
            "first_name": first,
            "last_name": last,
            "company": dice.pick(_COMPANIES),
            "address_1": f"{number} Sample Ave",
            "address_2": "Unit 5" if dice.chance(250) else "",
            "city": city,
            "state": state,
            "postcode": postcode,
            "country": country,
            "email": email,
            "phone": f"+1 403 555 0{number}" if dice.chance(500) else "",
        }


def shipping_of(billing: Json) -> Json:
    """Return the shipping address that goes with a billing address: the same, no e-mail."""
    return {key: value for key, value in billing.items() if key != "email"}


def email_of(customer_id: int) -> str:
    """Return a generated customer's e-mail without making the customer."""
    return f"shopper{customer_id - FIRST_CUSTOMER:05d}@example.test"


def customer_document(
    customer_id: int, billing: Json, stamps: tuple[Json, bool], site: str
) -> Json:
    """Return a customer as the API sends it; ``stamps`` are the dates and whether one paid."""
    dates, paying = stamps
    base = f"{site}/wp-json/wc/v3/customers"
    order = (
        "first_name", "last_name", "company", "address_1", "address_2", "city", "postcode",
        "country", "state", "email", "phone",
    )  # fmt: skip
    address = {key: billing[key] for key in order}
    return {
        "id": customer_id,
        **dates,
        "email": billing["email"],
        "first_name": billing["first_name"],
        "last_name": billing["last_name"],
        "role": "customer",
        "username": billing["email"].partition("@")[0],
        "billing": address,
        "shipping": {key: value for key, value in address.items() if key != "email"},
        "is_paying_customer": paying,
        "avatar_url": "https://secure.gravatar.com/avatar/?s=96&d=mm&r=g",
        "meta_data": [],
        "_links": {
            "self": [
                {
                    "href": f"{base}/{customer_id}",
                    "targetHints": {"allow": ["GET", "POST", "PUT", "PATCH", "DELETE"]},
                }
            ],
            "collection": [{"href": base}],
        },
    }
