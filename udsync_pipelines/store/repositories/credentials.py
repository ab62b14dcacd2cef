"""Sealed credentials of a connection, in a transaction of its tenant."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.dialects.postgresql import insert

from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines.store.secrets import MultiKey, SecretPlace
from udsync_pipelines.store.tables.connections import Connections, IntegrationCredentials
from udsync_pipelines.store.tables.states import Platform
from udsync_pipelines.store.tenancy import StateDatabase

# Longer than any platform is waited for: what it answers is lost with the transaction.
_ANSWER_MAY_TAKE = sa.text(
    "SELECT set_config('idle_in_transaction_session_timeout', '10min', true)"
)


@dataclass(frozen=True, slots=True)
class Owner:
    """The connection that credentials belong to."""

    tenant_id: UUID
    platform: Platform
    connection_id: UUID

    def place(self, name: str) -> SecretPlace:
        """Where a secret of this connection belongs.

        The connection is part of the name: a sandbox's token does not open as the live one.
        """
        return SecretPlace(self.tenant_id, self.platform.value, f"{self.connection_id}/{name}")


def replace_all(
    connection: sa.Connection, owner: Owner, secrets: Mapping[str, SecretStr], keys: MultiKey
) -> None:
    """Make these the credentials of the connection; others of it are deleted."""
    connection.execute(sa.delete(IntegrationCredentials).where(*_of(owner)))
    for name in sorted(secrets):
        store(connection, owner, name, secrets[name], keys)


def store(
    connection: sa.Connection, owner: Owner, name: str, secret: SecretStr, keys: MultiKey
) -> None:
    """Seal and store one credential in place of the former one of this name."""
    values = {
        "sealed": keys.seal(secret.get_secret_value(), owner.place(name)),
        "key_id": keys.primary,
        "updated_at": sa.func.now(),
    }
    connection.execute(
        insert(IntegrationCredentials)
        .values(tenant_id=owner.tenant_id, connection_id=owner.connection_id, name=name, **values)
        .on_conflict_do_update(index_elements=["tenant_id", "connection_id", "name"], set_=values)
    )


def open_all(connection: sa.Connection, owner: Owner, keys: MultiKey) -> Mapping[str, SecretStr]:
    """The credentials of the connection by name, opened.

    Raises:
        ConfigurationError: the key is not held, or a value was changed or moved.
    """
    rows = connection.execute(
        sa.select(IntegrationCredentials.name, IntegrationCredentials.sealed)
        .where(*_of(owner))
        .order_by(IntegrationCredentials.name)
    )
    return {row.name: SecretStr(keys.open(row.sealed, owner.place(row.name))) for row in rows}


@dataclass(frozen=True, slots=True)
class LockedCredentials:
    """The credentials of one connection, renewed by one process at a time.

    Implements the token store of a connector.
    """

    database: StateDatabase
    owner: Owner
    keys: MultiKey

    def read(self) -> Mapping[str, SecretStr]:
        """The credentials by name, without a lock.

        Raises:
            ConfigurationError: the key is not held, or a value was changed or moved.
        """
        with self.database.tenant(self.owner.tenant_id) as connection:
            return open_all(connection, self.owner, self.keys)

    def renew(
        self, change: Callable[[Mapping[str, SecretStr]], Mapping[str, SecretStr]]
    ) -> Mapping[str, SecretStr]:
        """Lock, read, let `change` tell what is new, store and commit; return what holds then.

        `change` may talk to the platform: only one process at a time is in it, and connecting
        anew waits for it. What it raises is raised, and nothing is stored.

        Raises:
            ConfigurationError: the connection is gone, the key is not held, or a value was
                changed or moved.
        """
        with self.database.tenant(self.owner.tenant_id) as connection:
            connection.execute(_ANSWER_MAY_TAKE)
            _lock(connection, self.owner)
            held = open_all(connection, self.owner, self.keys)
            new = change(held)
            for name in sorted(new):
                if held.get(name) != new[name]:
                    store(connection, self.owner, name, new[name], self.keys)
        return {**held, **new}


def reseal_all(connection: sa.Connection, tenant_id: UUID, keys: MultiKey) -> int:
    """Seal again, with the primary key, what another key sealed; return how many.

    A credential that was renewed meanwhile is left as it is.

    Raises:
        ConfigurationError: a former key is not held any more.
    """
    rows = connection.execute(
        sa.select(
            IntegrationCredentials.connection_id,
            IntegrationCredentials.name,
            IntegrationCredentials.sealed,
            Connections.platform,
        )
        .join(
            Connections,
            sa.and_(
                Connections.tenant_id == IntegrationCredentials.tenant_id,
                Connections.id == IntegrationCredentials.connection_id,
            ),
        )
        .where(
            IntegrationCredentials.tenant_id == tenant_id,
            IntegrationCredentials.key_id != keys.primary,
        )
    ).all()
    resealed = 0
    for row in rows:
        owner = Owner(tenant_id, row.platform, row.connection_id)
        resealed += connection.execute(
            sa.update(IntegrationCredentials)
            .where(
                *_of(owner),
                IntegrationCredentials.name == row.name,
                IntegrationCredentials.sealed == row.sealed,
            )
            .values(sealed=keys.reseal(row.sealed, owner.place(row.name)), key_id=keys.primary)
        ).rowcount
    return resealed


def _lock(connection: sa.Connection, owner: Owner) -> None:
    # The row that connecting anew updates too. Rows that refer to it can still be added: they
    # need its key only.
    found = connection.execute(
        sa.select(Connections.id)
        .where(Connections.tenant_id == owner.tenant_id, Connections.id == owner.connection_id)
        .with_for_update(key_share=True)
    ).one_or_none()
    if found is None:
        message = f"This tenant has no connection {owner.connection_id}."
        raise ConfigurationError(message, code="connection_unknown")


def _of(owner: Owner) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        IntegrationCredentials.tenant_id == owner.tenant_id,
        IntegrationCredentials.connection_id == owner.connection_id,
    )
