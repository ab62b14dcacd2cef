"""Who a sale is booked on, under which name, and which customer of the books that is."""

import hashlib
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace

from udsync_pipelines.domain.customer import Customer
from udsync_pipelines.domain.order import Order
from udsync_pipelines.domain.party import Address
from udsync_pipelines.posting.company import Company
from udsync_pipelines.posting.names import cleaned, first_free, shortened, with_suffix
from udsync_pipelines.posting.policy import CustomerStrategy, GuestWithoutEmail, PostingPolicy

MOST_OF_NAME = 100  # newer books take 500, older documents say 100
MOST_OF_EMAIL = 100
_MOST_OF_PHONE = 30
_MOST_OF_SHOWN_EMAIL = 60  # a longer one would leave no room for the name


@dataclass(frozen=True, slots=True)
class CustomerDraft:
    """A customer to be written, not yet matched with the books.

    `key` is symbolic: `customer/12` for a registered one, `guest:<hash of the e-mail>`,
    `order:<id>` for a guest without e-mail, `web:CAD` for the web customer. With several
    currencies in the books, `@USD` follows for any but the home currency. `texts` holds the text
    fields by the profile: field name of the destination → text.
    """

    key: str
    display_name: str
    given_name: str = ""
    family_name: str = ""
    company_name: str = ""
    email: str = ""
    phone: str = ""
    billing: Address = field(default_factory=Address)
    shipping: Address = field(default_factory=Address)
    currency: str = ""
    texts: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def suffix(self) -> str:
        """What tells this customer from another of the same name, for ever the same."""
        kind, _, rest = self.key.partition("@")[0].replace("/", ":").partition(":")
        short = rest[:8] if kind == "guest" else rest
        return f" - {'G' if kind == 'guest' else 'W'}{short}"


def customer_key(order: Order, policy: PostingPolicy, company: Company) -> str:
    """The symbolic key of the customer an order is booked on."""
    if policy.customer_strategy is CustomerStrategy.WEB:
        return f"web:{order.currency}"
    email = normalised_email(order.billing.email)
    if order.customer_id:
        key = f"customer/{order.customer_id}"
    elif email:
        key = guest_key(email)
    elif policy.guest_without_email is GuestWithoutEmail.WEB:
        return f"web:{order.currency}"
    else:
        key = f"order:{order.id}"
    return _in_currency(key, order.currency, company)


def customer_of_order(order: Order, policy: PostingPolicy, company: Company) -> CustomerDraft:
    """The customer an order is booked on, drawn from its billing address."""
    key = customer_key(order, policy, company)
    if key.startswith("web:"):
        return CustomerDraft(key, f"Web customer {order.currency}", currency=order.currency)
    return _draft(key, order.billing, order.shipping, order.billing.email, order.currency)


def customer_of(customer: Customer, currency: str, company: Company) -> CustomerDraft:
    """A registered customer of the shop as a customer of the books."""
    billing = customer.billing
    named = billing if billing.full_name or billing.company else _named(customer)
    email = customer.email or billing.email
    key = _in_currency(f"customer/{customer.id}", currency, company)
    return _draft(key, named, customer.shipping, email, currency)


def guest_key(email: str) -> str:
    """The key of a guest: `guest:` and 16 hexadecimal digits over the normalised e-mail."""
    digest = hashlib.sha256(normalised_email(email).encode()).hexdigest()
    return f"guest:{digest[:16]}"


def normalised_email(email: str) -> str:
    """The e-mail by which a person is known: composed form, without blanks, lower case."""
    return "".join(unicodedata.normalize("NFKC", email).split()).casefold()


def is_valid_email(email: str) -> bool:
    """True when the books take it: something, an @, and a dot after it; at most 100 characters."""
    local, at, domain = email.partition("@")
    return bool(local and at and "." in domain.strip(".")) and len(email) <= MOST_OF_EMAIL


def display_names(draft: CustomerDraft) -> Iterator[str]:
    """The names to try, in order: plain, with the e-mail, with a mark that never changes."""
    yield draft.display_name
    if draft.email and len(draft.email) <= _MOST_OF_SHOWN_EMAIL:
        yield with_suffix(draft.display_name, f" ({cleaned(draft.email)})", MOST_OF_NAME)
    yield with_suffix(draft.display_name, draft.suffix, MOST_OF_NAME)
    if draft.currency:
        suffix = f"{draft.suffix} {draft.currency}"
        yield with_suffix(draft.display_name, suffix, MOST_OF_NAME)


def free_name(draft: CustomerDraft, taken: Collection[str]) -> str | None:
    """The first of the draft's names that is free; None when all are taken.

    `taken` holds `names.comparable` forms of all customers, vendors and employees, inactive too.
    """
    return first_free(display_names(draft), taken)


def _in_currency(key: str, currency: str, company: Company) -> str:
    # A customer of the books has one currency for ever, so a buyer in two needs two.
    return key if currency == company.home_currency else f"{key}@{currency}"


def _draft(
    key: str, billing: Address, shipping: Address, email: str, currency: str
) -> CustomerDraft:
    written = email.strip()
    known_email = written if is_valid_email(written) else ""
    return CustomerDraft(
        key=key,
        display_name=_display_name(key, billing, known_email),
        given_name=shortened(cleaned(billing.first_name), MOST_OF_NAME),
        family_name=shortened(cleaned(billing.last_name), MOST_OF_NAME),
        company_name=shortened(cleaned(billing.company), MOST_OF_NAME),
        email=known_email,
        phone=billing.phone.strip()[:_MOST_OF_PHONE],
        billing=billing,
        shipping=shipping,
        currency=currency,
    )


def _display_name(key: str, billing: Address, email: str) -> str:
    for name in (billing.full_name, billing.company, email):
        if cleaned(name):
            return shortened(cleaned(name), MOST_OF_NAME)
    kind, _, rest = key.replace("/", ":").partition(":")
    return f"{'Guest' if kind == 'guest' else kind.capitalize()} {rest}"


def _named(customer: Customer) -> Address:
    first, last = customer.first_name, customer.last_name
    return replace(customer.billing, first_name=first, last_name=last)
