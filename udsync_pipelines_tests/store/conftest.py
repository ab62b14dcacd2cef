"""State databases of these tests."""

from collections.abc import Iterator

import pytest

from udsync_pipelines.store.tenancy import StateDatabase
from udsync_pipelines_tests.store.databases import StateServer, StateTemplate


@pytest.fixture
def state_server(state_template: StateTemplate) -> StateServer:
    return state_template.server


@pytest.fixture(scope="module")
def module_state_database(state_template: StateTemplate) -> Iterator[StateDatabase]:
    with state_template.clone() as url:
        database = StateDatabase(url)
        yield database
        database.close()
