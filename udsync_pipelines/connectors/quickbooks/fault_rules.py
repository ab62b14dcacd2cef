"""The table of fault codes: what each means, as errors of ours and as sentences."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class Kind(StrEnum):
    """What a fault means for the request and for the run."""

    AUTHORIZATION = "authorization"
    CONFIGURATION = "configuration"
    TOKEN = "token"  # noqa: S105 - a word
    REJECTED = "rejected"
    STALE = "stale"
    WAIT = "wait"
    LOST = "lost"


class Remedy(StrEnum):
    """What may be done without a person before the record is parked."""

    NONE = "none"
    READ_AGAIN = "read_again"
    """Read the object, apply the change to what is there now, send with another request id."""
    LOOK_UP = "look_up"
    """Look for the document by its number; if it is ours, it is done."""
    FIND_NAME = "find_name"
    """Look for the owner of the name; adopt it if it is the same person or thing."""
    RENEW_REFERENCES = "renew_references"
    """Read the reference lists again and map again."""
    SMALLER_PAGES = "smaller_pages"
    """Ask again for fewer objects at once."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One error of a fault as QuickBooks sent it; `code` without leading zeros, "" if none."""

    code: str
    message: str = ""
    detail: str = ""
    element: str = ""


class Rule(BaseModel):
    """What a fault code, with these words in its detail if any are given, means."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    codes: Annotated[tuple[str, ...], Field(min_length=1)]
    kind: Kind
    code: Annotated[str, Field(pattern=r"^[a-z_]+$")]
    message: str
    cure: str
    remedy: Remedy = Remedy.NONE
    detail: str = ""

    def fits(self, fault: Fault) -> bool:
        """Whether this rule is about the fault."""
        return fault.code in self.codes and self.detail.lower() in fault.detail.lower()


UNKNOWN = Rule(
    codes=("",),
    kind=Kind.REJECTED,
    code="refused",
    message="QuickBooks refuses this for a reason that is not in our table.",
    cure="Correct what QuickBooks names, then retry; report this with the request id.",
)

# Of several errors in one fault the gravest decides: what stops the run, then what may pass.
_GRAVITY = (
    Kind.AUTHORIZATION,
    Kind.TOKEN,
    Kind.CONFIGURATION,
    Kind.LOST,
    Kind.WAIT,
    Kind.STALE,
    Kind.REJECTED,
)


@cache
def rules() -> tuple[Rule, ...]:
    """All rules; those that look at the detail come first."""
    text = resources.files(__package__).joinpath("fault_rules.toml").read_text(encoding="utf-8")
    read = [Rule.model_validate(rule) for rule in tomllib.loads(text)["rule"]]
    return tuple(sorted(read, key=lambda rule: not rule.detail))


def rule_of(fault: Fault) -> Rule:
    """The rule for a fault; one that says "refused" when the table does not know it."""
    return next((rule for rule in rules() if rule.fits(fault)), UNKNOWN)


def gravest(faults: Sequence[Fault]) -> tuple[Fault, Rule]:
    """The fault that decides, with its rule; the first of several that weigh the same."""
    return min(
        ((fault, rule_of(fault)) for fault in faults),
        key=lambda pair: _GRAVITY.index(pair[1].kind),
    )
