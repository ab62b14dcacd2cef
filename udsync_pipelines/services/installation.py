"""An installation, opened: its databases, its keys, and what is stored of tenants."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Self

from udsync_pipelines.services.databases import Databases, open_databases, plain_url
from udsync_pipelines.settings import Settings, ensure_home, load_settings
from udsync_pipelines.store.key_file import load_keys
from udsync_pipelines.store.migrations import check, migrate
from udsync_pipelines.store.partitions import ensure_partitions, upcoming_months
from udsync_pipelines.store.repositories import sealing_keys, tenants
from udsync_pipelines.store.repositories.tenants import Tenant
from udsync_pipelines.store.secrets import MultiKey
from udsync_pipelines.store.tenancy import StateDatabase


@dataclass(frozen=True)
class Installation:
    """What every command and every run works with. Close it when done."""

    settings: Settings
    databases: Databases
    state: StateDatabase

    @cached_property
    def keys(self) -> MultiKey:
        """The keys that seal this installation's credentials.

        Raises:
            ConfigurationError: they are not the keys that sealed what is stored.
        """
        configured = self.settings.secret_key
        keys = load_keys(
            configured.get_secret_value() if configured else None, self.settings.secret_key_file
        )
        with self.state.dispatch() as connection:
            sealing_keys.verify(connection, keys)
        return keys

    def tenant(self, name: str) -> Tenant:
        """The tenant of this name.

        Raises:
            ConfigurationError: there is none; the message names those there are.
        """
        with self.state.dispatch() as connection:
            return tenants.get(connection, name)

    def close(self) -> None:
        """Close the connections."""
        self.state.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_installation(settings: Settings | None = None) -> Installation:
    """Open the installation that the settings name; its state is brought up to date first.

    The embedded server is started if it is the one to use. On a server of the operator's, the
    schema is checked but never changed here.

    Raises:
        ConfigurationError: the home folder, the server or the schema needs someone to act.
    """
    settings = settings or load_settings()
    ensure_home(settings)
    databases = open_databases(settings)
    url = plain_url(databases.state_url)
    if settings.database_url is None:
        migrate(url)
    else:
        check(url)
    state = StateDatabase(url)
    with state.maintenance() as connection:
        ensure_partitions(connection, upcoming_months(datetime.now(UTC).date()))
    return Installation(settings, databases, state)
