"""Paths in dot notation: how a rule says where its value stands.

```text
billing.city                      attributes, then keys
lines.0.name                      a position in a list, from 0; -1 is the last
raw.meta_data[key=channel].value  the first element whose `key` reads `channel`
meta."po.number"                  a name in quotes may hold anything but a quote
```
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Self, TypeAlias

Read: TypeAlias = Callable[[object], object]

_TOKEN = re.compile(
    r"""
    (?P<dot>\.)?
    (?: (?P<name>[^.\[\]"=\s]+)
      | "(?P<quoted>[^"]+)"
      | \[ (?P<key>[^\[\]="]+) = (?P<value>[^\[\]]*) \] )
    """,
    re.VERBOSE,
)
_POSITION = re.compile(r"-?[0-9]{1,9}")
LONGEST = 300


@dataclass(frozen=True, slots=True)
class Name:
    """One step down: an attribute, a key, or a position in a list."""

    name: str

    @property
    def position(self) -> int | None:
        """The position that the name is, or None when it is not a whole number."""
        return int(self.name) if _POSITION.fullmatch(self.name) else None


@dataclass(frozen=True, slots=True)
class Selection:
    """The first element of a list whose `key` reads as `value`."""

    key: str
    value: str


Step: TypeAlias = Name | Selection


@dataclass(frozen=True, slots=True)
class Path:
    """A path, taken apart. `text` is how it was written."""

    text: str
    steps: tuple[Step, ...]

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Take a written path apart.

        Raises:
            ValueError: it is empty or not well formed; the message says where.
        """
        if not text or len(text) > LONGEST:
            raise ValueError(f"a path has 1 to {LONGEST} characters")
        steps: list[Step] = []
        position = 0
        while position < len(text):
            token = _TOKEN.match(text, position)
            if token is None or not _continues(token, first=not steps):
                raise ValueError(
                    f"the path {text!r} is not well formed at character {position + 1}"
                )
            steps.append(_step(token))
            position = token.end()
        return cls(text, tuple(steps))


@dataclass(frozen=True, slots=True)
class FieldPath:
    """A path inside a value whose shape nobody knows; `read` yields None where nothing stands."""

    text: str
    read: Read

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Compile a written path.

        Raises:
            ValueError: it is empty or not well formed; the message says where.
        """
        return cls(text, walk(tuple(free_step(step) for step in Path.from_text(text).steps)))


def free_step(step: Step) -> Read:
    """A reader of one step in a value whose shape nobody knows; it yields None, never an error.

    Only keys, positions and the fields of a record are reached, so that a rule cannot touch
    anything else of the program.
    """
    if isinstance(step, Selection):
        return _selector(step)
    name, position = step.name, step.position

    def read(value: object) -> object:
        if isinstance(value, dict | Mapping):  # dict first: the ABC's check is slow
            return value.get(name)
        if isinstance(value, list | tuple):
            inside = position is not None and -len(value) <= position < len(value)
            return value[position] if inside and position is not None else None
        return getattr(value, name) if name in _fields(value) else None

    return read


def walk(steps: tuple[Read, ...]) -> Read:
    """One reader made of several; it stops at the first None."""
    if len(steps) == 1:
        return steps[0]

    def read(value: object) -> object:
        for step in steps:
            if value is None:
                return None
            value = step(value)
        return value

    return read


def _selector(selection: Selection) -> Read:
    key, wanted = free_step(Name(selection.key)), selection.value

    def read(value: object) -> object:
        if not isinstance(value, list | tuple):
            return None
        return next((element for element in value if _as_written(key(element)) == wanted), None)

    return read


def _as_written(value: object) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if value is None else str(value)


def _fields(value: object) -> Mapping[str, object]:
    return getattr(type(value), "__dataclass_fields__", {})


def _continues(token: re.Match[str], *, first: bool) -> bool:
    is_selection = token["key"] is not None
    has_dot = token["dot"] is not None
    return not first and not has_dot if is_selection else has_dot != first


def _step(token: re.Match[str]) -> Step:
    if token["key"] is not None:
        return Selection(token["key"].strip(), token["value"].strip())
    return Name(token["name"] or token["quoted"])
