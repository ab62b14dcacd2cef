"""Tables of faults: what a platform's refusal means, as an error of ours and as sentences.

Each connector has one such table, `fault_rules.toml`, and decides by it. Its rows add what the
platform tells faults apart by; the reference page of faults is made from all of them.
"""

import tomllib
from collections.abc import Mapping
from enum import StrEnum
from importlib import resources
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from udsync_pipelines.errors import (
    AuthorizationError,
    ConfigurationError,
    ConflictError,
    PlatformUnavailableError,
    RateLimitedError,
    RecordRejectedError,
    RetryableError,
    UdsyncError,
)


class Kind(StrEnum):
    """What a fault means for the request and for the run: its retry class."""

    AUTHORIZATION = "authorization"
    CONFIGURATION = "configuration"
    TOKEN = "token"  # noqa: S105 - a word
    REJECTED = "rejected"
    STALE = "stale"
    THROTTLED = "throttled"
    WAIT = "wait"
    AGAIN = "again"
    LOST = "lost"


ERRORS: Mapping[Kind, type[UdsyncError]] = {
    Kind.AUTHORIZATION: AuthorizationError,
    Kind.CONFIGURATION: ConfigurationError,
    Kind.TOKEN: AuthorizationError,
    Kind.REJECTED: RecordRejectedError,
    Kind.STALE: ConflictError,
    Kind.THROTTLED: RateLimitedError,
    Kind.WAIT: PlatformUnavailableError,
    Kind.AGAIN: RetryableError,
    # Of a write that may have been done, a connector makes an OutcomeUnknownError instead.
    Kind.LOST: PlatformUnavailableError,
}


class FaultRow(BaseModel):
    """One row: what a fault means, in a sentence for a bookkeeper, and what to do next.

    Attributes:
        kind: its retry class.
        code: ours, stable.
        message: one sentence; `{words}` in braces are filled in by the connector.
        cure: the next step.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Kind
    code: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    message: Annotated[str, Field(pattern=r"^[A-Z{].*\.$")]
    cure: Annotated[str, Field(pattern=r"^[A-Z].*\.$")]


AnyRow = TypeVar("AnyRow", bound=FaultRow)


def read_table(package: str, section: str, row: type[AnyRow]) -> tuple[AnyRow, ...]:
    """The rows of one section of the table in a connector's package, in the order of the file.

    Raises:
        ValidationError: a row is not as it must be.
        KeyError: there is no such section.
    """
    text = resources.files(package).joinpath("fault_rules.toml").read_text(encoding="utf-8")
    return tuple(row.model_validate(found) for found in tomllib.loads(text)[section])
