"""Errors as answers: problem details of RFC 9457, by class, in one place."""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from starlette.exceptions import HTTPException

from udsync_pipelines.errors import RecordRejectedError, RetryableError, UdsyncError
from udsync_pipelines.services.webhook_intake import WebhookForgedError, WebhookUnknownError

logger = logging.getLogger(__name__)

STATUSES: Mapping[type[UdsyncError], HTTPStatus] = MappingProxyType(
    {
        WebhookUnknownError: HTTPStatus.NOT_FOUND,
        WebhookForgedError: HTTPStatus.UNAUTHORIZED,
        RecordRejectedError: HTTPStatus.BAD_REQUEST,
        RetryableError: HTTPStatus.SERVICE_UNAVAILABLE,
    }
)
"""The answer to an error of a class; every other one is ours: 500, and its reason in the log."""
_RETRY_AFTER = "10"  # seconds


class BodyError(UdsyncError):
    """A body that cannot be taken; `status` says why."""

    code = "body_refused"

    def __init__(self, message: str, status: HTTPStatus, *, code: str) -> None:
        super().__init__(message, code=code)
        self.status = status


def problem(
    status: HTTPStatus, code: str, detail: str, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """A problem as RFC 9457 has it; `code` is ours, stable and for machines."""
    return JSONResponse(
        {
            "type": "about:blank",
            "title": status.phrase,
            "status": status.value,
            "detail": detail,
            "code": code,
        },
        status_code=status,
        headers=dict(headers or {}),
        media_type="application/problem+json",
    )


def add_problem_handlers(app: FastAPI) -> None:
    """Let this app answer every error with a problem."""
    app.add_exception_handler(UdsyncError, _known)
    app.add_exception_handler(NoConnectionFree, _busy)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, _unexpected)


async def _known(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, UdsyncError):
        raise error
    if isinstance(error, BodyError):
        _count(request, error)
        return problem(error.status, error.code, error.message, {"Connection": "close"})
    for kind, status in STATUSES.items():
        if isinstance(error, kind):
            is_down = status is HTTPStatus.SERVICE_UNAVAILABLE
            if not is_down:
                _count(request, error)
            headers = {"Retry-After": _RETRY_AFTER} if is_down else {}
            # What our own database says of itself is for the log.
            detail = "udsync cannot store anything at the moment." if is_down else error.message
            return problem(status, error.code, detail, headers)
    return await _unexpected(request, error)


def _count(request: Request, error: UdsyncError) -> None:
    request.app.state.services.refusals.count(error.code)


async def _busy(_: Request, __: Exception) -> JSONResponse:
    return problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "busy",
        "udsync cannot store anything at the moment.",
        {"Retry-After": _RETRY_AFTER},
    )


async def _http(_: Request, error: Exception) -> JSONResponse:
    status = HTTPStatus(error.status_code if isinstance(error, HTTPException) else 500)
    headers = error.headers if isinstance(error, HTTPException) else None
    return problem(status, status.name.lower(), status.description or status.phrase, headers)


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    # Only where it is wrong: what was sent may be somebody's data.
    places = error.errors() if isinstance(error, RequestValidationError) else []
    names = sorted({".".join(str(part) for part in place["loc"]) for place in places})
    return problem(
        HTTPStatus.BAD_REQUEST, "request_invalid", f"Missing or invalid: {', '.join(names)}."
    )


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    code = error.code if isinstance(error, UdsyncError) else type(error).__name__
    logger.error("request failed", extra={"path": request.url.path, "error": code})
    return problem(
        HTTPStatus.INTERNAL_SERVER_ERROR, "unexpected", "udsync failed; its log says why."
    )
