"""Function chains: what happens to a value between its source and its target."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from udsync_pipelines.mapping import functions  # noqa: F401 - fills the register
from udsync_pipelines.mapping.kinds import Kind, element_of, fits, kind_of
from udsync_pipelines.mapping.path import Path, Read
from udsync_pipelines.mapping.problems import Problems
from udsync_pipelines.mapping.registry import FunctionDefinition, find_function, function_names
from udsync_pipelines.mapping.source import Source, compile_steps
from udsync_pipelines.mapping.suggestions import did_you_mean

MOST_STEPS = 20


@dataclass(frozen=True, slots=True)
class Chain:
    """Compiled functions in their order; `run` is None for a chain without any."""

    run: Read | None
    functions: tuple[FunctionDefinition, ...]
    is_sound: bool  # false when a problem was noted: then there is no telling what flows


def compile_chain(form: object, problems: Problems) -> Chain:
    """Compile what a rule says under `apply`; problems are noted."""
    if not isinstance(form, list | tuple):
        problems.add("'apply' is a list of functions")
        return Chain(None, (), is_sound=False)
    if len(form) > MOST_STEPS:
        problems.add(f"'apply' has more than {MOST_STEPS} functions")
    definitions: list[FunctionDefinition] = []
    steps: list[Read] = []
    for step in form:
        definition, run = _compile_step(step, problems)
        if definition is not None and run is not None:
            definitions.append(definition)
            steps.append(run)
    run_all = _all_of(tuple(steps)) if steps else None
    return Chain(run_all, tuple(definitions), is_sound=len(steps) == len(form))


def check_flow(
    chain: Chain, sources: Sequence[Source], form: object, problems: Problems, *, is_list: bool
) -> Kind:
    """Note where a value could never pass from its source, through the chain, to the target.

    Returns what kind of value reaches the target. `is_list` says that the rule has `sources`, so
    that the chain begins with a list.
    """
    given = Kind.LIST if is_list else sources[0].kind
    if any(source.holds_records for source in sources):
        _check_records(chain, sources, form, problems, is_list=is_list)
    if is_list and (not chain.functions or chain.functions[0].takes is not Kind.LIST):
        problems.add("several sources need concat or coalesce as the first function")
        return Kind.ANY
    for definition in chain.functions:
        if not fits(definition.takes, given):
            problems.add(f"{definition.name!r} takes {definition.takes}, but is given {given}")
        given = definition.gives
    return given


def _compile_step(
    step: object, problems: Problems
) -> tuple[FunctionDefinition | None, Read | None]:
    form = {"function": step} if isinstance(step, str) else step
    if not isinstance(form, Mapping) or not isinstance(form.get("function"), str):
        problems.add("each step of 'apply' is a name, or a table with 'function' and its arguments")
        return None, None
    name = form["function"]
    definition = find_function(name)
    if definition is None:
        problems.add(f"there is no function {name!r}{did_you_mean(name, function_names())}")
        return None, None
    given = {key: value for key, value in form.items() if key != "function"}
    run, reasons = definition.compile(given)
    for reason in reasons:
        problems.add(f"{name!r}: {reason}")
    return definition, run


def _check_records(
    chain: Chain, sources: Sequence[Source], form: object, problems: Problems, *, is_list: bool
) -> None:
    """Records may be counted, plucked or written as JSON, but are no value for a target."""
    source = next(source for source in sources if source.holds_records)
    first = chain.functions[0] if chain.functions else None
    if first is None or first.gives is Kind.ANY or is_list:
        problems.add(
            f"the path {source.text!r} ends at {source.kind}: go on to one of its fields"
            + (", or use 'each', pluck, count or to_json" if source.kind is Kind.LIST else "")
        )
    elif first.name == "pluck":
        _check_pluck(source, form, problems)


def _check_pluck(source: Source, form: Any, problems: Problems) -> None:
    try:
        path = Path.from_text(form[0]["path"])
        _, annotation = compile_steps(path.steps, element_of(source.annotation))
    except ValueError as error:
        problems.add(f"'pluck': {error}")
        return
    if kind_of(annotation) is Kind.RECORD:
        problems.add(
            f"'pluck': the path {path.text!r} ends at a record: go on to one of its fields"
        )


def _all_of(steps: tuple[Read, ...]) -> Read:
    if len(steps) == 1:
        return steps[0]

    def run(value: object) -> object:
        for step in steps:  # unlike a path, a chain goes on with None: `default` waits for it
            value = step(value)
        return value

    return run
