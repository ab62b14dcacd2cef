"""What must become of each fault of QuickBooks, written down apart from the table in use.

HTTP statuses and codes are those of Intuit's documentation and of recorded answers.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from udsync_pipelines.connectors.quickbooks.faults import (
    NotFoundError,
    RejectedByBooksError,
    StaleObjectError,
)
from udsync_pipelines.errors import (
    AuthorizationError,
    ConfigurationError,
    OutcomeUnknownError,
    PlatformUnavailableError,
    RateLimitedError,
    UdsyncError,
)

ATTEMPTS = 4
"""How often the client of these tests sends what may be sent again."""

HALVINGS = 10
"""Requests from a page of 1000 objects down to one of a single object."""


@dataclass(frozen=True, slots=True)
class FaultCase:
    """One row: a code, the words in its detail that matter, and what must become of it.

    `writes` and `reads` are how many requests one write and one read come to, while QuickBooks
    goes on answering so.
    """

    fault: str
    code: str
    detail: str = ""
    status: int = 400
    error: type[UdsyncError] = RejectedByBooksError
    writes: int = 1
    reads: int = 1
    read_error: type[UdsyncError] | None = None

    def __str__(self) -> str:
        return f"{self.fault}-{self.code}"


REJECTED = {
    "5020": "permission_denied",
    "5030": "feature_off",
    "600": "request_repeated",
    "6140": "document_number_taken",
    "6240": "name_taken",
    "630": "duplicate",
    "2500": "reference_inactive",
    "6250": "customer_missing",
    "620": "link_refused",
    **dict.fromkeys(("700", "900", "6150", "6180"), "parent_invalid"),
    "800": "still_used",
    "6430": "account_type_wrong",
    "6010": "account_type_missing",
    **dict.fromkeys(("6200", "6210"), "books_closed"),
    "6540": "deposited",
    "6480": "bank_matched",
    **dict.fromkeys(("6110", "6120", "6130", "6450"), "settled_elsewhere"),
    **dict.fromkeys(("6220", "6280"), "open_balance"),
    "6270": "before_inventory_start",
    "6520": "quantity_missing",
    "6070": "amount_mismatch",
    "6100": "tax_code_us",
    "6170": "tax_not_applicable",
    **dict.fromkeys(("2280", "6160", "6230", "6470"), "tax_refused"),
    "6530": "card_number",
    "6000": "business_rule",
    "2050": "text_length",
    **dict.fromkeys(("2040", "2180"), "text_invalid"),
    "2210": "email_invalid",
    "6420": "email_missing",
    "2200": "web_address_invalid",
    "2220": "currency_invalid",
    **dict.fromkeys(("2020", "2250", "6060", "6080", "6090", "6310", "6440"), "field_missing"),
    **dict.fromkeys(
        (
            *("2030", "2060", "2070", "2080", "2090", "2100", "2110", "2120", "2140", "2150"),
            *("2160", "2170", "2190", "2230", "2240"),
        ),
        "value_invalid",
    ),
    "2290": "amount_negative",
    **dict.fromkeys(("2260", "2270", "2300", "2600", "3000"), "record_inconsistent"),
    **dict.fromkeys(
        (
            *("500", "1000", "1010", "1020", "1050", "2000", "2010", "2130", "5000"),
            *("6020", "6030", "6040", "6041", "6050"),
        ),
        "request_invalid",
    ),
    "1040": "batch_too_large",
    **dict.fromkeys(("4000", "4001"), "query_invalid"),
}
"""Codes for which the record is parked at once: one request, never sent again."""

REJECTED_BY_WORDS = (
    ("Make sure all your transactions have a GST/HST rate before you save.", "tax_code_missing"),
    ("Make sure all your transactions have a VAT rate before you save.", "tax_code_missing"),
    ("You must set a transaction amount.", "amount_missing"),
    ("You cannot modify a list element that has been deleted.", "inactive"),
    (
        "TxnTaxDetail.TaxLine.DetailTypeEnum is missing in the request",
        "record_inconsistent",
    ),
)
"""Texts of code 6000, which says the rest in its detail only."""


def fault_cases() -> Iterator[FaultCase]:
    """Every fault with what must become of it."""
    for fault, code in REJECTED.items():
        yield FaultCase(fault, code)
    for words, code in REJECTED_BY_WORDS:
        yield FaultCase("6000", code, f"Business Validation Error: {words}")
    yield FaultCase("610", "not_found", error=NotFoundError)
    yield FaultCase("5010", "stale", error=StaleObjectError)
    for fault in ("4002", "10100"):
        code = "query_failed" if fault == "4002" else "answer_too_large"
        yield FaultCase(fault, code, reads=HALVINGS)
    yield from _about_the_company()
    yield from _passing()


def _about_the_company() -> Iterator[FaultCase]:
    for fault in ("100", "110", "3200"):
        # Renewed once; if that does not help, someone has to give consent again.
        yield FaultCase(
            fault, "token_refused", status=401, error=AuthorizationError, writes=2, reads=2
        )
    yield FaultCase("120", "needs_consent", status=401, error=AuthorizationError)
    yield FaultCase("3100", "needs_consent", status=403, error=AuthorizationError)
    yield FaultCase("3202", "token_missing", status=401, error=ConfigurationError)
    yield FaultCase("140", "company_locked", status=401, error=ConfigurationError)
    yield FaultCase("6190", "company_read_only", error=ConfigurationError)
    yield FaultCase("10200", "company_reset", error=ConfigurationError)


def _passing() -> Iterator[FaultCase]:
    yield FaultCase(
        "3001", "rate_limited", status=429, error=RateLimitedError, writes=ATTEMPTS, reads=ATTEMPTS
    )
    for fault, code in (("130", "platform_unavailable"), ("150", "company_in_maintenance")):
        yield FaultCase(
            fault, code, status=401, error=PlatformUnavailableError, writes=ATTEMPTS, reads=ATTEMPTS
        )
    yield FaultCase(
        "10000", "platform_unavailable", status=500, error=OutcomeUnknownError,
        reads=ATTEMPTS, read_error=PlatformUnavailableError,
    )  # fmt: skip
