"""Mapping profiles towards QuickBooks: loaded, and checked against what they may fill."""

from collections.abc import Mapping
from types import MappingProxyType

from udsync_pipelines.connectors.quickbooks.text_fields import KNOWN_TARGETS, OWNED_TARGETS
from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.errors import MappingError
from udsync_pipelines.mapping import Profile, default_profiles, from_json, load_profile

DIRECTION = "woocommerce_to_quickbooks"

# `refund` of an order is what each of its refunds gets, `customer` what a guest gets.
ROLES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "order": frozenset({"sale", "payment", "refund", "customer"}),
        "refund": frozenset({"refund"}),
        "customer": frozenset({"customer"}),
        "product": frozenset({"item"}),
        "variation": frozenset({"item"}),
    }
)
"""Which tables a profile of each entity may fill; any other would never be written."""


def default_books_profiles() -> dict[Entity, Profile]:
    """The profiles that come with udsync, by entity."""
    found = default_profiles(DIRECTION, KNOWN_TARGETS, OWNED_TARGETS)
    return {Entity(entity): _checked(profile) for entity, profile in found.items()}


def books_profile(form: Mapping[str, object] | str) -> Profile:
    """A profile given as data or as the text of a TOML file.

    Raises:
        MappingError: it is invalid, or fills what no profile or not this one may; one line for
            each problem.
    """
    return _checked(load_profile(form, KNOWN_TARGETS, OWNED_TARGETS, direction=DIRECTION))


def books_profile_from_json(text: str) -> Profile:
    """A profile given as JSON text, as `mapping.to_json` writes it.

    Raises:
        MappingError: as `books_profile`, or the text is no JSON.
    """
    return _checked(from_json(text, KNOWN_TARGETS, OWNED_TARGETS, direction=DIRECTION))


def _checked(profile: Profile) -> Profile:
    own = ROLES.get(profile.entity, frozenset())
    wrong = [block.table for block in profile.blocks if block.table not in own]
    if wrong:
        may = ", ".join(sorted(own)) or "nothing in QuickBooks"
        raise MappingError(
            "\n".join(
                f"profile {profile.entity}, {DIRECTION}, table {table}: a profile of"
                f" {profile.entity} fills {may}: move these rules to the profile that does."
                for table in wrong
            )
        )
    return profile
