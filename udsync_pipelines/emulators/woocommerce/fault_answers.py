"""What a struck request is answered, with the recorded bodies where there are any."""

from urllib.parse import parse_qsl

import orjson

from udsync_pipelines.emulators.damage import damage
from udsync_pipelines.emulators.woocommerce.answers import Answer
from udsync_pipelines.emulators.woocommerce.faults import Fault
from udsync_pipelines.emulators.woocommerce.store import recorded_failures

_BY_STATUS = {500: "php_fatal", 502: "bad_gateway", 503: "maintenance"}
_NGINX = (
    "<html>\r\n<head><title>{status} {reason}</title></head>\r\n<body>\r\n<center><h1>{status} "
    "{reason}</h1></center>\r\n<hr><center>nginx/1.22.1</center>\r\n</body>\r\n</html>\r\n"
)
_REASONS = {403: "Forbidden", 429: "Too Many Requests", 504: "Gateway Time-out"}
_DEFAULT_WAIT = "1"


def failure(fault: Fault) -> Answer:
    """Return the answer of a failing server: recorded for 500, 502, 503; nginx's form else.

    ``name`` chooses another recorded failure (``database_down``).
    """
    status = int(fault.settings.get("status", 503))
    name = fault.settings.get("name", _BY_STATUS.get(status))
    wait = fault.settings.get("retry_after")
    if name:
        recorded = recorded_failures()[name]
        headers = dict(recorded["headers"])
        content_type = headers.pop("Content-Type")
        if wait is not None:
            headers["Retry-After"] = str(wait)
        return Answer(recorded["body"].encode(), recorded["status"], headers, content_type)
    body = _NGINX.format(status=status, reason=_REASONS.get(status, "Error"))
    headers = {"Retry-After": str(wait if wait is not None else _DEFAULT_WAIT)}
    return Answer(body.encode(), status, headers if status == 429 or wait else {}, "text/html")  # noqa: PLR2004


def spoiled(fault: Fault, answer: Answer, query: str) -> Answer:
    """Return a good answer after a fault has been at it; ``query`` is what was asked for."""
    if fault.kind == "warning":
        text = recorded_failures()["warning"]["body"]
        warnings = text[: text.rindex("\n") + 1].encode()
        # The headers were sent with the warning, so none of WordPress's own are there.
        return Answer(warnings + answer.body, 200, {}, "text/html; charset=UTF-8")
    if fault.kind in ("empty_page", "early_end"):
        answer.body = b"[]"
    if fault.kind == "early_end":
        answer.headers["X-WP-Total"] = dict(parse_qsl(query)).get("offset", "0")
    elif fault.kind == "no_total":
        answer.headers.pop("X-WP-Total", None)
    elif fault.kind == "wrong_total":
        answer.headers["X-WP-Total"] = str(fault.settings.get("total", 0))
    elif fault.kind == "missing_rows":
        rows = orjson.loads(answer.body)
        left_out = int(fault.settings.get("rows", 1))
        answer.body = orjson.dumps(rows[:-left_out] if isinstance(rows, list) else rows)
    damage(fault.kind, fault.settings, answer)
    return answer
