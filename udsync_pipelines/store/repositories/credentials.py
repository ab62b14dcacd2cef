"""Sealed credentials of a connection, in a transaction of its tenant."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.dialects.postgresql import insert

from udsync_pipelines.store.secrets import MultiKey, SecretPlace
from udsync_pipelines.store.tables.connections import Connections, IntegrationCredentials
from udsync_pipelines.store.tables.states import Platform


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


def _of(owner: Owner) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        IntegrationCredentials.tenant_id == owner.tenant_id,
        IntegrationCredentials.connection_id == owner.connection_id,
    )
