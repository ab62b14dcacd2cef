"""A valid row of every table, made from what the table says of its columns."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from udsync_pipelines.store.repositories import connections, tenants
from udsync_pipelines.store.secrets import MultiKey
from udsync_pipelines.store.tables.states import Platform
from udsync_pipelines.store.tenancy import StateDatabase

NOW = datetime.now(UTC)
KEYS = MultiKey({"k1": bytes(range(32))}, "k1")


@dataclass(frozen=True)
class Household:
    """A tenant with a connection and, once it is inserted, a plan."""

    tenant_id: UUID
    connection_id: UUID
    plan_id: UUID


def shop(external_id: str = "shop.example") -> connections.NewConnection:
    return connections.NewConnection(Platform.WOOCOMMERCE, "Shop", external_id, {})


def household(database: StateDatabase, name: str) -> Household:
    with database.dispatch() as connection:
        tenant = tenants.create(connection, name)
    with database.tenant(tenant.id) as connection:
        saved = connections.save(connection, tenant.id, shop(), KEYS)
    return Household(tenant.id, saved.id, uuid4())


def sample_row(table: sa.Table, owner: Household) -> dict[str, Any]:
    """Values for the columns that must have one; those of a key name the owner's things."""
    row = {
        column.name: _value(column)
        for column in table.columns
        if not column.nullable and column.server_default is None and column.computed is None
    }
    for column in table.columns:
        if column.name == "tenant_id":
            row[column.name] = owner.tenant_id
        elif column.name.endswith("connection_id") and not column.nullable:
            row[column.name] = owner.connection_id
    if table.name == "plans":
        row["id"] = owner.plan_id
    if table.name == "connections":
        row["external_id"] = f"{owner.tenant_id}.example"
    if table.name == "api_keys":
        row["key_hash"] = uuid4().bytes * 2
    if table.name == "oauth_states":
        row["state_hash"] = uuid4().bytes * 2
    return row


def _value(column: sa.Column[Any]) -> Any:
    kind = column.type
    if isinstance(kind, sa.Enum):
        return kind.enums[0]
    if isinstance(kind, sa.JSON):
        return {"a": 1}
    values: dict[type[Any], Any] = {
        bytes: bytes(32),
        str: "text",
        int: 1,
        datetime: NOW,
        date: NOW.date(),
        Decimal: Decimal("1.25"),
        UUID: uuid4(),
    }
    return values[kind.python_type]
