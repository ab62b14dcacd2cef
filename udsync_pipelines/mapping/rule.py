"""One rule: from where, through which functions, to which target."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from udsync_pipelines.errors import RecordRejectedError
from udsync_pipelines.mapping.arguments import bind, parameters_of, scalar
from udsync_pipelines.mapping.chain import Chain, check_flow, compile_chain
from udsync_pipelines.mapping.condition import holds, one_question
from udsync_pipelines.mapping.inputs import refusal
from udsync_pipelines.mapping.path import Read
from udsync_pipelines.mapping.problems import Problems
from udsync_pipelines.mapping.registry import FunctionDefinition
from udsync_pipelines.mapping.source import ReadScope, Scope, ScopeTypes, Source, compile_source
from udsync_pipelines.mapping.suggestions import did_you_mean

Condition: TypeAlias = Callable[[Scope], bool]

RULE_KEYS = frozenset({"target", "source", "sources", "value", "apply", "when", "required", "note"})
_ORIGINS = ("source", "sources", "value")
_TARGET = re.compile(r"[A-Za-z_][A-Za-z0-9_.]{0,127}")
_QUESTION_PARAMETERS = parameters_of(holds)
MOST_SOURCES = 20


@dataclass(frozen=True, slots=True)
class Rule:
    """A compiled rule. `number` counts from 1 in its block; `sources` are the paths as written.

    `read` gives what stands at the source. `evaluate` gives the value for the target: None when
    nothing is there or the condition does not hold; it raises RecordRejectedError when a function
    cannot take the value, or a required one is missing.
    """

    number: int
    target: str
    sources: tuple[str, ...]
    read: ReadScope
    evaluate: ReadScope
    functions: tuple[FunctionDefinition, ...]


@dataclass(frozen=True, slots=True)
class Targets:
    """What the rules of one table may fill: `known` columns (None: any), less the `owned` ones."""

    table: str
    known: Collection[str] | None
    owned: Collection[str]

    def reason_against(self, target: str) -> str | None:
        """Why a rule may not fill this target, or None when it may."""
        if not _TARGET.fullmatch(target):
            return f"{target!r} is no name of a target: use letters, digits, _ and ."
        if target in self.owned or f"{self.table}.{target}" in self.owned:
            return f"{target!r} is filled by udsync itself, no rule may: remove the rule"
        if self.known is not None and target not in self.known:
            return f"{self.table} has no column {target!r}{did_you_mean(target, self.known)}"
        return None


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
    read, transform, sources = _compile_origin(form, chain, types, here)
    if len(problems.lines) > before:
        return None
    return Rule(
        number=number,
        target=target,
        sources=sources,
        read=read,
        evaluate=_evaluator(read, transform, applies, is_required=bool(form.get("required"))),
        functions=chain.functions,
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
) -> tuple[ReadScope, Read | None, tuple[str, ...]]:
    if "value" in form:
        constant = _compile_constant(form["value"], chain, problems)
        return lambda _: constant, None, ()
    sources = _compile_sources(form, types, problems)
    if not sources:
        return lambda _: None, None, ()
    is_list = "sources" in form
    if chain.is_sound:
        check_flow(chain, sources, form.get("apply", ()), problems, is_list=is_list)
    texts = tuple(source.text for source in sources)
    return _read_all(sources) if is_list else sources[0].read, chain.run, texts


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
