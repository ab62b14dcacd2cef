"""The table of fault codes: what each means, as errors of ours and as sentences."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Annotated

from pydantic import Field

from udsync_pipelines.connectors.fault_table import FaultRow, Kind, read_table


class Remedy(StrEnum):
    """What may be done without a person before the record is parked."""

    NONE = "none"
    READ_AGAIN = "read_again"
    """Overwrite nothing; the next sync reads the object again and compares."""
    LOOK_UP = "look_up"
    """Look for the document by its number; if it is ours, it is done."""
    FIND_NAME = "find_name"
    """The next sync sees the owner of the name, and adopts it if it is the same."""
    RENEW_REFERENCES = "renew_references"
    """Read the reference lists again before the next write."""
    SMALLER_PAGES = "smaller_pages"
    """Ask again for fewer objects at once."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One error of a fault as QuickBooks sent it; `code` without leading zeros, "" if none."""

    code: str
    message: str = ""
    detail: str = ""
    element: str = ""


class Rule(FaultRow):
    """What a fault code, with these words in its detail if any are given, means."""

    codes: Annotated[tuple[str, ...], Field(min_length=1)]
    remedy: Remedy = Remedy.NONE
    detail: str = ""

    def fits(self, fault: Fault) -> bool:
        """Whether this rule is about the fault."""
        return fault.code in self.codes and self.detail.lower() in fault.detail.lower()


class Case(StrEnum):
    """What an answer can be besides a fault with a code that the table knows."""

    CODE_UNKNOWN = "code_unknown"
    WRITE_UNANSWERED = "write_unanswered"
    UNREADABLE = "unreadable"
    INCOMPLETE = "incomplete"
    STATUS_REFUSED = "status_refused"
    CONSENT_ENDED = "consent_ended"
    CLIENT_REFUSED = "client_refused"
    TOKEN_REQUEST_REFUSED = "token_request_refused"  # noqa: S105 - a word
    TOKEN_SERVICE_DOWN = "token_service_down"  # noqa: S105 - a word


class CaseRule(FaultRow):
    """What such an answer means. `seen`: what comes back, in plain words."""

    case: Case
    seen: str


# Of several errors in one fault the gravest decides: what stops the run, then what may pass.
_GRAVITY = (
    Kind.AUTHORIZATION,
    Kind.TOKEN,
    Kind.CONFIGURATION,
    Kind.LOST,
    Kind.THROTTLED,
    Kind.WAIT,
    Kind.STALE,
    Kind.REJECTED,
)


@cache
def rules() -> tuple[Rule, ...]:
    """All rules; those that look at the detail come first."""
    return tuple(sorted(read_table(__package__, "rule", Rule), key=lambda rule: not rule.detail))


@cache
def cases() -> Mapping[Case, CaseRule]:
    """What answers without a known code mean; every case is there."""
    found = {rule.case: rule for rule in read_table(__package__, "case", CaseRule)}
    return {case: found[case] for case in Case}


@cache
def unknown() -> Rule:
    """The rule for a code that is not in the table."""
    of_case = cases()[Case.CODE_UNKNOWN]
    return Rule(
        codes=("",), kind=of_case.kind, code=of_case.code, message=of_case.message,
        cure=of_case.cure,
    )  # fmt: skip


def rule_of(fault: Fault) -> Rule:
    """The rule for a fault; one that says "refused" when the table does not know it."""
    return next((rule for rule in rules() if rule.fits(fault)), unknown())


def gravest(faults: Sequence[Fault]) -> tuple[Fault, Rule]:
    """The fault that decides, with its rule; the first of several that weigh the same."""
    return min(
        ((fault, rule_of(fault)) for fault in faults),
        key=lambda pair: _GRAVITY.index(pair[1].kind),
    )
