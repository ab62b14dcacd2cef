"""Answers and errors in WordPress's form."""

from dataclasses import dataclass, field
from typing import Any

import orjson

Json = dict[str, Any]

PRIVATE = "no-cache, must-revalidate, max-age=0, no-store, private"
JSON_TYPE = "application/json; charset=UTF-8"


@dataclass(slots=True)
class Answer:
    """One HTTP answer before it is sent."""

    body: bytes
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = JSON_TYPE


class ApiError(Exception):
    """The store refuses; becomes ``{"code", "message", "data"}`` with this status."""

    def __init__(self, status: int, code: str, message: str, facts: Any = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.facts = {"status": status} if facts is None else facts
        self.hides_allow = False

    def answer(self) -> Answer:
        """Return the error as an answer."""
        body = {"code": self.code, "message": str(self), "data": self.facts}
        return Answer(orjson.dumps(body), self.status)

    def as_item(self, record_id: int) -> Json:
        """Return the error as one item of a batch's answer."""
        error = {"code": self.code, "message": str(self), "data": self.facts}
        return {"id": record_id, "error": error}


def invalid_parameters(problems: dict[str, tuple[str, str, Any]]) -> ApiError:
    """Return WordPress's 400 for parameters: name -> (code, message, its data)."""
    return ApiError(
        400,
        "rest_invalid_param",
        f"Invalid parameter(s): {', '.join(problems)}",
        {
            "status": 400,
            "params": {name: message for name, (_, message, _) in problems.items()},
            "details": {
                name: {"code": code, "message": message, "data": extra}
                for name, (code, message, extra) in problems.items()
            },
        },
    )


def no_route() -> ApiError:
    """Return the 404 of an address that is no route."""
    error = ApiError(
        404, "rest_no_route", "No route was found matching the URL and request method."
    )
    error.hides_allow = True
    return error


def json_answer(document: Any, status: int = 200, headers: Json | None = None) -> Answer:
    """Return a JSON answer."""
    return Answer(orjson.dumps(document), status, dict(headers or {}))
