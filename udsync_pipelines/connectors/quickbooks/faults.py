"""What QuickBooks' answers mean: its several forms of a fault, as errors of ours.

A fault comes from the application (`Fault`, `Error`, `Message`) or from the gateway (`fault`,
`error`, `message`), with any status, also 200, and now and then in XML although JSON was asked
for. The type that it carries says nothing reliable; status and code do.
"""

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from udsync_pipelines.connectors.fault_table import ERRORS, FaultRow, Kind
from udsync_pipelines.connectors.quickbooks.address import PLATFORM
from udsync_pipelines.connectors.quickbooks.fault_rules import (
    Case,
    Fault,
    Remedy,
    Rule,
    cases,
    gravest,
)
from udsync_pipelines.connectors.quickbooks.wire import Row, parse_json
from udsync_pipelines.errors import (
    AuthorizationError,
    ConflictError,
    OutcomeUnknownError,
    RecordRejectedError,
    UdsyncError,
)
from udsync_pipelines.transport import Answer

PAUSE_AFTER_429 = 60.0  # seconds; Intuit's rule, for it documents no Retry-After
_LONGEST_DETAIL = 300


class RejectedByBooksError(RecordRejectedError):
    """QuickBooks refuses this record, and nothing was written.

    Attributes:
        faults: what QuickBooks said, in its words.
        remedy: what may be done without a person before the record is parked.
    """

    def __init__(
        self,
        message: str,
        *,
        faults: Sequence[Fault] = (),
        remedy: Remedy = Remedy.NONE,
        **details: str | None,
    ) -> None:
        super().__init__(message, **details)
        self.faults = tuple(faults)
        self.remedy = remedy


class NotFoundError(RejectedByBooksError):
    """The company has no object with this id, or one that it refers to is gone."""

    code = "not_found"


class StaleObjectError(ConflictError):
    """The object was changed since it was read; nothing was written."""

    code = "stale"


class AccessTokenRefusedError(AuthorizationError):
    """The access token is not accepted; a new one may be."""

    code = "token_refused"


def read_answer(answer: Answer, *, is_write: bool, record: str | None = None) -> Row:
    """The JSON object of a successful answer.

    Raises:
        UdsyncError: the answer is a refusal or holds no JSON object; see `error_of`. Of a write,
            what leaves open whether it was done is an OutcomeUnknownError.
    """
    body, is_json = _parsed(answer.body)
    faults = faults_in(body) if is_json else _faults_in_xml(answer.body)
    if not faults and answer.status == httpx.codes.OK and isinstance(body, dict):
        return body
    raise error_of(answer, faults, About(record, answer.headers.get("intuit_tid"), is_write))


def faults_in(body: object) -> tuple[Fault, ...]:
    """The errors of the fault that a JSON body holds, in either form; none when there is none."""
    if not isinstance(body, Mapping):
        return ()
    response = body.get("QueryResponse")
    found = body.get("Fault") or body.get("fault")
    if not found and isinstance(response, Mapping):
        found = response.get("Fault")
    return _errors_of(found) if found else ()


def _errors_of(found: object) -> tuple[Fault, ...]:
    """The errors of a fault; one that says nothing where it has none, or a form nobody knows."""
    errors = (found.get("Error") or found.get("error")) if isinstance(found, Mapping) else None
    listed = errors if isinstance(errors, list) else [errors]
    known = tuple(_fault(error) for error in listed if isinstance(error, Mapping))
    return known or (Fault(""),)


@dataclass(frozen=True, slots=True)
class About:
    """What a request was about, and the id by which Intuit finds it (`intuit_tid`)."""

    record: str | None = None
    request_id: str | None = None
    is_write: bool = False


def error_of(answer: Answer, faults: Sequence[Fault], about: About) -> UdsyncError:
    """The error that an answer means."""
    if answer.status == httpx.codes.TOO_MANY_REQUESTS or _is_throttle(faults):
        return fault_error((Fault("3001"),), about)
    is_told = bool(faults) and not _is_in_doubt(answer.status, faults)
    return fault_error(faults, about) if is_told else _by_status(answer, about)


def _is_in_doubt(status: int, faults: Sequence[Fault]) -> bool:
    """Whether the status says more than the faults that came with it."""
    if status == httpx.codes.OK:
        return not any(fault.code or fault.message or fault.detail for fault in faults)
    # A server that fails may still send a fault of its own making; then the status counts.
    is_failing = status >= httpx.codes.INTERNAL_SERVER_ERROR
    return is_failing and gravest(faults)[1].kind is Kind.REJECTED


def fault_error(faults: Sequence[Fault], about: About) -> UdsyncError:
    """The error that these faults mean; also of one item of a batch."""
    fault, rule = gravest(faults)
    if rule.kind is Kind.LOST and about.is_write:
        return outcome_unknown(about)
    if rule.kind is Kind.REJECTED:
        kind = NotFoundError if fault.code == "610" else RejectedByBooksError
        return kind(
            _told(rule, faults),
            faults=faults,
            remedy=rule.remedy,
            code=rule.code,
            platform=PLATFORM,
            record=about.record,
            cure=_cure(rule, about),
            request_id=about.request_id,
        )
    return _error(_OF_KIND.get(rule.kind, ERRORS[rule.kind]), rule, about)


_OF_KIND: Mapping[Kind, type[UdsyncError]] = {
    Kind.STALE: StaleObjectError,
    Kind.TOKEN: AccessTokenRefusedError,
}


def outcome_unknown(about: About) -> UdsyncError:
    """A write was sent, and nothing tells whether QuickBooks did it."""
    return _error(OutcomeUnknownError, cases()[Case.WRITE_UNANSWERED], about)


def error_of_case(case: Case, about: About, **words: object) -> UdsyncError:
    """The error of an answer without a known code; `words` fill in its sentence."""
    rule = cases()[case]
    return _error(ERRORS[rule.kind], rule, about, **words)


def _by_status(answer: Answer, about: About) -> UdsyncError:
    # A redirect comes from whatever stands before QuickBooks, perhaps after it has done the work.
    if about.is_write and (_leaves_open(answer) or httpx.codes.is_redirect(answer.status)):
        return outcome_unknown(about)
    if answer.status == httpx.codes.UNAUTHORIZED:
        return fault_error((Fault("3200"),), about)
    if answer.status == httpx.codes.FORBIDDEN:
        return fault_error((Fault("3100"),), about)
    case = Case.UNREADABLE if _leaves_open(answer) else Case.STATUS_REFUSED
    return error_of_case(case, about, status=answer.status)


def _leaves_open(answer: Answer) -> bool:
    """Whether an answer without a fault says nothing about what became of a request."""
    return (
        answer.status >= httpx.codes.INTERNAL_SERVER_ERROR
        or answer.status == httpx.codes.REQUEST_TIMEOUT
        or httpx.codes.is_success(answer.status)
    )


def _error(kind: type[UdsyncError], rule: FaultRow, about: About, **words: object) -> UdsyncError:
    return kind(
        rule.message.format(**words),
        code=rule.code,
        platform=PLATFORM,
        record=about.record,
        cure=_cure(rule, about),
        request_id=about.request_id,
    )


def _cure(rule: FaultRow, about: About) -> str:
    """What to do; whoever is to report something is given the id that finds it."""
    named = f" {about.request_id}" if about.request_id else ""
    return rule.cure.replace(" {request_id}", named)


def _is_throttle(faults: Sequence[Fault]) -> bool:
    # Seen with HTTP 403 in the text: the code is what is reliable.
    return any(fault.code == "3001" for fault in faults)


def _told(rule: Rule, faults: Sequence[Fault]) -> str:
    """Our sentence, then QuickBooks' own words: in its faults 6000 the reason is only there."""
    words = [
        f"{fault.detail or fault.message}{f' ({fault.element})' if fault.element else ''}"
        for fault in faults
        if fault.detail or fault.message
    ]
    said = " / ".join(" ".join(word.split()) for word in words)[:_LONGEST_DETAIL]
    return f'{rule.message} QuickBooks says: "{said}".' if said else rule.message


def _parsed(body: bytes) -> tuple[Any, bool]:
    try:
        return parse_json(body), True
    except ValueError:
        return None, False


def _fault(error: Mapping[str, Any]) -> Fault:
    def text(*names: str) -> str:
        return next((str(error[name]) for name in names if error.get(name) is not None), "")

    message = text("Message", "message")
    code = text("code", "Code").lstrip("0") or _code_in(message)
    return Fault(code, message, text("Detail", "detail"), text("element", "Element"))


def _code_in(message: str) -> str:
    found = re.search(r"errorCode=0*(\d+)", message)
    return found[1] if found else ""


def _faults_in_xml(body: bytes) -> tuple[Fault, ...]:
    """Read with patterns: an XML parser is a risk on what strangers send, and this is flat."""
    text = body[:20_000].decode(errors="replace")
    return tuple(
        Fault(
            (_attribute(found[1], "code").lstrip("0") or _code_in(found[2])),
            _element(found[2], "Message"),
            _element(found[2], "Detail"),
            _attribute(found[1], "element"),
        )
        for found in re.finditer(r"<Error\b([^>]*)>(.*?)</Error>", text, re.DOTALL)
    )


def _attribute(text: str, name: str) -> str:
    found = re.search(rf'\b{name}="([^"]*)"', text)
    return html.unescape(found[1]) if found else ""


def _element(text: str, name: str) -> str:
    found = re.search(rf"<{name}>(.*?)</{name}>", text, re.DOTALL)
    return html.unescape(found[1]).strip() if found else ""
