"""State databases for tests: a migrated template, cloned for each test or module."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
import sqlalchemy as sa

from udsync_pipelines.store.migrations import migrate


def text_of(url: sa.URL) -> str:
    """The URL with its password, as an operator would write it."""
    return url.render_as_string(hide_password=False)


@dataclass(frozen=True)
class StateServer:
    """A server as its superuser, who makes logins and databases but never runs a test."""

    admin: sa.URL

    def run(self, *statements: str, database: str | None = None) -> None:
        """Run statements as the superuser."""
        url = self.admin.set(drivername="postgresql", database=database or self.admin.database)
        with psycopg.connect(text_of(url), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    @contextmanager
    def login(self, attributes: str = "") -> Iterator[sa.URL]:
        """A new login, which is no superuser, dropped at the end with what it owns elsewhere."""
        name, password = f"test_login_{secrets.token_hex(4)}", secrets.token_hex(12)
        self.run(f"CREATE ROLE {name} LOGIN PASSWORD '{password}' {attributes}")
        try:
            yield self.admin.set(username=name, password=password)
        finally:
            self.run(f"DROP OWNED BY {name} CASCADE", f"DROP ROLE {name}")

    @contextmanager
    def installer(self) -> Iterator[sa.URL]:
        """A login that may migrate, although another one has made the roles of this server."""
        with self.login("CREATEROLE") as login:
            roles = "udsync_app, udsync_dispatch"
            self.run(f"GRANT {roles} TO {login.username} WITH ADMIN TRUE, SET FALSE")
            yield login

    @contextmanager
    def database(self, login: sa.URL, template: str = "template0") -> Iterator[sa.URL]:
        """A new database that the login owns, dropped at the end."""
        name = f"test_state_{secrets.token_hex(6)}"
        self.run(f"CREATE DATABASE {name} OWNER {login.username} TEMPLATE {template}")
        try:
            yield login.set(database=name)
        finally:
            self.run(f"DROP DATABASE {name} WITH (FORCE)")


@dataclass(frozen=True)
class StateTemplate:
    """A migrated database to clone; its login is like that of an installation."""

    server: StateServer
    url: sa.URL

    @contextmanager
    def clone(self) -> Iterator[str]:
        """The URL of a migrated database of its own, dropped at the end."""
        with self.server.database(self.url, str(self.url.database)) as url:
            yield text_of(url)


@contextmanager
def migrated_template(server: StateServer) -> Iterator[StateTemplate]:
    """Make the login and the template; a login that may create roles, as `udsync up` makes it."""
    with server.login("CREATEROLE") as login, server.database(login) as url:
        migrate(text_of(url))
        yield StateTemplate(server, url)
