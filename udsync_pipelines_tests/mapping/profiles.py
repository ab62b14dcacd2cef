"""Small profiles with named differences, for tests."""

from collections.abc import Collection, Mapping
from typing import Any

from udsync_pipelines.errors import MappingError
from udsync_pipelines.mapping import Profile, load_profile

DIRECTION = "woocommerce_to_supabase"


def profile_form(*rules: Mapping[str, Any], entity: str = "order", **block: Any) -> dict[str, Any]:
    """A profile with one block for the table `orders`, as data."""
    whole = {"table": "orders", "rules": list(rules), **block}
    return {"entity": entity, "directions": {DIRECTION: [whole]}}


def profile_of(*rules: Mapping[str, Any], entity: str = "order", **block: Any) -> Profile:
    """The same, loaded."""
    return load_profile(profile_form(*rules, entity=entity, **block))


def reasons_against(
    form: Mapping[str, Any] | str,
    known_targets: Mapping[str, Collection[str]] | None = None,
    owned_targets: Collection[str] = (),
    **options: Any,
) -> str:
    """Why a profile is refused; empty when it is not."""
    try:
        load_profile(form, known_targets, owned_targets, **options)
    except MappingError as error:
        return error.message
    return ""


def value_of(record: object, raw: Mapping[str, object] | None = None, **rule: Any) -> object:
    """What one rule makes of an order."""
    profile = profile_of({"target": "t", **rule})
    return profile.apply(record, raw or {})["orders"][0]["t"]
