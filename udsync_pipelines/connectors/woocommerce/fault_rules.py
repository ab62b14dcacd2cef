"""The table of refusals: what a store's answer means, as errors of ours and as sentences."""

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Annotated

from pydantic import Field

from udsync_pipelines.connectors.fault_table import FaultRow, read_table


class Body(StrEnum):
    """What came back as a body."""

    ERROR = "error"
    JSON = "json"
    PAGE = "page"
    CUT = "cut"


@dataclass(frozen=True, slots=True)
class Refused:
    """A refusal: the status that was meant, what the body is, WordPress' code and message."""

    status: int
    body: Body
    code: str = ""
    message: str = ""


class Rule(FaultRow):
    """What refusals of these statuses, bodies, codes and words mean. `seen`: in plain words."""

    seen: str
    statuses: Annotated[
        tuple[Annotated[str, Field(pattern=r"^[1-9](\d\d|xx)$")], ...], Field(min_length=1)
    ]
    bodies: tuple[Body, ...] = ()
    codes: tuple[str, ...] = ()
    words: str = ""

    def fits(self, refused: Refused) -> bool:
        """Whether this rule is about the refusal."""
        return (
            bool({str(refused.status), f"{refused.status // 100}xx"} & set(self.statuses))
            and (not self.bodies or refused.body in self.bodies)
            and (not self.codes or refused.code in self.codes)
            and self.words in refused.message
        )


@cache
def rules() -> tuple[Rule, ...]:
    """All rules, as they are tried."""
    return read_table(__package__, "rule", Rule)


def rule_of(refused: Refused) -> Rule:
    """The rule for a refusal; the last one fits any, also of a status that HTTP does not have."""
    return next((rule for rule in rules() if rule.fits(refused)), rules()[-1])
