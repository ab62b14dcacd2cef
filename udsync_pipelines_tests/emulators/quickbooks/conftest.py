"""Emulated companies for the tests beside this file."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from udsync_pipelines.emulators.quickbooks import CompanyEmulator
from udsync_pipelines_tests.emulators.quickbooks.books import Books

OpenBooks = Callable[..., Books]


@pytest.fixture(scope="session")
def closing() -> Iterator[ThreadPoolExecutor]:
    """Threads that stop emulators while other tests go on; all are done when the session ends."""
    with ThreadPoolExecutor(4) as pool:
        yield pool


@pytest.fixture
def open_books(closing: ThreadPoolExecutor) -> Iterator[OpenBooks]:
    """Start emulated companies without limits unless told; all are stopped when the test ends."""
    opened: list[Books] = []

    def start(**options: Any) -> Books:
        emulator = CompanyEmulator(**{"limits_factor": 0, **options})
        emulator.start()
        opened.append(Books(emulator))
        return opened[-1]

    yield start
    for books in opened:
        books.client.close()
        closing.submit(books.emulator.stop)


@pytest.fixture
def books(open_books: OpenBooks) -> Books:
    """Return the books of a Canadian company, fresh for each test."""
    return open_books()
