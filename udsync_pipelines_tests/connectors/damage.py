"""Good documents with a few members made wrong: what plugins, proxies and new versions do."""

import copy
import json
from random import Random
from typing import Any

WRONG: tuple[Any, ...] = (
    *(None, True, False, "", " ", "x", "NaN", "Infinity", "1e400", "-0.001", "1,234.50", "0x10"),
    *(-1, 0, 7, 10**30, 0.1, 1e308, [], {}, [None], [[]], {"a": None}, {"value": []}),
    *("2026-13-45T99:00:00", "0000-00-00", "\x00", "\ud800", "é" * 5000, "1\n2"),
)
"""What a member may hold instead."""

_MOST = 3


def damaged(document: Any, random: Random) -> Any:
    """A copy in which one to three members, at any depth, are changed, missing or repeated."""
    holder = [copy.deepcopy(document)]
    for _ in range(random.randint(1, _MOST)):
        _damage(holder, random)
    return holder[0]


def written(document: Any) -> bytes:
    """The document as PHP writes it: ASCII, numbers of any size."""
    return json.dumps(document).encode()


def _damage(holder: Any, random: Random) -> None:
    key = _any_key(holder, random)
    while isinstance(holder[key], dict | list) and holder[key] and random.random() < 0.85:
        holder = holder[key]
        key = _any_key(holder, random)
    deed = random.choice(("change", "change", "lose", "repeat"))
    if deed == "change":
        holder[key] = copy.deepcopy(random.choice(WRONG))
    elif deed == "lose" and isinstance(holder, dict):
        del holder[key]
    else:
        holder[key] = [copy.deepcopy(holder[key]), holder[key]]


def _any_key(holder: Any, random: Random) -> Any:
    return random.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))
