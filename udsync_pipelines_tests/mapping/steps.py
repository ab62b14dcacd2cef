"""Running one mapping function exactly as a profile would."""

from collections.abc import Mapping

from udsync_pipelines.errors import RecordRejectedError
from udsync_pipelines.mapping import functions  # noqa: F401 - fills the register
from udsync_pipelines.mapping.registry import find_function


def run(value: object, step: str | Mapping[str, object]) -> object:
    """What a step of `apply` makes of a value.

    Raises:
        ValueError: the arguments are refused.
        RecordRejectedError: the value is refused.
    """
    form = {"function": step} if isinstance(step, str) else step
    definition = find_function(str(form["function"]))
    assert definition is not None
    ready, reasons = definition.compile({k: v for k, v in form.items() if k != "function"})
    if ready is None:
        raise ValueError("; ".join(reasons))
    return ready(value)


def refusal_of(value: object, step: str | Mapping[str, object]) -> RecordRejectedError | None:
    """The refusal of a value by a step, or None when it is taken; other errors pass."""
    try:
        run(value, step)
    except RecordRejectedError as refused:
        return refused
    return None
