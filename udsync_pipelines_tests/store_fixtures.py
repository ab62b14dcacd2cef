"""Emulated stores as fixtures; a test package takes them by importing the names it needs.

``recorded_store`` serves the recorded store and may be changed by the test. ``store_emulator``
starts any other: ``store_emulator(orders=50, seed=3)``.
"""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from udsync_pipelines.emulators.woocommerce import StoreEmulator

StartStore = Callable[..., StoreEmulator]


@pytest.fixture
def store_emulator() -> Iterator[StartStore]:
    """Start emulated stores; all are stopped when the test ends."""
    started: list[StoreEmulator] = []

    def start(**options: Any) -> StoreEmulator:
        emulator = StoreEmulator(**options)
        started.append(emulator)
        emulator.start()
        return emulator

    yield start
    for emulator in started:
        emulator.stop()


@pytest.fixture
def recorded_store(store_emulator: StartStore) -> StoreEmulator:
    """Return the recorded store, fresh for each test."""
    return store_emulator()


@pytest.fixture
def ask(recorded_store: StoreEmulator) -> Iterator[httpx.Client]:
    """Return a client of the recorded store with its key, based at ``/wp-json/wc/v3``."""
    with client_of(recorded_store) as client:
        yield client


def client_of(store: StoreEmulator) -> httpx.Client:
    """Return a client with the store's key, based at ``/wp-json/wc/v3``."""
    return httpx.Client(
        base_url=f"{store.url}/wp-json/wc/v3",
        auth=(store.consumer_key, store.consumer_secret),
        timeout=30,
    )
