"""How an error of ours looks in Dagster: one sentence, and its cure beside it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec, TypeVar

import dagster as dg

from udsync_pipelines.errors import RetryableError, UdsyncError

Parameters = ParamSpec("Parameters")
Answer = TypeVar("Answer")


def explained(op: Callable[Parameters, Answer]) -> Callable[Parameters, Answer]:
    """Let an op's errors appear as failures with sentence, code, record and cure."""

    @wraps(op)
    def body(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Answer:
        with explaining():
            return op(*args, **kwargs)

    return body


@contextmanager
def explaining() -> Iterator[None]:
    """Let the errors of this block appear as failures with sentence, code, record and cure."""
    try:
        yield
    except UdsyncError as error:
        raise dg.Failure(
            description=str(error),
            metadata={
                name: str(value)  # plain text: Dagster stores no enumerations of ours
                for name in ("code", "platform", "record", "cure", "request_id")
                if (value := getattr(error, name))
            },
            allow_retries=isinstance(error, RetryableError),
        ) from error
