"""Tenants are made once, with a name and a zone that can be used."""

import pytest

from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines.store.repositories import tenants
from udsync_pipelines.store.tenancy import StateDatabase

pytestmark = pytest.mark.postgres


def test_a_tenant_is_found_by_the_name_it_was_made_with(state_database: StateDatabase) -> None:
    with state_database.dispatch() as connection:
        made = tenants.create(connection, "acme", "Europe/Berlin")
    with state_database.dispatch() as connection:
        found = tenants.get(connection, "acme")

    assert found == made
    assert (found.name, found.timezone, found.is_enabled) == ("acme", "Europe/Berlin", True)


def test_a_tenant_without_a_zone_lives_in_edmonton(state_database: StateDatabase) -> None:
    with state_database.dispatch() as connection:
        assert tenants.create(connection, "acme").timezone == "America/Edmonton"


def test_a_second_tenant_of_the_same_name_is_refused(state_database: StateDatabase) -> None:
    with state_database.dispatch() as connection:
        tenants.create(connection, "acme")

        with pytest.raises(ConfigurationError, match="'acme' exists already"):
            tenants.create(connection, "acme")
        assert len(tenants.list_all(connection)) == 1


@pytest.mark.parametrize("name", ["", "Acme", "a b", "a_b", "ä", "a" * 41, "acme\n"])
def test_a_name_that_cannot_be_typed_everywhere_is_refused(
    state_database: StateDatabase, name: str
) -> None:
    with (
        pytest.raises(ConfigurationError, match="small letters, digits and hyphens"),
        state_database.dispatch() as connection,
    ):
        tenants.create(connection, name)


@pytest.mark.parametrize("zone", ["", "Edmonton", "MST7MDT2", "../etc/passwd", "UTC+2"])
def test_a_zone_that_is_none_is_refused(state_database: StateDatabase, zone: str) -> None:
    with (
        pytest.raises(ConfigurationError, match="is not a time zone"),
        state_database.dispatch() as connection,
    ):
        tenants.create(connection, "acme", zone)


def test_an_unknown_name_is_answered_with_those_there_are(state_database: StateDatabase) -> None:
    with state_database.dispatch() as connection:
        with pytest.raises(ConfigurationError, match="udsync tenant create zeta"):
            tenants.get(connection, "zeta")
        tenants.create(connection, "beta")
        tenants.create(connection, "acme")

        with pytest.raises(ConfigurationError, match="Use one of: acme, beta"):
            tenants.get(connection, "zeta")
        assert tenants.find(connection, "zeta") is None
