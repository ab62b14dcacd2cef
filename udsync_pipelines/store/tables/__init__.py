"""The tables of the state store, one module per topic; `metadata` knows them all."""

from udsync_pipelines.store.tables import (
    archive,
    connections,
    decisions,
    policies,
    queue,
    quota,
    tenants,
    webhooks,
)
from udsync_pipelines.store.tables.declarative import SCHEMA, StoreTable

metadata = StoreTable.metadata

__all__ = [
    "SCHEMA",
    "archive",
    "connections",
    "decisions",
    "metadata",
    "policies",
    "queue",
    "quota",
    "tenants",
    "webhooks",
]
