"""What is noted after a request never hides how the request has ended."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy.exc import SQLAlchemyError

from udsync_pipelines.errors import UdsyncError

logger = logging.getLogger(__name__)


@contextmanager
def never_failing(what: str) -> Iterator[None]:
    """Log an error of this block instead of raising it: a write would seem not to be done.

    A slot that is not given back expires; a pause or a count that is lost costs little.
    """
    try:
        yield
    except (UdsyncError, SQLAlchemyError, psycopg.Error) as error:
        logger.warning(
            "not noted after a request", extra={"what": what, "error": type(error).__name__}
        )
