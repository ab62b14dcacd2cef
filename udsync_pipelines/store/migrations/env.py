"""What Alembic runs: one transaction, one migrating process at a time, our schema only."""

import re
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import context
from sqlalchemy.pool import NullPool

from udsync_pipelines.store.address import connect_arguments
from udsync_pipelines.store.migrations.roles import ensure_roles
from udsync_pipelines.store.partitions import PARTITIONED, ensure_partitions, upcoming_months
from udsync_pipelines.store.tables import SCHEMA, metadata

_LOCK = 0x75646D67  # "udmg": the second of two upgrades waits for the first
_PARTITION = re.compile(rf"({'|'.join(PARTITIONED)})_\d{{4}}_\d{{2}}")


def _is_ours(name: str | None, kind: str, _parents: Any) -> bool:
    return kind != "schema" or name == SCHEMA


def _is_modelled(_item: Any, name: str | None, kind: str, _reflected: bool, _other: Any) -> bool:  # noqa: FBT001 - Alembic's signature
    return kind != "table" or _PARTITION.fullmatch(name or "") is None


def _prepare(connection: sa.Connection) -> None:
    """Wait for another upgrade, then be brief with locks; make what revisions take for granted."""
    for statement in (
        "SET LOCAL search_path = public",  # a login named like the schema would hide it
        "SET LOCAL lock_timeout = '5min'",
        f"SELECT pg_advisory_xact_lock({_LOCK})",
        "SET LOCAL lock_timeout = '5s'",
    ):
        connection.exec_driver_sql(statement)
    ensure_roles(connection)
    connection.exec_driver_sql(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")


def _run() -> None:
    attributes = context.config.attributes
    url: sa.URL = attributes["url"]
    is_upgrade: bool = attributes.get("is_upgrade", False)
    engine = sa.create_engine(
        url, poolclass=NullPool, hide_parameters=True, connect_args=connect_arguments(url)
    )
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=metadata,
            version_table_schema=SCHEMA,
            include_schemas=True,
            include_name=_is_ours,
            include_object=_is_modelled,
            on_version_apply=attributes.get("on_version_apply", ()),
        )
        with context.begin_transaction():
            if is_upgrade:
                _prepare(connection)
            context.run_migrations()
            if is_upgrade:
                ensure_partitions(connection, upcoming_months(datetime.now(UTC).date()))


_run()
