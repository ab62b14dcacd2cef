"""Dagster's own storage: pooled PostgreSQL in udsync's installation.

Three things that the stock class does not do: it finds the database by itself, so that every
Dagster process works without a setting; it names the driver (with SQLAlchemy 2.1 a plain
`postgresql://` means psycopg 3, for which dagster-postgres' NOTIFY is a syntax error); and it
keeps connections (the stock class opens one a statement outside the webserver).
"""

from collections.abc import Mapping
from typing import Any, Self

from dagster._serdes import ConfigurableClassData
from dagster_postgres import DagsterPostgresStorage

from udsync_pipelines.services.databases import open_databases
from udsync_pipelines.settings import load_settings

STATEMENT_TIMEOUT_MS = 60_000
POOL_RECYCLE_SECONDS = 1_800
MAX_OVERFLOW = 20


class UdsyncStorage(DagsterPostgresStorage):
    """Runs, events and schedules in the database that udsync's settings name."""

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        """No settings of its own."""
        return {}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> Self:
        """Open the storage; the embedded server is started when it is the one to use."""
        url = open_databases(load_settings()).dagster_url.render_as_string(hide_password=False)
        storage = cls(postgres_url=url, inst_data=inst_data)
        for store in (storage.run_storage, storage.event_log_storage, storage.schedule_storage):
            store.optimize_for_webserver(STATEMENT_TIMEOUT_MS, POOL_RECYCLE_SECONDS, MAX_OVERFLOW)
        return storage
