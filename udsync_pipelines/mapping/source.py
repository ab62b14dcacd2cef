"""Sources of rules: paths checked against the canonical records and compiled to readers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache
from operator import attrgetter, itemgetter
from typing import Any, TypeAlias, get_args, get_type_hints

from udsync_pipelines.mapping.kinds import Kind, element_of, kind_of, without_none
from udsync_pipelines.mapping.path import Name, Path, Read, Selection, Step, free_step, walk
from udsync_pipelines.mapping.suggestions import did_you_mean

# What a rule may reach: the element (of the root block: the record), the record, its raw JSON, and
# the element's position.
Scope: TypeAlias = tuple[object, object, object, int]
ReadScope: TypeAlias = Callable[[Scope], object]

_PLACES = {"this": 0, "parent": 1, "raw": 2, "index": 3}
_ONLY_WITH_EACH = frozenset({"this", "parent", "index"})


@dataclass(frozen=True, slots=True)
class ScopeTypes:
    """What is known of a scope before any record is seen: annotations, `object` for nothing."""

    element: Any
    record: Any
    has_each: bool

    def of(self, place: str) -> Any:
        """The annotation of a place."""
        return {"this": self.element, "parent": self.record, "index": int}.get(place, object)


@dataclass(frozen=True, slots=True)
class Source:
    """A compiled path: how to read it, and what its annotation promises."""

    text: str
    read: ReadScope
    annotation: Any

    @property
    def kind(self) -> Kind:
        """The kind of value that stands there."""
        return kind_of(self.annotation)

    @property
    def holds_records(self) -> bool:
        """Whether canonical records stand there, which are no value for a target."""
        if self.kind is Kind.LIST:
            return kind_of(element_of(self.annotation)) is Kind.RECORD
        return self.kind is Kind.RECORD


def is_raw(text: str) -> bool:
    """Whether a well-formed path begins at the raw JSON of the record."""
    return Path.from_text(text).steps[0] == Name("raw")


def compile_source(text: str, types: ScopeTypes) -> Source:
    """Compile a path of a rule.

    Raises:
        ValueError: it is not well formed, or names a field that the canonical record lacks.
    """
    steps = Path.from_text(text).steps
    head = steps[0]
    place = head.name if isinstance(head, Name) and head.name in _PLACES else None
    if place in _ONLY_WITH_EACH and not types.has_each:
        raise ValueError(f"{place!r} exists only in a block that has 'each'")
    if place is None:
        read, annotation = compile_steps(steps, types.element)
        return Source(text, _at(0, read), annotation)
    read, annotation = compile_steps(steps[1:], types.of(place))
    return Source(text, _at(_PLACES[place], read), annotation)


def compile_steps(steps: Sequence[Step], annotation: Any) -> tuple[Read | None, Any]:
    """A reader of these steps below a value, and what it yields; no reader for no steps.

    Raises:
        ValueError: a step names what the annotation excludes.
    """
    readers: list[Read] = []
    attributes: list[str] = []
    for step in steps:
        is_sure = without_none(annotation) is annotation
        if kind_of(annotation) is Kind.RECORD:
            reached = _field_of(annotation, step)
            if attributes and not is_sure:
                readers.append(attrgetter(".".join(attributes)))
                attributes = []
            attributes.append(step.name if isinstance(step, Name) else "")
            annotation = reached
            continue
        if attributes:
            readers.append(attrgetter(".".join(attributes)))
            attributes = []
        readers.append(free_step(step))
        annotation = _below(annotation, step)
    if attributes:
        readers.append(attrgetter(".".join(attributes)))
    if not readers:
        return None, annotation
    return _as_target_value(walk(tuple(readers)), annotation), annotation


@cache
def fields_of(record_type: type) -> Mapping[str, Any]:
    """The fields and the computed properties of a canonical record, with their annotations."""
    known = dict(get_type_hints(record_type))
    for name, member in vars(record_type).items():
        if isinstance(member, property):
            known[name] = get_type_hints(member.fget).get("return", object)
    return known


def _at(place: int, read: Read | None) -> ReadScope:
    if read is None:
        return itemgetter(place)
    return lambda scope: read(scope[place])


def _field_of(annotation: Any, step: Step) -> Any:
    record_type = without_none(annotation)
    known = fields_of(record_type)
    if isinstance(step, Selection):
        raise ValueError(f"{record_type.__name__} is no list to select from")
    if step.name not in known:
        raise ValueError(
            f"{record_type.__name__} has no field {step.name!r}{did_you_mean(step.name, known)}"
        )
    return known[step.name]


def _below(annotation: Any, step: Step) -> Any:
    """What a step yields below anything but a record; it may be missing."""
    kind = kind_of(annotation)
    if kind is Kind.ANY:
        return object
    if kind is Kind.TABLE and isinstance(step, Name):
        values = get_args(without_none(annotation))
        return values[1] | None if values else object
    if kind is not Kind.LIST:
        raise ValueError(f"the path goes on below {kind}")
    element = element_of(annotation)
    if isinstance(step, Name) and step.position is None:
        raise ValueError(
            f"{step.name!r} is below a list: say which element, by position or [key=value]"
        )
    if isinstance(step, Selection):
        compile_steps([Name(step.key)], element)
    return element | None if element is not object else object


def _as_target_value(read: Read, annotation: Any) -> Read:
    """Enumerations as plain text and tuples as lists, for that is what targets understand."""
    present = without_none(annotation)
    if isinstance(present, type) and issubclass(present, Enum):
        return lambda value: None if (member := read(value)) is None else str(member)
    if kind_of(annotation) is Kind.LIST:
        return lambda value: list(values) if isinstance(values := read(value), tuple) else values
    return read
