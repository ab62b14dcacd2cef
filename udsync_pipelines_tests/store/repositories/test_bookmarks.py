"""What is remembered of a connection, by purpose."""

import pytest

from udsync_pipelines.store.repositories.bookmarks import Bookmarks
from udsync_pipelines.store.tenancy import StateDatabase
from udsync_pipelines_tests.store.samples import household

pytestmark = pytest.mark.postgres


def test_each_purpose_and_entity_is_remembered_apart(state_database: StateDatabase) -> None:
    owner = household(state_database, "acme")
    read = Bookmarks(state_database, owner.tenant_id, owner.connection_id, "read")
    other = Bookmarks(state_database, owner.tenant_id, owner.connection_id, "other")

    read.write({"at": 1}, "order")
    read.write({"at": 2}, "order")
    read.write({"at": 3})

    assert read.read("order") == {"at": 2}
    assert read.read() == {"at": 3}
    assert other.read("order") is None


def test_what_is_forgotten_is_not_remembered_and_the_rest_stays(
    state_database: StateDatabase,
) -> None:
    owner = household(state_database, "acme")
    bookmarks = Bookmarks(state_database, owner.tenant_id, owner.connection_id, "lists")
    bookmarks.write({"a": "b"})
    bookmarks.write({"a": "c"}, "order")

    bookmarks.forget()

    assert bookmarks.read() is None
    assert bookmarks.read("order") == {"a": "c"}
