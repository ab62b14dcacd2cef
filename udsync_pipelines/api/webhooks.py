"""Where platforms deliver. Each answers as soon as the delivery is stored, and starts no work.

Signatures cover the raw bytes; a ping of WooCommerce, which has none, does nothing.
"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Query, Response
from fastapi.concurrency import run_in_threadpool

from udsync_pipelines.api.dependencies import RawBody, Services
from udsync_pipelines.connectors.woocommerce.webhook import is_ping
from udsync_pipelines.services.webhook_intake import BooksFormat, WebhookUnknownError

router = APIRouter(prefix="/api/webhooks", tags=["webhooks"])


@router.post("/woocommerce")
async def woocommerce(  # noqa: PLR0913, PLR0917 - FastAPI reads headers from parameters
    body: RawBody,
    services: Services,
    connection: Annotated[
        str, Query(description="The connection; part of the address that udsync registers.")
    ] = "",
    content_type: Annotated[str, Header()] = "",
    topic: Annotated[str, Header(alias="x-wc-webhook-topic")] = "",
    signature: Annotated[str, Header(alias="x-wc-webhook-signature")] = "",
    delivery_id: Annotated[str | None, Header(alias="x-wc-webhook-delivery-id")] = None,
) -> Response:
    """Take a delivery of a WooCommerce store."""
    if not signature and is_ping(content_type, body):
        return Response()
    intake = services.intake
    await run_in_threadpool(
        intake.from_store, _connection_id(connection), topic, signature, delivery_id, body
    )
    return Response()


@router.post("/quickbooks")
async def quickbooks(
    body: RawBody,
    services: Services,
    signature: Annotated[str, Header(alias="intuit-signature")] = "",
) -> Response:
    """Take a delivery of Intuit in its older form."""
    return await _from_books(services, "legacy", signature, body)


@router.post("/quickbooks/cloudevents")
async def cloudevents(
    body: RawBody,
    services: Services,
    signature: Annotated[str, Header(alias="intuit-signature")] = "",
) -> Response:
    """Take a delivery of Intuit, an array of CloudEvents of one or several companies."""
    return await _from_books(services, "cloudevents", signature, body)


async def _from_books(
    services: Services, form: BooksFormat, signature: str, body: bytes
) -> Response:
    await run_in_threadpool(services.intake.from_books, form, signature, body)
    return Response()


def _connection_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise WebhookUnknownError("There is no webhook at this address.") from None
