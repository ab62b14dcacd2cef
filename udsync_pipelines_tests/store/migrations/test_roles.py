"""The roles, asked of a server by logins with and without rights."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines.store.migrations import roles
from udsync_pipelines_tests.store.databases import StateServer

pytestmark = pytest.mark.postgres


@pytest.fixture
def weak(state_server: StateServer) -> Iterator[sa.Connection]:
    """A session of a login without any right on roles, in a database of its own."""
    with (
        state_server.login() as login,
        state_server.database(login) as url,
        sa.create_engine(url, poolclass=NullPool).connect() as connection,
    ):
        yield connection


@pytest.fixture
def strong(state_server: StateServer) -> Iterator[sa.Connection]:
    """A session of a login that may create roles, in a database of its own."""
    with (
        state_server.login("CREATEROLE") as login,
        state_server.database(login) as url,
        sa.create_engine(url, poolclass=NullPool).connect() as connection,
    ):
        yield connection


def test_a_missing_role_that_may_not_be_made_is_written_out(weak: sa.Connection) -> None:
    statements = roles._make_role(weak, "udsync_of_a_test")

    assert statements[0] == "CREATE ROLE udsync_of_a_test NOLOGIN"
    assert statements[1].startswith("GRANT udsync_of_a_test TO test_login_")


def test_a_role_that_is_made_can_be_taken_but_not_inherited(strong: sa.Connection) -> None:
    missing = roles._make_role(strong, "udsync_of_a_test")

    assert missing == []
    assert roles._may_take(strong, "udsync_of_a_test")
    inherits = "SELECT pg_has_role(current_user, 'udsync_of_a_test', 'USAGE')"
    assert strong.exec_driver_sql(inherits).scalar() is False


def test_an_app_role_that_sees_everything_is_refused(
    state_server: StateServer, strong: sa.Connection
) -> None:
    state_server.run("ALTER ROLE udsync_dispatch BYPASSRLS")
    try:
        with pytest.raises(ConfigurationError, match="NOSUPERUSER NOBYPASSRLS"):
            roles._refuse_powerful_roles(strong)
    finally:
        state_server.run("ALTER ROLE udsync_dispatch NOBYPASSRLS")


def test_a_database_closed_to_temporary_tables_is_opened_for_the_app(
    state_server: StateServer, strong: sa.Connection
) -> None:
    name = strong.scalar(sa.text("SELECT current_database()"))
    state_server.run(f"REVOKE TEMPORARY ON DATABASE {name} FROM PUBLIC")

    missing = roles._grant_temporary(strong)

    assert missing == []
    right = f"SELECT has_database_privilege('udsync_app', '{name}', 'TEMPORARY')"
    assert strong.exec_driver_sql(right).scalar() is True
