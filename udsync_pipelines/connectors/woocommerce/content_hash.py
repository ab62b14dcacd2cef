"""The hash that says whether a record has changed in what matters.

Two reads of an unchanged store differ: `meta_data` and `related_ids` come in another order,
`total_sales` and a coupon's `usage_count` move, links vary, and none of it moves the modification
time. Each platform module lists the fields that it leaves out, with the reason.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

import orjson

from udsync_pipelines.connectors.woocommerce.wire import meta_order

EVERYWHERE = {
    "_links": "addresses of the REST API, which vary with the request",
    "date_created": "the site's local time of date_created_gmt; moves when the site changes zone",
    "date_modified": "the site's local time of date_modified_gmt",
}


@dataclass(frozen=True, slots=True)
class HashRules:
    """What the hash of one kind of object leaves out and smooths.

    Attributes:
        volatile: fields left out → why they do not matter.
        money: fields whose text is an amount, so that "1.5" and "1.50" are the same.
        nested: fields that are lists of objects with rules of their own.
        unordered: those of the nested lists whose order says nothing.
    """

    volatile: Mapping[str, str]
    money: frozenset[str] = frozenset()
    nested: Mapping[str, "HashRules"] = field(default_factory=dict)
    unordered: frozenset[str] = frozenset()


def content_hash(found: Mapping[str, Any], rules: HashRules) -> bytes:
    """16 bytes over what matters in an object as the store sent it, in whatever order."""
    return blake2b(
        orjson.dumps(_what_matters(found, rules), option=orjson.OPT_SORT_KEYS), digest_size=16
    ).digest()


def _what_matters(found: Mapping[str, Any], rules: HashRules) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    volatile, money, nested = rules.volatile, rules.money, rules.nested
    for name, value in found.items():
        if name in volatile:
            continue
        if name in money:
            kept[name] = _smooth(value)
        elif name == "meta_data":
            kept[name] = _settled_meta(value)
        elif name in nested and isinstance(value, list):
            inner = nested[name]
            items = sorted(value, key=_id) if name in rules.unordered else value
            kept[name] = [
                _what_matters(item, inner) if isinstance(item, dict) else item for item in items
            ]
        else:
            kept[name] = value
    return kept


def _smooth(value: object) -> object:
    if not isinstance(value, str):
        return value
    text = value.rstrip("0").removesuffix(".") if "." in value else value
    return "0" if text in {"-0", ""} and value else text


def _settled_meta(value: object) -> object:
    if not isinstance(value, list):
        return value
    entries = [
        # The display_ fields are made from the live attribute's label whenever they are read.
        {name: part for name, part in entry.items() if not name.startswith("display_")}
        for entry in value
        if isinstance(entry, dict)
    ]
    return sorted(entries, key=meta_order)


def _id(item: object) -> int:
    identifier = item.get("id") if isinstance(item, dict) else None
    return identifier if isinstance(identifier, int) else 0
