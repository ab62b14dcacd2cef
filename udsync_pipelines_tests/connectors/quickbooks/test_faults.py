"""Every form of a fault, and what each code means for a bookkeeper."""

import json

import httpx
import pytest

from udsync_pipelines.connectors.fault_table import Kind
from udsync_pipelines.connectors.quickbooks.fault_rules import (
    Fault,
    Remedy,
    gravest,
    rule_of,
    rules,
)
from udsync_pipelines.connectors.quickbooks.faults import (
    AccessTokenRefusedError,
    NotFoundError,
    RejectedByBooksError,
    StaleObjectError,
    read_answer,
)
from udsync_pipelines.errors import (
    AuthorizationError,
    ConfigurationError,
    OutcomeUnknownError,
    PlatformUnavailableError,
    RateLimitedError,
    UdsyncError,
)
from udsync_pipelines.transport import Answer
from udsync_pipelines_tests.connectors.quickbooks.samples import TID, sample

CODES = sorted({code for rule in rules() for code in rule.codes}, key=int)


def refused(status: int, body: bytes | dict[str, object], *, is_write: bool = True) -> UdsyncError:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = Answer(status, httpx.Headers(TID), content, "quickbooks", "/v3")
    with pytest.raises(UdsyncError) as caught:
        read_answer(answer, is_write=is_write, record="order/7")
    return caught.value


def of_code(code: str, detail: str = "", status: int = 400) -> UdsyncError:
    error = {"Message": "A message", "Detail": detail, "code": code, "element": ""}
    return refused(status, {"Fault": {"Error": [error], "type": "ValidationFault"}})


def test_a_validation_fault_tells_what_quickbooks_said_and_intuits_request_id() -> None:
    error = refused(400, sample("fault_validation_400.json"))

    assert isinstance(error, RejectedByBooksError)
    assert error.code == "text_length"
    assert "Supplied length:45 (DocNumber)" in str(error)
    assert "Required parameter AccountRef is missing" in str(error)
    assert error.request_id == TID["intuit_tid"]
    assert error.record == "order/7"
    assert [fault.code for fault in error.faults] == ["2050", "2020"]


def test_a_gateway_fault_in_small_letters_is_read_too() -> None:
    error = refused(401, sample("fault_auth_401.json"))

    assert isinstance(error, AccessTokenRefusedError)
    assert "<token>" not in str(error)


def test_a_forbidden_company_needs_consent_and_stops_the_run() -> None:
    error = refused(403, sample("fault_forbidden_403.json"))

    assert isinstance(error, AuthorizationError)
    assert error.code == "needs_consent"


@pytest.mark.parametrize("name", ["fault_throttle_429.xml", "fault_throttle_429_json.json"])
@pytest.mark.parametrize("status", [429, 403, 200])
def test_a_throttle_is_known_by_its_code_in_both_forms(name: str, status: int) -> None:
    assert isinstance(refused(status, sample(name)), RateLimitedError)


def test_a_429_without_any_fault_is_a_throttle() -> None:
    assert isinstance(refused(429, b"slow down"), RateLimitedError)


def test_a_fault_with_status_200_is_an_error_all_the_same() -> None:
    error = of_code("6240", "The name supplied already exists.", status=200)

    assert error.code == "name_taken"


def test_a_fault_inside_a_query_response_is_found() -> None:
    error = refused(200, {"QueryResponse": {"Fault": {"Error": [{"code": "4001"}]}}})

    assert error.code == "query_invalid"


@pytest.mark.parametrize("code", ["3200", "003200"])
def test_leading_zeros_of_a_code_mean_nothing(code: str) -> None:
    assert isinstance(of_code(code, status=401), AccessTokenRefusedError)


def test_a_code_that_stands_only_in_the_message_is_found() -> None:
    message = "message=ThrottleExceeded; errorCode=003001; statusCode=429"

    error = refused(403, {"fault": {"error": [{"message": message}]}})

    assert isinstance(error, RateLimitedError)


def test_xml_faults_of_the_application_are_read_with_their_escapes() -> None:
    body = (
        b'<?xml version="1.0"?><IntuitResponse><Fault type="ValidationFault">'
        b'<Error code="2050" element="DocNumber"><Message>Length</Message>'
        b"<Detail>Max &lt; 21</Detail></Error></Fault></IntuitResponse>"
    )

    error = refused(400, body)

    assert error.code == "text_length"
    assert "Max < 21 (DocNumber)" in str(error)


@pytest.mark.parametrize(
    ("code", "kind", "ours"),
    [
        ("5010", StaleObjectError, "stale"),
        ("610", NotFoundError, "not_found"),
        ("6240", RejectedByBooksError, "name_taken"),
        ("6140", RejectedByBooksError, "document_number_taken"),
        ("6210", RejectedByBooksError, "books_closed"),
        ("6540", RejectedByBooksError, "deposited"),
        ("2500", RejectedByBooksError, "reference_inactive"),
        ("6070", RejectedByBooksError, "amount_mismatch"),
        ("6100", RejectedByBooksError, "tax_code_us"),
        ("6190", ConfigurationError, "company_read_only"),
        ("120", AuthorizationError, "needs_consent"),
        ("3100", AuthorizationError, "needs_consent"),
        ("3200", AccessTokenRefusedError, "token_refused"),
        ("3001", RateLimitedError, "rate_limited"),
        ("130", PlatformUnavailableError, "platform_unavailable"),
        ("10000", OutcomeUnknownError, "outcome_unknown"),
    ],
)
def test_the_codes_that_decide_have_errors_of_their_own(
    code: str, kind: type[UdsyncError], ours: str
) -> None:
    error = of_code(code)

    assert type(error) is kind
    assert error.code == ours


@pytest.mark.parametrize(
    ("detail", "ours"),
    [
        (
            "Make sure all your transactions have a GST/HST rate before you save.",
            "tax_code_missing",
        ),
        ("Make sure all your transactions have a VAT rate before you save.", "tax_code_missing"),
        ("You must set a transaction amount.", "amount_missing"),
        ("You cannot modify a list element that has been deleted.", "inactive"),
        ("Something nobody has written down.", "business_rule"),
    ],
)
def test_a_business_rule_is_known_by_the_words_of_its_detail(detail: str, ours: str) -> None:
    error = of_code("6000", f"Business Validation Error: {detail}")

    assert error.code == ours
    assert detail in str(error)


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        ("6240", Remedy.FIND_NAME),
        ("6140", Remedy.LOOK_UP),
        ("600", Remedy.LOOK_UP),
        ("2500", Remedy.RENEW_REFERENCES),
        ("610", Remedy.RENEW_REFERENCES),
        ("4002", Remedy.SMALLER_PAGES),
        ("2050", Remedy.NONE),
    ],
)
def test_a_rejection_tells_what_may_be_done_without_a_person(code: str, remedy: Remedy) -> None:
    error = of_code(code)

    assert isinstance(error, RejectedByBooksError)
    assert error.remedy is remedy


def test_a_code_that_nobody_knows_parks_the_record_with_quickbooks_words() -> None:
    error = of_code("7777", "A rule of next year.")

    assert isinstance(error, RejectedByBooksError)
    assert error.code == "refused"
    assert '"A rule of next year."' in str(error)


def test_a_failing_server_with_a_made_up_fault_leaves_a_write_open() -> None:
    assert isinstance(of_code("2020", status=502), OutcomeUnknownError)


def test_the_gravest_of_several_faults_decides() -> None:
    faults = [Fault("2050"), Fault("6190"), Fault("6240")]

    fault, rule = gravest(faults)

    assert fault.code == "6190"
    assert rule.kind is Kind.CONFIGURATION


@pytest.mark.parametrize(
    ("status", "body"), [(500, b""), (200, b"{"), (200, b"[]"), (408, b""), (200, b"\xff\xfe")]
)
def test_an_answer_that_tells_nothing_leaves_a_write_open_and_a_read_to_retry(
    status: int, body: bytes
) -> None:
    assert isinstance(refused(status, body), OutcomeUnknownError)
    assert isinstance(refused(status, body, is_write=False), PlatformUnavailableError)


def test_at_least_ninety_codes_have_a_rule_with_its_own_sentence() -> None:
    assert len(CODES) >= 90
    assert len({rule.message for rule in rules()}) >= 40


@pytest.mark.parametrize("code", CODES)
def test_each_rule_is_a_sentence_and_says_what_to_do(code: str) -> None:
    rule = rule_of(Fault(code))

    assert rule.codes != ("",)
    for sentence in (rule.message, rule.cure):
        assert sentence[0].isupper()
        assert sentence.endswith(".")
        assert "\n" not in sentence


def test_no_code_has_two_rules_that_look_at_the_same_words() -> None:
    seen = [(code, rule.detail) for rule in rules() for code in rule.codes]

    assert len(seen) == len(set(seen))


@pytest.mark.parametrize(
    ("status", "kind"), [(401, AccessTokenRefusedError), (403, AuthorizationError)]
)
def test_a_refusal_without_a_readable_body_is_known_by_its_status(
    status: int, kind: type[UdsyncError]
) -> None:
    assert type(refused(status, b"<html>no</html>")) is kind


def test_whoever_is_to_report_something_is_given_the_id_that_finds_it() -> None:
    error = of_code("2010", "Property Name:Gift specified is unsupported or invalid")

    assert error.cure == f"Report this to the maintainers with the request id {TID['intuit_tid']}."


def test_an_answer_without_an_id_of_intuit_asks_for_none() -> None:
    body = {"Fault": {"Error": [{"Message": "A message", "code": "2010"}]}}
    answer = Answer(400, httpx.Headers(), json.dumps(body).encode(), "quickbooks", "/v3")

    with pytest.raises(UdsyncError) as caught:
        read_answer(answer, is_write=True)

    assert caught.value.cure == "Report this to the maintainers with the request id."
