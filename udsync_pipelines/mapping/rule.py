"""One rule: from where, through which functions, to which target."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from udsync_pipelines.errors import RecordRejectedError
from udsync_pipelines.mapping.arguments import bind, parameters_of, scalar
from udsync_pipelines.mapping.chain import Chain, check_flow, compile_chain
from udsync_pipelines.mapping.condition import holds, one_question
from udsync_pipelines.mapping.inputs import as_text, refusal
from udsync_pipelines.mapping.kinds import Kind, fits
from udsync_pipelines.mapping.path import Read
from udsync_pipelines.mapping.problems import Problems
from udsync_pipelines.mapping.registry import FunctionDefinition
from udsync_pipelines.mapping.source import ReadScope, Scope, ScopeTypes, Source, compile_source
from udsync_pipelines.mapping.suggestions import did_you_mean
from udsync_pipelines.mapping.text_target import text_of_at_most

Condition: TypeAlias = Callable[[Scope], bool]

RULE_KEYS = frozenset({"target", "source", "sources", "value", "apply", "when", "required", "note"})
_ORIGINS = ("source", "sources", "value")
_TARGET = re.compile(r"[A-Za-z_][A-Za-z0-9_.]{0,127}")
_QUESTION_PARAMETERS = parameters_of(holds)
MOST_SOURCES = 20
_NOWHERE: Scope = (None, None, None, 0)  # constants look at no record


@dataclass(frozen=True, slots=True)
class Rule:
    """A compiled rule. `number` counts from 1 in its block; `sources` are the paths as written.

    `read` gives what stands at the source. `evaluate` gives the value for the target: None when
    nothing is there or the condition does not hold; it raises RecordRejectedError when a function
    cannot take the value, or a required one is missing. `longest` is how many characters a text
    target takes; None for a target that takes any value.
    """

    number: int
    target: str
    sources: tuple[str, ...]
    read: ReadScope
    evaluate: ReadScope
    functions: tuple[FunctionDefinition, ...]
    longest: int | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a rule's value comes from; `kind` is what leaves the last function."""

    read: ReadScope
    transform: Read | None
    sources: tuple[str, ...]
    kind: Kind


@dataclass(frozen=True, slots=True)
class Targets:
    """What the rules of one table may fill: `known` columns (None: any), less the `owned` ones.

    Where `known` tells lengths, the targets take text only, of at most so many characters. Where
    `owned` tells reasons, they are what the author of a rule reads.
    """

    table: str
    known: Collection[str] | None
    owned: Collection[str]

    def longest(self, target: str) -> int | None:
        """How many characters a text target takes; None when it takes any value."""
        return self.known.get(target) if isinstance(self.known, Mapping) else None

    def reason_against(self, target: str) -> str | None:
        """Why a rule may not fill this target, or None when it may."""
        if not _TARGET.fullmatch(target):
            return f"{target!r} is no name of a target: use letters, digits, _ and ."
        whole = target.partition(".")[0]
        is_known = self.known is None or target in self.known
        for name in (target, f"{self.table}.{target}", *([] if is_known else [whole])):
            if name in self.owned:
                return self._owner(target, name)
        if self.known is not None and not is_known:
            return f"{self.table} has no column {target!r}{did_you_mean(target, self.known)}"
        return None

    def _owner(self, target: str, name: str) -> str:
        if isinstance(self.owned, Mapping):
            return f"{target!r} is not for rules: {self.owned[name]}"
        return f"{target!r} is filled by udsync itself, no rule may: remove the rule"


def compile_rule(
    form: object, number: int, types: ScopeTypes, targets: Targets, problems: Problems
) -> Rule | None:
    """Compile one rule; when something is wrong it is noted in the problems and None returned."""
    if not isinstance(form, Mapping) or not isinstance(form.get("target"), str):
        problems.inside(f"rule {number}").add("a rule is a table with a 'target' in quotes")
        return None
    target = form["target"]
    here = problems.inside(f"rule {number} ({target})")
    before = len(problems.lines)
    _check_keys(form, here)
    reason = targets.reason_against(target)
    if reason is not None:
        here.add(reason)
    chain = compile_chain(form.get("apply", []), here)
    applies = _compile_condition(form["when"], types, here) if "when" in form else None
    origin = _compile_origin(form, chain, types, here)
    longest = targets.longest(target)
    if longest is not None:
        origin = _as_text_target(origin, longest, here)
    if len(problems.lines) > before:
        return None
    is_required = bool(form.get("required"))
    return Rule(
        number=number,
        target=target,
        sources=origin.sources,
        read=origin.read,
        evaluate=_evaluator(origin.read, origin.transform, applies, is_required=is_required),
        functions=chain.functions,
        longest=longest,
    )


def _evaluator(
    read: ReadScope, transform: Read | None, applies: Condition | None, *, is_required: bool
) -> ReadScope:
    # A record meets a hundred rules, most of which only read: for those nothing is asked again.
    if applies is None and not is_required:
        return read if transform is None else lambda scope: transform(read(scope))

    def evaluate(scope: Scope) -> object:
        if applies is not None and not applies(scope):
            return None
        value = read(scope) if transform is None else transform(read(scope))
        if value is None and is_required:
            raise refusal("a value is required and none is there")
        return value

    return evaluate


def _check_keys(form: Mapping[str, object], problems: Problems) -> None:
    for key in sorted(map(str, form.keys() - RULE_KEYS)):
        problems.add(f"there is no key {key!r} in a rule{did_you_mean(key, RULE_KEYS)}")
    if not isinstance(form.get("required", False), bool):
        problems.add("'required' is true or false, without quotes")
    if not isinstance(form.get("note", ""), str):
        problems.add("'note' is text, in quotes")
    given = [key for key in _ORIGINS if key in form]
    if len(given) != 1:
        found = " and ".join(given) or "none"
        problems.add(f"a rule has one of source, sources and value, not {found}")


def _compile_origin(
    form: Mapping[str, Any], chain: Chain, types: ScopeTypes, problems: Problems
) -> Origin:
    if "value" in form:
        constant = _compile_constant(form["value"], chain, problems)
        return Origin(lambda _: constant, None, (), Kind.ANY)
    sources = _compile_sources(form, types, problems)
    if not sources:
        return Origin(lambda _: None, None, (), Kind.ANY)
    is_list = "sources" in form
    kind = Kind.ANY
    if chain.is_sound:
        kind = check_flow(chain, sources, form.get("apply", ()), problems, is_list=is_list)
    texts = tuple(source.text for source in sources)
    read = _read_all(sources) if is_list else sources[0].read
    return Origin(read, chain.run, texts, kind)


def _as_text_target(origin: Origin, longest: int, problems: Problems) -> Origin:
    """The origin with its value made text of at most so many characters."""
    if not fits(Kind.TEXT, origin.kind):
        problems.add(f"it takes text, but is given {origin.kind}")
    if not origin.sources:
        _check_constant(origin.read(_NOWHERE), longest, problems)
    cut = text_of_at_most(longest)
    first = origin.transform
    transform = cut if first is None else lambda value: cut(first(value))
    return replace(origin, transform=transform)


def _check_constant(constant: object, longest: int, problems: Problems) -> None:
    try:
        length = 0 if constant is None else len(as_text(constant).strip())
    except RecordRejectedError as error:
        problems.add(f"'value': {error.message}: write it in quotes")
        return
    if length > longest:
        problems.add(f"'value' has {length} characters, but it takes {longest} at most")


def _compile_constant(value: object, chain: Chain, problems: Problems) -> object:
    try:
        constant: object = scalar(value)
        return constant if chain.run is None else chain.run(constant)
    except (ValueError, RecordRejectedError) as error:
        problems.add(f"'value': {error}")
        return None


def _compile_sources(
    form: Mapping[str, object], types: ScopeTypes, problems: Problems
) -> list[Source]:
    if "sources" not in form:
        written = [form["source"]] if "source" in form else []
    elif isinstance(form["sources"], list | tuple) and 0 < len(form["sources"]) <= MOST_SOURCES:
        written = list(form["sources"])
    else:
        problems.add(f"'sources' is a list of 1 to {MOST_SOURCES} paths")
        return []
    compiled: list[Source] = []
    for text in written:
        source = _compile_path(text, types, problems)
        if source is not None:
            compiled.append(source)
    return compiled if len(compiled) == len(written) else []


def _compile_path(text: object, types: ScopeTypes, problems: Problems) -> Source | None:
    if not isinstance(text, str):
        problems.add("a source is a path in quotes")
        return None
    try:
        return compile_source(text, types)
    except ValueError as error:
        problems.add(str(error))
        return None


def _compile_condition(form: object, types: ScopeTypes, problems: Problems) -> Condition | None:
    if not isinstance(form, Mapping) or "source" not in form:
        problems.add("'when' is a table with a 'source' and one of equals, in, matches, empty")
        return None
    source = _compile_path(form["source"], types, problems)
    given = {key: value for key, value in form.items() if key != "source"}
    arguments, reasons = bind(_QUESTION_PARAMETERS, given)
    try:
        one_question(arguments if not reasons else {"equals": None})
    except ValueError as error:
        reasons.append(str(error))
    for reason in reasons:
        problems.add(f"'when': {reason}")
    if source is None:
        return None
    read = source.read
    return lambda scope: holds(read(scope), **arguments)


def _read_all(sources: list[Source]) -> ReadScope:
    reads = tuple(source.read for source in sources)
    return lambda scope: [read(scope) for read in reads]
