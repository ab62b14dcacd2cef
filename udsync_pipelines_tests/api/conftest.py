"""The API over a state database of each module, with stores and companies that deliver to it."""

from collections.abc import Iterator

import pytest

from udsync_pipelines.store.tenancy import StateDatabase
from udsync_pipelines_tests.api.intake import Api, Sender, api_server


@pytest.fixture(scope="module")
def api(module_state_database: StateDatabase) -> Iterator[Api]:
    with api_server(module_state_database) as served:
        yield served


@pytest.fixture
def senders(module_state_database: StateDatabase, api: Api) -> Sender:
    """Senders of this test; the tenants of other tests are none of its."""
    return Sender(module_state_database, api)
