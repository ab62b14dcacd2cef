"""Emulated companies that end with their test."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from udsync_pipelines.emulators.quickbooks.emulator import CompanyEmulator
from udsync_pipelines_tests.connectors.quickbooks.companies import Books


@pytest.fixture
def opened() -> Iterator[Callable[..., Books]]:
    """Open companies with options of the emulator; they are closed with the test."""
    running: list[Books] = []

    def start(**options: Any) -> Books:
        company = CompanyEmulator(**{"limits_factor": 0, **options})
        company.start()
        running.append(Books(company))
        return running[-1]

    yield start
    for books in running:
        books.close()
        books.company.stop()


@pytest.fixture
def books(opened: Callable[..., Books]) -> Books:
    """A Canadian company without limits."""
    return opened()


@pytest.fixture(scope="module")
def shared_books() -> Iterator[Books]:
    """A Canadian company for tests that change nothing that others see."""
    with CompanyEmulator(limits_factor=0) as company:
        books = Books(company)
        yield books
        books.close()
