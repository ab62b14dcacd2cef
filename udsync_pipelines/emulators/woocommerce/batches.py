"""Batches: up to 100 items in total, HTTP 200 even if some fail, every delete forced."""

from collections.abc import Callable
from typing import Any

from udsync_pipelines.emulators.woocommerce.answers import ApiError

Json = dict[str, Any]
_MOST_ITEMS = 100


def run_batch(
    body: Json,
    create: Callable[[Json], Json],
    update: Callable[[int, Json], Json],
    delete: Callable[[int], Json],
) -> Json | list[Json]:
    """Do a batch's items in order; an empty batch answers an empty list.

    Raises:
        ApiError: 413 for more than 100 items.
    """
    if sum(len(body.get(name) or ()) for name in ("create", "update", "delete")) > _MOST_ITEMS:
        raise ApiError(
            413,
            "woocommerce_rest_request_entity_too_large",
            f"Unable to accept more than {_MOST_ITEMS} items for this request.",
        )
    done: Json = {}
    if body.get("create"):
        done["create"] = [_try(0, create, item) for item in body["create"]]
    if body.get("update"):
        done["update"] = [
            _try(int(item.get("id", 0)), update, int(item.get("id", 0)), item)
            for item in body["update"]
        ]
    if body.get("delete"):
        done["delete"] = [_try(int(number), delete, int(number)) for number in body["delete"]]
    return done or []


def _try(record_id: int, work: Callable[..., Json], *arguments: Any) -> Json:
    try:
        return work(*arguments)
    except ApiError as error:
        return error.as_item(record_id)
