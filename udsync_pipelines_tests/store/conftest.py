"""State databases of these tests."""

import pytest

from udsync_pipelines_tests.store.databases import StateServer, StateTemplate


@pytest.fixture
def state_server(state_template: StateTemplate) -> StateServer:
    return state_template.server
