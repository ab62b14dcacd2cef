"""Documents that the books hold already: whose they are, and who wrote them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from udsync_pipelines.posting.customers import normalised_email
from udsync_pipelines.posting.names import comparable

_LEAST_OF_PATTERN = 5
"""So many documents of one pattern are no accident."""

_NUMBERED = re.compile(r"^(?P<stem>\D*?[A-Za-z#][^0-9]*)\d+$")
_PROGRAMS = (
    *("A2X", "Acodei", "BizSwoop", "Commerce Sync", "Connex", "Exact Sync", "MyWorks", "OneSaas"),
    *("Parex", "PayTraQer", "Sellerzen", "Synder", "Unify", "Webgility", "Zapier"),
)


@dataclass(frozen=True, slots=True)
class HeldDocument:
    """A sales receipt or invoice as it stands in the books. `notes` are all its free texts."""

    target_id: str
    number: str
    dated_on: date
    total: Decimal
    currency: str
    customer: str = ""
    email: str = ""
    notes: str = ""

    @property
    def shown(self) -> str:
        """The document as a bookkeeper calls it."""
        kind, _, identifier = self.target_id.partition("/")
        return f"{kind.replace('_', ' ')} {self.number or identifier} of {self.dated_on}"


@dataclass(frozen=True, slots=True)
class Sale:
    """What tells an order that would be posted from others."""

    id: str
    number: str
    dated_on: date
    total: Decimal
    currency: str
    customer: str
    email: str


def is_of_sale(document: HeldDocument, sale: Sale) -> bool:
    """True when a document of the same amount is very likely this order's.

    It carries the order's number, in its own number or as a word of its notes, or it is of the
    same person and day.
    """
    if _ends_in(document.number, sale.number) or _names(document.notes, sale.number):
        return True
    return document.dated_on == sale.dated_on and _is_same_person(document, sale)


def other_programs(
    documents: Iterable[HeldDocument], own_prefix: str
) -> dict[str, list[HeldDocument]]:
    """Documents by the program that seems to have written them; ours are left out.

    A program is known by its name in a note, or shows by numbers of one stem, as `WOO-1`, `WOO-2`.
    """
    named: dict[str, list[HeldDocument]] = {}
    stems: dict[str, list[HeldDocument]] = {}
    for document in documents:
        if f"udsync:{own_prefix}:" in document.notes:
            continue
        program = next((one for one in _PROGRAMS if _names(document.notes, one)), None)
        numbered = _NUMBERED.match(document.number)
        if program:
            named.setdefault(program, []).append(document)
        elif numbered:
            stem = f"a program that numbers {numbered['stem']}…"
            stems.setdefault(stem, []).append(document)
    repeated = {stem: held for stem, held in stems.items() if len(held) >= _LEAST_OF_PATTERN}
    return {**named, **repeated}


def _ends_in(written: str, number: str) -> bool:
    """True for `1234`, `#1234` and `WOO-1234`, not for `51234`."""
    rest = written.removesuffix(number)
    return bool(number) and rest != written and not rest[-1:].isalnum()


def _names(text: str, word: str) -> bool:
    return bool(word) and bool(re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text, re.IGNORECASE))


def _is_same_person(document: HeldDocument, sale: Sale) -> bool:
    if sale.email and normalised_email(document.email) == normalised_email(sale.email):
        return True
    return bool(sale.customer) and comparable(document.customer) == comparable(sale.customer)
