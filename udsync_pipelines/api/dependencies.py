"""What the routes work with, made once when the app starts."""

import asyncio
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, Request
from starlette.requests import ClientDisconnect

from udsync_pipelines.api.problems import BodyError
from udsync_pipelines.services.webhook_intake import Refusals, WebhookIntake
from udsync_pipelines.store.tenancy import StateDatabase

BODY_SECONDS = 10.0
"""So long the sender of a body may take for it."""


@dataclass(frozen=True, slots=True)
class ApiServices:
    """What the app was made with.

    Attributes:
        state: the state database.
        intake: where webhooks go.
        body_limit: how many bytes the body of a webhook may have.
        refusals: counts of what was refused since the start.
    """

    state: StateDatabase
    intake: WebhookIntake
    body_limit: int
    refusals: Refusals = field(default_factory=Refusals)


def services(request: Request) -> ApiServices:
    """The services of the app that serves this request."""
    found: ApiServices = request.app.state.services
    return found


Services = Annotated[ApiServices, Depends(services)]


async def raw_body(request: Request, services: Services) -> bytes:
    """The body as it came, read no further than the limit, whatever its announced length.

    Raises:
        BodyError: 413 when it is larger, 408 when it does not come, 400 when the sender left.
    """
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await _read(request, services.body_limit)
    except TimeoutError:
        raise BodyError(
            "The body did not come in time.", HTTPStatus.REQUEST_TIMEOUT, code="body_late"
        ) from None
    except ClientDisconnect:
        raise BodyError(
            "The body was cut off.", HTTPStatus.BAD_REQUEST, code="body_cut_off"
        ) from None


async def _read(request: Request, limit: int) -> bytes:
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > limit:
        raise _too_large(limit)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise _too_large(limit)
    return bytes(body)


def _too_large(limit: int) -> BodyError:
    return BodyError(
        f"The body is larger than {limit} bytes.",
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        code="body_too_large",
    )


RawBody = Annotated[bytes, Depends(raw_body)]
