"""Reading profiles: from TOML, JSON or plain data, checked as a whole before anything uses them."""

import hashlib
import json
import tomllib
from collections.abc import Collection, Iterator, Mapping
from importlib.resources import files
from typing import Any

from udsync_pipelines.domain.customer import Customer
from udsync_pipelines.domain.documents import Invoice, Payment, SalesReceipt
from udsync_pipelines.domain.order import Order
from udsync_pipelines.domain.product import Product, Variation
from udsync_pipelines.domain.refund import Refund
from udsync_pipelines.errors import MappingError
from udsync_pipelines.mapping.block import Block, TargetCatalogue, compile_block
from udsync_pipelines.mapping.problems import Problems
from udsync_pipelines.mapping.profile import Profile
from udsync_pipelines.mapping.source import is_raw
from udsync_pipelines.mapping.suggestions import did_you_mean

PROFILE_KEYS = frozenset({"entity", "directions", "note"})
RECORD_TYPES: Mapping[str, type] = {
    "customer": Customer,
    "product": Product,
    "variation": Variation,
    "order": Order,
    "refund": Refund,
    "sales_receipt": SalesReceipt,
    "invoice": Invoice,
    "payment": Payment,
}
_VERSION_DIGITS = 16


def load_profile(
    profile: Mapping[str, object] | str,
    known_targets: Mapping[str, Collection[str]] | None = None,
    owned_targets: Collection[str] = (),
    *,
    direction: str | None = None,
) -> Profile:
    """Check and compile one direction of a profile.

    Args:
        profile: the profile as data, or as the text of a TOML file.
        known_targets: the columns of each table that rules may fill; None skips that check. A
            mapping in the place of a list says how many characters each takes: those take text
            only, a constant that is longer is refused, any other longer text is cut.
        owned_targets: targets that udsync fills itself, each `column` or `table.column`, or the
            part of a target before its first dot; as a mapping, with the reason to tell.
        direction: which one, such as `woocommerce_to_supabase`; needed when there are several.

    Raises:
        MappingError: the profile is invalid; one line for each problem, with table, rule number,
            target, reason and, for mistyped names, what was probably meant.
    """
    form = _parsed_toml(profile) if isinstance(profile, str) else profile
    entity = form.get("entity")
    problems = Problems(f"profile {entity}" if isinstance(entity, str) else "profile")
    for key in sorted(map(str, form.keys() - PROFILE_KEYS)):
        problems.add(f"there is no key {key!r} in a profile{did_you_mean(key, PROFILE_KEYS)}")
    record_type = _record_type(entity, problems)
    chosen, forms = _direction(form.get("directions"), direction, problems)
    problems.raise_if_any()
    catalogue = TargetCatalogue(known_targets, owned_targets)
    blocks = _blocks(forms, record_type, catalogue, problems.inside(chosen))
    problems.raise_if_any()
    definition = [_copied(block) for block in forms]
    return Profile(
        entity=str(entity),
        direction=chosen,
        definition=definition,
        version=_version(str(entity), chosen, definition, blocks),
        record_type=record_type,
        blocks=blocks,
        reads_raw=any(is_raw(text) for text in _written_paths(definition)),
    )


def default_profiles(
    direction: str,
    known_targets: Mapping[str, Collection[str]] | None = None,
    owned_targets: Collection[str] = (),
) -> dict[str, Profile]:
    """The profiles that come with udsync for a direction, by entity.

    Raises:
        MappingError: one of them does not fit the targets.
    """
    found: dict[str, Profile] = {}
    folder = files("udsync_pipelines.mapping") / "profiles"
    tomls = (entry for entry in folder.iterdir() if entry.name.endswith(".toml"))
    for file in sorted(tomls, key=lambda entry: entry.name):
        form = _parsed_toml(file.read_text(encoding="utf-8"))
        if direction in form.get("directions", {}):
            profile = load_profile(form, known_targets, owned_targets, direction=direction)
            found[profile.entity] = profile
    return found


def to_json(profile: Profile) -> str:
    """The profile as JSON text that `from_json` reads back to an equal profile."""
    form = {"entity": profile.entity, "directions": {profile.direction: profile.definition}}
    return json.dumps(form, ensure_ascii=False, indent=2) + "\n"


def from_json(
    text: str,
    known_targets: Mapping[str, Collection[str]] | None = None,
    owned_targets: Collection[str] = (),
    *,
    direction: str | None = None,
) -> Profile:
    """Read a profile from JSON text; as `load_profile` otherwise.

    Raises:
        MappingError: the text is no JSON, names a key twice, or the profile is invalid.
    """
    try:
        form = json.loads(text, object_pairs_hook=_without_repeats)
    except (ValueError, RecursionError) as error:
        raise MappingError(f"the profile is no valid JSON: {error}.") from None
    if not isinstance(form, Mapping):
        raise MappingError("the profile is no JSON object: begin it with {.")
    return load_profile(form, known_targets, owned_targets, direction=direction)


def _parsed_toml(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise MappingError(f"the profile is no valid TOML: {error}.") from None


def _without_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    named = dict(pairs)
    if len(named) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return named


def _record_type(entity: object, problems: Problems) -> type:
    if not isinstance(entity, str):
        problems.add("'entity' is missing: give one of " + ", ".join(RECORD_TYPES))
        return object
    if entity not in RECORD_TYPES:
        problems.add(f"there is no entity {entity!r}{did_you_mean(entity, RECORD_TYPES)}")
    return RECORD_TYPES.get(entity, object)


def _direction(
    directions: object, wanted: str | None, problems: Problems
) -> tuple[str, list[object]]:
    if not isinstance(directions, Mapping) or not directions:
        problems.add("'directions' is a table with a list of blocks for each direction")
        return "", []
    if wanted is None and len(directions) > 1:
        problems.add(f"it has several directions, say which: {', '.join(map(str, directions))}")
        return "", []
    chosen = next(iter(directions)) if wanted is None else wanted
    if chosen not in directions:
        problems.add(f"it has no direction {chosen!r}{did_you_mean(str(chosen), directions)}")
        return "", []
    forms = directions[chosen]
    if not isinstance(forms, list | tuple) or not forms:
        problems.add(f"the direction {chosen} is a list of at least one block")
        return "", []
    return str(chosen), list(forms)


def _blocks(
    forms: list[object], record_type: type, catalogue: TargetCatalogue, problems: Problems
) -> tuple[Block, ...]:
    blocks: dict[str, Block] = {}
    seen: set[str] = set()
    for number, form in enumerate(forms, start=1):
        block = compile_block(form, number, record_type, catalogue, problems)
        if block is not None:
            blocks[block.table] = block
        table = form.get("table") if isinstance(form, Mapping) else None
        if isinstance(table, str) and table in seen:
            problems.inside(f"table {table}").add("an earlier block fills the same table already")
        seen.add(str(table))
    return tuple(blocks.values())


def _copied(form: Any) -> Any:
    """Plain data of its own, so that nobody changes a profile from outside."""
    if isinstance(form, Mapping):
        return {key: _copied(value) for key, value in form.items()}
    return [_copied(value) for value in form] if isinstance(form, list | tuple) else form


def _written_paths(definition: list[dict[str, Any]]) -> Iterator[str]:
    """Every path of a sound definition."""
    for block in definition:
        if "each" in block:
            yield block["each"]
        for rule in block["rules"]:
            places = (rule, rule.get("when", {}))
            yield from (place["source"] for place in places if "source" in place)
            yield from rule.get("sources", ())


def _version(
    entity: str, direction: str, definition: list[dict[str, Any]], blocks: tuple[Block, ...]
) -> str:
    used = {function.name: function.version for block in blocks for function in _functions(block)}
    lengths = {
        f"{block.table}.{rule.target}": rule.longest
        for block in blocks
        for rule in block.rules
        if rule.longest is not None
    }
    parts = [entity, direction, definition, used, *([lengths] if lengths else [])]
    said = json.dumps(parts, sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()[:_VERSION_DIGITS]


def _functions(block: Block) -> list[Any]:
    return [function for rule in block.rules for function in rule.functions]
