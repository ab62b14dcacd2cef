"""Whether the API can do its work, for who supervises it, and what waits, for who operates it."""

from collections.abc import Mapping

from fastapi import APIRouter
from pydantic import BaseModel, Field

from udsync_pipelines.api.dependencies import Services
from udsync_pipelines.services.inbox_health import inbox_health

router = APIRouter(prefix="/api", tags=["health"])


class Health(BaseModel):
    """What the API sees; an answer at all means that the database can be reached."""

    waiting: int = Field(description="Deliveries that wait to be worked on.")
    oldest_waiting_seconds: float = Field(description="How long the oldest waits; 0: none does.")
    failed: int = Field(description="Deliveries of the last 7 days that were tried in vain.")
    unknown_companies: int = Field(description="Companies that sent events and nobody connected.")
    refused: Mapping[str, int] = Field(description="Refused since the start, by cause.")


@router.get("/health")
def health(services: Services) -> Health:
    """Say what waits; 503 when the database does not answer."""
    found = inbox_health(services.state)
    return Health(**found.facts(), refused=services.refusals.counts())
