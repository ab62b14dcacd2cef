"""A wrong key is found at the start, before any credential is touched."""

import pytest

from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines.store.repositories import sealing_keys
from udsync_pipelines.store.secrets import MultiKey
from udsync_pipelines.store.tenancy import StateDatabase

pytestmark = pytest.mark.postgres

OLD = MultiKey({"k1": bytes(32)}, "k1")
BOTH = MultiKey({"k2": bytes(range(32)), "k1": bytes(32)}, "k2")
NEW = MultiKey({"k2": bytes(range(32))}, "k2")


def verify(database: StateDatabase, keys: MultiKey) -> None:
    with database.dispatch() as connection:
        sealing_keys.verify(connection, keys)


def test_the_first_key_is_taken_and_passes_from_then_on(state_database: StateDatabase) -> None:
    verify(state_database, OLD)

    verify(state_database, OLD)


def test_another_key_with_the_same_id_is_a_wrong_key(state_database: StateDatabase) -> None:
    verify(state_database, OLD)

    with pytest.raises(ConfigurationError, match="Wrong key"):
        verify(state_database, MultiKey({"k1": bytes(range(32))}, "k1"))


def test_a_new_key_alone_is_a_wrong_key_until_the_old_one_retires(
    state_database: StateDatabase,
) -> None:
    verify(state_database, OLD)
    with pytest.raises(ConfigurationError, match=r"'k1'.*beside the new one"):
        verify(state_database, NEW)

    verify(state_database, BOTH)
    with state_database.dispatch() as connection:
        retired = sealing_keys.retire(connection, BOTH)

    assert retired == 1
    verify(state_database, NEW)
