"""Which keys seal this database, in a dispatch transaction."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines.store.secrets import MultiKey
from udsync_pipelines.store.tables.tenants import SealingKeys


def verify(connection: sa.Connection, keys: MultiKey) -> None:
    """Check at the start that these are the keys of this database; note a new primary one.

    Raises:
        ConfigurationError: a key of the database is not held, or another one has its id.
    """
    recorded = connection.execute(sa.select(SealingKeys.key_id, SealingKeys.check_value)).all()
    for row in recorded:
        if row.key_id not in keys.key_ids:
            message = f"Wrong key: this database is sealed with the key {row.key_id!r}."
            cure = "Put that key back beside the new one (UDSYNC_SECRET_KEY or the key file)."
            raise ConfigurationError(message, code="key_wrong", cure=cure)
        keys.confirm(row.check_value)
    connection.execute(
        insert(SealingKeys)
        .values(key_id=keys.primary, check_value=keys.check_value())
        .on_conflict_do_nothing()
    )


def retire(connection: sa.Connection, keys: MultiKey) -> int:
    """Forget all keys but the primary one, once every tenant's secrets are sealed with it.

    Returns how many were forgotten; from then on they need not be given any more.
    """
    statement = sa.delete(SealingKeys).where(SealingKeys.key_id != keys.primary)
    return connection.execute(statement).rowcount
