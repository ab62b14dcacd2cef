"""What a struck request is answered."""

from udsync_pipelines.emulators.quickbooks.answers import Answer, page
from udsync_pipelines.emulators.quickbooks.faults import Fault
from udsync_pipelines.emulators.quickbooks.refusals import (
    MESSAGES,
    Problem,
    RefusedError,
    application_error,
    forbidden,
    throttled,
    unauthorized,
)
from udsync_pipelines.emulators.quickbooks.service import Service

_REASONS = {502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Time-out"}
_REFUSALS = {
    401: lambda: unauthorized("an-expired-token"),
    403: forbidden,
    429: throttled,
    500: application_error,
}
_ANY_CODE = "6000"


def failure(service: Service, fault: Fault) -> Answer:
    """Return the answer of a service that fails, in the form it has for that failure."""
    status = int(fault.settings.get("status", 503))
    if fault.kind in ("fault", "fault_200"):
        return _coded(service, fault)
    if status in _REFUSALS:
        answer = service.refusal(_REFUSALS[status](), as_json=not fault.settings.get("xml"))
    else:
        answer = page(status, _REASONS.get(status, "Error"))
    if "retry_after" in fault.settings:
        answer.headers["Retry-After"] = str(fault.settings["retry_after"])
    return answer


def _coded(service: Service, fault: Fault) -> Answer:
    code = str(fault.settings.get("code", _ANY_CODE))
    detail = str(fault.settings.get("detail", MESSAGES.get(code, "")))
    problem = Problem(code, detail)
    status = 200 if fault.kind == "fault_200" else int(fault.settings.get("status", 400))
    return service.refusal(RefusedError(problem, status=status))
