"""The webhooks that a store has, compared with those that we want; decides, does nothing."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import httpx

from udsync_pipelines.connectors.woocommerce.client import PER_PAGE, ListRequest, WooCommerceClient
from udsync_pipelines.connectors.woocommerce.webhook import TOPICS

PATH = "/api/webhooks/woocommerce"


class Finding(StrEnum):
    """What is the matter with a webhook."""

    ACTIVE = "active"
    MISSING = "missing"
    DISABLED = "disabled"
    PAUSED = "paused"
    MOVED = "moved"
    UNKNOWN = "unknown"
    DUPLICATE = "duplicate"
    SURPLUS = "surplus"
    TAKEN = "taken"


MEANINGS: Mapping[Finding, str] = {
    Finding.ACTIVE: "delivers to us",
    Finding.MISSING: "is not in the store",
    Finding.DISABLED: "was given up by the store after failed deliveries",
    Finding.PAUSED: "was paused by a person",
    Finding.MOVED: "delivers to an address of ours that holds no more",
    Finding.UNKNOWN: "delivers to us with a secret that we may not know",
    Finding.DUPLICATE: "is there twice",
    Finding.SURPLUS: "brings records that we do not sync",
    Finding.TAKEN: "was ours and was given another address; it is left alone",
}


@dataclass(frozen=True, slots=True)
class Listed:
    """A webhook as the store lists it; the secret is never shown."""

    id: str
    topic: str
    status: str
    delivery_url: str


@dataclass(frozen=True, slots=True)
class Examined:
    """What was found for one topic; `listed` is None where the store has none."""

    topic: str
    finding: Finding
    listed: Listed | None = None


def delivery_url(base_url: str, connection_id: str) -> str:
    """Where a store delivers: the connection is part of the address, and it is not secret."""
    return f"{base_url}{PATH}?connection={connection_id}"


def list_webhooks(client: WooCommerceClient) -> Sequence[Listed]:
    """All webhooks of a store, ours and those of others, by id.

    Raises:
        RetryableError, ConfigurationError: the list cannot be read.
    """
    found: dict[str, Listed] = {}
    page = 1
    while True:
        request = ListRequest(
            "webhooks", {"per_page": PER_PAGE, "page": page, "orderby": "id", "order": "asc"}
        )
        rows = client.page(request).rows
        for row in rows:
            one = Listed(
                str(row["id"]), str(row["topic"]), str(row["status"]), str(row["delivery_url"])
            )
            found[one.id] = one
        if len(rows) < PER_PAGE:
            return tuple(found.values())
        page += 1


def examine(
    listed: Sequence[Listed], url: str, known: Mapping[str, str | None]
) -> Sequence[Examined]:
    """What is the matter with our webhooks: one finding a topic, and one for each superfluous one.

    Ours are those that deliver to our path with our connection in the address, whatever the host.
    Those of others are never among the findings, except one that was ours.

    Args:
        listed: what the store has.
        url: where our webhooks should deliver.
        known: the ids of ours by topic, as far as the store has told them.
    """
    ours = [one for one in listed if _is_ours(one, url)]
    return [
        *(_of_topic(topic, ours, listed, url, known) for topic in TOPICS),
        *_superfluous(ours, url, known),
    ]


def _of_topic(
    topic: str,
    ours: Sequence[Listed],
    listed: Sequence[Listed],
    url: str,
    known: Mapping[str, str | None],
) -> Examined:
    kept = _kept(topic, ours, url, known)
    if kept is None:
        former = next((one for one in listed if one.id == known.get(topic)), None)
        return Examined(topic, Finding.TAKEN if former else Finding.MISSING, former)
    if kept.status == "disabled":
        return Examined(topic, Finding.DISABLED, kept)
    if kept.status != "active":
        return Examined(topic, Finding.PAUSED, kept)
    if kept.delivery_url != url:
        return Examined(topic, Finding.MOVED, kept)
    is_known = known.get(topic) == kept.id
    return Examined(topic, Finding.ACTIVE if is_known else Finding.UNKNOWN, kept)


def _superfluous(
    ours: Sequence[Listed], url: str, known: Mapping[str, str | None]
) -> Iterator[Examined]:
    for one in ours:
        if one.topic not in TOPICS:
            yield Examined(one.topic, Finding.SURPLUS, one)
        elif one != _kept(one.topic, ours, url, known):
            yield Examined(one.topic, Finding.DUPLICATE, one)


def _kept(
    topic: str, ours: Sequence[Listed], url: str, known: Mapping[str, str | None]
) -> Listed | None:
    """Of several for a topic, the one that works, then the one we know, then the oldest."""
    candidates = [one for one in ours if one.topic == topic]
    return min(
        candidates,
        key=lambda one: (
            one.status != "active",
            known.get(topic) != one.id,
            one.delivery_url != url,
            int(one.id),
        ),
        default=None,
    )


def _is_ours(one: Listed, url: str) -> bool:
    try:
        theirs, wanted = httpx.URL(one.delivery_url), httpx.URL(url)
    except httpx.InvalidURL:
        return False
    return theirs.path.endswith(PATH) and (
        theirs.params.get("connection") == wanted.params.get("connection")
    )
