"""What kind of company to stand in for."""

from dataclasses import dataclass
from typing import Literal

Country = Literal["CA", "US", "GB", "AU"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyOptions:
    """The company's country, preferences and temper. The defaults are no kinder than the platform.

    Attributes:
        country: chart of accounts and taxes of Canada, the United States or the United Kingdom.
        seed: ids, tokens and trace ids depend on it.
        realm_id: the company's id.
        name: the company's name.
        limits_factor: multiplies the rates of the limits, not the requests in flight; 0 lifts all.
        monthly_reads: metered calls (reads, queries, batches, change data capture) that the app
            has in a month; beyond them each is answered 429. 0: no end.
        latency: seconds that every answer takes at least; needed to see requests in flight.
        requestid: remember answers by request id; False forgets them, as nothing promises memory.
        requestid_seconds: how long a request id is remembered.
        replay_refusals: replay a stored refusal too, whatever the second body says.
        tax_override: honour ``TxnTaxDetail.TotalTax``; otherwise it is ignored.
        read_only_rates: names of tax rates that refuse an override.
        multicurrency: documents in foreign currencies are possible.
        doc_number_custom: ``CustomTxnNumbers``: the caller numbers documents.
        warn_duplicate_numbers: refuse a ``DocNumber`` that is in use (6140).
        using_sales_tax: sales tax is set up; otherwise all tax is dropped silently.
        automated_sales_tax: a US company whose tax is computed by the platform's engine.
        french: a French company: French tax code names, no discount lines.
        allow_shipping: the shipping item can be used.
        allow_discount: discount lines can be used.
        track_classes: classes are tracked.
        track_departments: locations are tracked.
        inventory: quantities on hand are tracked.
        sales_items: besides the preset's items there are services named Shipping, Fees, Other
            sales, Rounding and Refunds, as a company has that is prepared for a web shop.
        book_close_date: last day of the closed books, or empty.
        book_close_password: the closing date has a password: 6210 instead of 6200.
        visibility_delay: seconds until queries see a new object.
        access_seconds: life of an access token.
        refresh_seconds: life of a refresh token that is not used.
        rotate_seconds: age at which a refresh brings a new refresh token; 0: every time.
        double_use_revokes: a refresh with an old token ends the grant.
        strict_minorversion: refuse requests that name no minor version.
        throttle_xml: a 429 comes as XML although JSON was asked for.
        client_id: the app's client id.
        client_secret: its secret.
        verifier_token: signs webhooks.
    """

    country: Country = "CA"
    seed: int = 1
    realm_id: str = "4620816365000000001"
    name: str = "Rig Books"
    limits_factor: float = 1.0
    monthly_reads: int = 0
    latency: float = 0.0
    requestid: bool = True
    requestid_seconds: float = 86_400
    replay_refusals: bool = True
    tax_override: bool = False
    read_only_rates: tuple[str, ...] = ()
    multicurrency: bool = False
    doc_number_custom: bool = True
    warn_duplicate_numbers: bool = False
    using_sales_tax: bool = True
    automated_sales_tax: bool = True
    french: bool = False
    allow_shipping: bool = False
    allow_discount: bool = False
    track_classes: bool = False
    track_departments: bool = False
    inventory: bool = False
    sales_items: bool = False
    book_close_date: str = ""
    book_close_password: bool = True
    visibility_delay: float = 0.0
    access_seconds: int = 3600
    refresh_seconds: int = 8_640_000
    rotate_seconds: float = 86_400
    double_use_revokes: bool = False
    strict_minorversion: bool = False
    throttle_xml: bool = False
    client_id: str = "ABemulatedclient"
    client_secret: str = "emulated-client-secret"  # noqa: S105 - a key of the emulator only
    verifier_token: str = "emulated-verifier"  # noqa: S105 - a key of the emulator only

    @property
    def home_currency(self) -> str:
        """The currency of the books."""
        return {"CA": "CAD", "US": "USD", "GB": "GBP", "AU": "AUD"}[self.country]

    @property
    def united_states(self) -> bool:
        """Whether the US rules of taxation hold."""
        return self.country == "US"
