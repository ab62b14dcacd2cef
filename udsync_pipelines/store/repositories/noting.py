"""Noting what a request has led to."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy.exc import SQLAlchemyError

from udsync_pipelines.errors import UdsyncError

logger = logging.getLogger(__name__)


@contextmanager
def never_failing(what: str) -> Iterator[None]:
    """What comes after a request must not hide its outcome: a write would seem not to be done.

    A slot that is not given back expires; a pause or a count that is lost costs little.
    """
    try:
        yield
    except (UdsyncError, SQLAlchemyError, psycopg.Error) as error:
        logger.warning(
            "limits could not be noted", extra={"what": what, "error": type(error).__name__}
        )
