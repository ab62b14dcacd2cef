"""The register of mapping functions: what a rule may apply, and with which arguments."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from inspect import getdoc, signature
from typing import Any, TypeAlias, TypeVar, get_type_hints

from udsync_pipelines.mapping.arguments import Parameter, bind, parameters_of
from udsync_pipelines.mapping.inputs import CONVERTERS
from udsync_pipelines.mapping.kinds import Kind, kind_of
from udsync_pipelines.mapping.path import Read

# Looks at all arguments together; returns them, perhaps made faster to use; ValueError refuses.
Prepare: TypeAlias = Callable[[dict[str, Any]], dict[str, Any]]
Function = TypeVar("Function", bound=Callable[..., object])


@dataclass(frozen=True, slots=True)
class FunctionDefinition:
    """A registered function. `takes` ANY means that it also sees missing values (None).

    A missing value passes every other function by: it stays missing. `version` grows when the
    same rule would give another result, so that profiles that use it get another version too.
    """

    name: str
    family: str
    version: int
    takes: Kind
    gives: Kind
    parameters: tuple[Parameter, ...]
    description: str
    function: Callable[..., object]
    prepare: Prepare

    def compile(self, given: Mapping[str, object]) -> tuple[Read | None, list[str]]:
        """The function with these arguments, ready to run; or None and the reasons against it."""
        arguments, reasons = bind(self.parameters, given)
        if not reasons:
            try:
                arguments = self.prepare(arguments)
            except ValueError as error:
                reasons.append(str(error))
        if reasons:
            return None, reasons
        return self._ready(arguments), []

    def _ready(self, arguments: dict[str, Any]) -> Read:
        call = partial(self.function, **arguments) if arguments else self.function
        if self.takes is Kind.ANY:
            return call
        convert = CONVERTERS[self.takes]

        def step(value: object) -> object:
            return None if value is None else call(convert(value))

        return step


_REGISTER: dict[str, FunctionDefinition] = {}


def _as_given(arguments: dict[str, Any]) -> dict[str, Any]:
    return arguments


def mapping_function(
    name: str, *, version: int = 1, prepare: Prepare = _as_given
) -> Callable[[Function], Function]:
    """Register a pure function: the value first, its arguments as keywords, all of them typed.

    The value's annotation decides what the function is handed, those of the arguments decide what
    a profile may write. On a value that it cannot take the function raises `refusal(reason)`.

    Args:
        name: what profiles call it.
        version: one more whenever the same rule would give another result.
        prepare: checks the arguments together when a profile is loaded; raises ValueError.

    Raises:
        ValueError: the name is taken.
    """

    def register(function: Function) -> Function:
        if name in _REGISTER:
            raise ValueError(f"two mapping functions are called {name!r}")
        hints = get_type_hints(function)
        first = next(iter(signature(function).parameters))
        _REGISTER[name] = FunctionDefinition(
            name=name,
            family=function.__module__.rpartition(".")[2],
            version=version,
            takes=kind_of(hints[first]),
            gives=kind_of(hints["return"]),
            parameters=parameters_of(function),
            description=getdoc(function) or "",
            function=function,
            prepare=prepare,
        )
        return function

    return register


def find_function(name: str) -> FunctionDefinition | None:
    """The registered function of this name, or None."""
    return _REGISTER.get(name)


def function_names() -> frozenset[str]:
    """The names of all registered functions."""
    return frozenset(_REGISTER)


def functions() -> list[FunctionDefinition]:
    """All registered functions, by family and name."""
    return sorted(_REGISTER.values(), key=lambda known: (known.family, known.name))
