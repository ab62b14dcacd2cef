"""Answers as XML, for those who do not ask for JSON."""

from decimal import Decimal
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from udsync_pipelines.emulators.quickbooks.amounts import plain

Json = dict[str, Any]

_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_NAMESPACE = "http://schema.intuit.com/finance/v3"
_ATTRIBUTES = (
    "domain",
    "sparse",
    "status",
    "name",
    "type",
    "startPosition",
    "maxResults",
    "totalCount",
)


def xml_answer(body: Json) -> str:
    """Return an answer's body as ``IntuitResponse``."""
    time = quoteattr(str(body.get("time", "")))
    inner = "".join(_element(name, value) for name, value in body.items() if name != "time")
    return f'{_HEAD}<IntuitResponse time={time} xmlns="{_NAMESPACE}">{inner}</IntuitResponse>'


def _element(name: str, value: Any) -> str:
    if isinstance(value, list):
        return "".join(_element(name, one) for one in value)
    if not isinstance(value, dict):
        return "" if value is None else f"<{name}>{escape(_text(value))}</{name}>"
    if name == "Fault":
        return _fault(value)
    attributes = "".join(
        f" {key}={quoteattr(_text(one))}" for key, one in value.items() if key in _ATTRIBUTES
    )
    if set(value) <= {"value", *_ATTRIBUTES} and "value" in value:
        return f"<{name}{attributes}>{escape(_text(value['value']))}</{name}>"
    inner = "".join(_element(key, one) for key, one in value.items() if key not in _ATTRIBUTES)
    return f"<{name}{attributes}>{inner}</{name}>"


def _fault(fault: Json) -> str:
    errors = "".join(
        f"<Error code={quoteattr(one['code'])}"
        + (f" element={quoteattr(one['element'])}" if one.get("element") else "")
        + f"><Message>{escape(one['Message'])}</Message>"
        + f"<Detail>{escape(one['Detail'])}</Detail></Error>"
        for one in fault["Error"]
    )
    return f"<Fault type={quoteattr(fault['type'])}>{errors}</Fault>"


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(plain(value)) if isinstance(value, Decimal) else str(value)
