"""The posting policy: a tenant's decisions on how orders become documents of the books."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines.posting.selectors import OF_LINES, OF_REDEMPTIONS, Selectors, problem_of

MOST_OF_PREFIX = 6  # leaves room for an order's and a refund's id in 21 characters
SCHEMA = 1


class DocumentForm(StrEnum):
    """Which documents a sale gets."""

    SALES_RECEIPT = "sales_receipt"
    INVOICE_AND_PAYMENT = "invoice_and_payment"


class DateBasis(StrEnum):
    """Which moment of an order dates its document; a moment it lacks falls back to created."""

    CREATED = "created"
    PAID = "paid"
    COMPLETED = "completed"


class ClosedPeriodRule(StrEnum):
    """What happens to a document dated in closed books."""

    PARK = "park"
    REDATE = "redate"


class CustomerStrategy(StrEnum):
    """Whom sales are booked on: each buyer, or one web customer per currency."""

    OWN = "own"
    WEB = "web"


class GuestWithoutEmail(StrEnum):
    """Whom the order of a guest without e-mail is booked on."""

    OWN = "own"
    WEB = "web"


class CustomerCreation(StrEnum):
    """When a registered customer is created in the books."""

    ON_FIRST_SALE = "on_first_sale"
    ALWAYS = "always"


class RefundForm(StrEnum):
    """The document of a refund; `automatic` is a credit memo for an unpaid invoice only."""

    AUTOMATIC = "automatic"
    REFUND_RECEIPT = "refund_receipt"
    CREDIT_MEMO = "credit_memo"


class AutomatedTaxRule(StrEnum):
    """What happens to an order with tax where the books work tax out by themselves.

    `compare` posts it with the shop's tax and takes it back at once when the books made another.
    """

    PARK = "park"
    COMPARE = "compare"


@dataclass(frozen=True, slots=True)
class GatewayPolicy:
    """How one payment gateway is booked. `account_id` None leaves the books' default.

    `form` None leaves the policy's own form.
    """

    account_id: str | None = None
    payment_method_id: str | None = None
    form: DocumentForm | None = None


@dataclass(frozen=True, slots=True)
class ItemPolicy:
    """Items of the books (their ids) for lines that are no product of the shop.

    `unmatched` also serves products that are gone, `refunds` amounts given back without lines.
    """

    shipping: str = ""
    fees: str = ""
    unmatched: str = ""
    rounding: str = ""
    refunds: str = ""


@dataclass(frozen=True, slots=True)
class NewItemPolicy:
    """Accounts of the books (their ids) for the items that udsync creates there.

    `income_account_id` takes what they earn, `expense_account_id` what they cost. Both are sent
    with every item: Canadian and British companies want the second even for what is only sold.
    """

    income_account_id: str = ""
    expense_account_id: str = ""


@dataclass(frozen=True, slots=True)
class TaxPolicy:
    """Which tax code a line gets, by the set of the shop's rate ids on it.

    `untaxed` is for lines without tax; `out_of_scope` for rounding lines (empty: `untaxed`).
    """

    codes: Mapping[frozenset[str], str] = field(default_factory=dict)
    untaxed: str = ""
    out_of_scope: str = ""

    def __hash__(self) -> int:
        return hash((frozenset(self.codes.items()), self.untaxed, self.out_of_scope))


class BundleRule(StrEnum):
    """On whose items a bundle is posted: its lines' own, all on the bundle's, or on its parts'."""

    LINES = "lines"
    PARENT = "parent"
    CHILDREN = "children"


@dataclass(frozen=True, slots=True)
class GiftCardPolicy:
    """Gift cards: owed to whoever holds them, and no revenue before they are redeemed.

    `item` is an item of the books (its id) on a liability account. `sold` selects the lines that
    sell a card, `redeemed` the coupons, fees and meta fields of an order that take from one.
    """

    item: str = ""
    sold: Selectors = ()
    redeemed: Selectors = ()


@dataclass(frozen=True, slots=True)
class TipPolicy:
    """Tips: passed on to staff. `item` is on a liability account, `lines` selects what is a tip."""

    item: str = ""
    lines: Selectors = ()


class RateSource(StrEnum):
    """Where exchange rates come from: the books' list, the tenant's table, a field of the order."""

    BOOKS = "books"
    TABLE = "table"
    ORDER = "order"


class RateDirection(StrEnum):
    """What a rate in a field of an order counts: the books' units for one of the order's, or so."""

    HOME_PER_FOREIGN = "home_per_foreign"
    FOREIGN_PER_HOME = "foreign_per_home"


@dataclass(frozen=True, slots=True)
class ExchangeRatePolicy:
    """With which rate a document in a foreign currency is valued; without one it is parked.

    `oldest_days` is how many days before a document's own a rate of the table may be; `order_field`
    names the meta field of the order and `order_field_is` what it counts.
    """

    source: RateSource = RateSource.BOOKS
    oldest_days: int = 7
    order_field: str = ""
    order_field_is: RateDirection = RateDirection.HOME_PER_FOREIGN


ON_ACCOUNT = GatewayPolicy(form=DocumentForm.INVOICE_AND_PAYMENT)


@dataclass(frozen=True, slots=True)
class PostingPolicy:
    """How a tenant's orders become books. Defaults are those of a shop that is paid at once.

    Attributes:
        form: documents of a sale whose gateway and status say nothing else.
        status_forms: form by order status; it comes before the gateway's form.
        posting_statuses: orders in these statuses are posted.
        invoice_statuses: on-account orders in these get their invoice already, without payment.
        date_basis: which moment dates the document, in `timezone`.
        timezone: the store's zone, as `America/Edmonton`.
        start_on: orders dated earlier are left out; None posts all.
        closed_period: what to do with a document dated in closed books.
        gateways: per gateway id, also `id:CUR` for one currency; `*` is for all others.
        items: items for shipping, fees, unmatched products, rounding and refunds.
        new_items: accounts for the items that udsync creates.
        taxes: tax codes by sets of rates.
        gift_cards: which lines sell or redeem gift cards, and the item they go on.
        tips: which lines are tips, and the item they go on.
        bundles: on whose items bundles are posted.
        exchange_rates: with which rate documents in foreign currencies are valued.
        customer_strategy: each buyer's own customer or one web customer per currency.
        guest_without_email: whom such a guest's order is booked on.
        customer_creation: when registered customers are created.
        prefix: marks this store's documents; one to six letters or digits, distinct per store.
        number_pattern: DocNumber of a sale, made of `{prefix}` and `{number}`.
        refund_form: the document of a refund.
        due_days: days from the date of an invoice until it is due.
        rounding_limit: the most a rounding line may hold, in currency units.
        moved_cents_limit: the most cents that may move between two lines of one code.
        untaxed_share_limit: the most of a line that may change between taxed and untaxed where the
            books tax a document as a whole (United States), in currency units.
        allow_override: send tax amounts where this company was seen to keep them.
        automated_tax: what to do with tax under automated sales tax (United States).
    """

    form: DocumentForm = DocumentForm.SALES_RECEIPT
    status_forms: Mapping[str, DocumentForm] = field(default_factory=dict)
    posting_statuses: frozenset[str] = frozenset({"processing", "completed", "refunded"})
    invoice_statuses: frozenset[str] = frozenset()
    date_basis: DateBasis = DateBasis.CREATED
    timezone: str = "UTC"
    start_on: date | None = None
    closed_period: ClosedPeriodRule = ClosedPeriodRule.PARK
    gateways: Mapping[str, GatewayPolicy] = field(
        default_factory=lambda: {"bacs": ON_ACCOUNT, "cheque": ON_ACCOUNT}
    )
    items: ItemPolicy = ItemPolicy()
    new_items: NewItemPolicy = NewItemPolicy()
    taxes: TaxPolicy = TaxPolicy()
    gift_cards: GiftCardPolicy = GiftCardPolicy()
    tips: TipPolicy = TipPolicy()
    bundles: BundleRule = BundleRule.LINES
    exchange_rates: ExchangeRatePolicy = ExchangeRatePolicy()
    customer_strategy: CustomerStrategy = CustomerStrategy.OWN
    guest_without_email: GuestWithoutEmail = GuestWithoutEmail.OWN
    customer_creation: CustomerCreation = CustomerCreation.ON_FIRST_SALE
    prefix: str = "WC"
    number_pattern: str = "{prefix}-{number}"
    refund_form: RefundForm = RefundForm.AUTOMATIC
    due_days: int = 30
    rounding_limit: Decimal = Decimal("0.05")
    moved_cents_limit: int = 5
    untaxed_share_limit: Decimal = Decimal("1.00")
    allow_override: bool = True
    automated_tax: AutomatedTaxRule = AutomatedTaxRule.PARK

    def __post_init__(self) -> None:
        _check_prefix(self.prefix)
        _check_pattern(self.number_pattern)
        _check_zone(self.timezone)
        _at_least_zero("due_days", self.due_days)
        _at_least_zero("rounding_limit", self.rounding_limit)
        _at_least_zero("moved_cents_limit", self.moved_cents_limit)
        _at_least_zero("untaxed_share_limit", self.untaxed_share_limit)
        _at_least_zero("exchange_rates.oldest_days", self.exchange_rates.oldest_days)
        _check_selectors("gift_cards.sold", self.gift_cards.sold, OF_LINES)
        _check_selectors("gift_cards.redeemed", self.gift_cards.redeemed, OF_REDEMPTIONS)
        _check_selectors("tips.lines", self.tips.lines, OF_LINES)

    def gateway(self, method: str, currency: str) -> GatewayPolicy:
        """The rules of a gateway: of this currency, else of the gateway, else of all others."""
        for key in (f"{method}:{currency}", method, "*"):
            if key in self.gateways:
                return self.gateways[key]
        return GatewayPolicy()

    def form_of(self, status: str, method: str, currency: str) -> DocumentForm:
        """The documents of an order by its status, else its gateway, else the policy."""
        return self.status_forms.get(status) or self.gateway(method, currency).form or self.form

    def zone(self) -> ZoneInfo:
        """The store's zone, in which documents are dated."""
        return ZoneInfo(self.timezone)


def version_of(policy_json: Mapping[str, object]) -> str:
    """The version of a policy: 16 hexadecimal digits over its JSON form, whatever its order."""
    text = json.dumps(policy_json, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def invalid(name: str, reason: str) -> ConfigurationError:
    """The error of one field of a policy: it names the field and the reason."""
    return ConfigurationError(
        f"The posting policy's {name} {reason}.",
        code="policy_invalid",
        cure="Correct it and set the policy again.",
    )


def _check_prefix(prefix: str) -> None:
    if not (prefix.isascii() and prefix.isalnum() and len(prefix) <= MOST_OF_PREFIX):
        raise invalid("prefix", f"must be one to six letters or digits, not {prefix!r}")


def _check_pattern(pattern: str) -> None:
    if "{number}" not in pattern or "{prefix}" not in pattern:
        raise invalid("number_pattern", "must hold {prefix} and {number}")
    rest = pattern.replace("{number}", "").replace("{prefix}", "")
    if "{" in rest or "}" in rest:
        raise invalid("number_pattern", "may hold no other field than {prefix} and {number}")


def _check_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        reason = f"is no time zone: {name!r}; write it as America/Edmonton"
        raise invalid("timezone", reason) from error


def _check_selectors(name: str, selectors: Selectors, kinds: frozenset[str]) -> None:
    for selector in selectors:
        problem = problem_of(selector, kinds)
        if problem:
            raise invalid(name, problem)


def _at_least_zero(name: str, value: int | Decimal) -> None:
    if value < 0:
        raise invalid(name, f"must be zero or more, not {value}")
