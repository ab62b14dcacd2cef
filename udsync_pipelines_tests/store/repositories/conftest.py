"""Tenants that sync, each test with a database of its own."""

import pytest

from udsync_pipelines.store.tenancy import StateDatabase
from udsync_pipelines_tests.store.repositories.syncing import Tenant, new_tenant


@pytest.fixture
def acme(state_database: StateDatabase, state_url: str) -> Tenant:
    return new_tenant(state_database, "acme", state_url)


@pytest.fixture
def other(state_database: StateDatabase) -> Tenant:
    return new_tenant(state_database, "other")
