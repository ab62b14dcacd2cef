"""What every table shares: schema, names of constraints, column types."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, mapped_column

SCHEMA = "udsync"

_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class StoreTable(DeclarativeBase):
    """A table of the state store. `tenant_id` leads every key, so that no key tells of others."""

    metadata = sa.MetaData(schema=SCHEMA, naming_convention=_NAMES)
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it from the class
        str: sa.Text(),
        bytes: sa.LargeBinary(),
        datetime: sa.TIMESTAMP(timezone=True),
        dict[str, Any]: JSONB(),
    }


TenantKey = Annotated[UUID, mapped_column(sa.Uuid(), primary_key=True)]
NewId = Annotated[
    UUID, mapped_column(sa.Uuid(), primary_key=True, server_default=sa.text("gen_random_uuid()"))
]
KeyUuid = Annotated[UUID, mapped_column(sa.Uuid(), primary_key=True)]
KeyText = Annotated[str, mapped_column(sa.Text(), primary_key=True)]
Money = Annotated[Decimal, mapped_column(sa.Numeric(18, 4))]
Now = Annotated[
    datetime, mapped_column(sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"))
]
JsonObject = Annotated[
    dict[str, Any], mapped_column(JSONB(), server_default=sa.text("'{}'::jsonb"))
]
Switch = Annotated[bool, mapped_column(sa.Boolean(), server_default=sa.text("false"))]
SwitchOn = Annotated[bool, mapped_column(sa.Boolean(), server_default=sa.text("true"))]
Count = Annotated[int, mapped_column(sa.Integer(), server_default=sa.text("0"))]
BigCount = Annotated[int, mapped_column(sa.BigInteger(), server_default=sa.text("0"))]


def one_of(values: type[StrEnum], name: str) -> sa.Enum:
    """Text with a CHECK on these values: unlike a native enumeration it can lose a value later."""
    return sa.Enum(
        values,
        name=name,
        native_enum=False,
        create_constraint=True,
        length=40,
        values_callable=lambda members: [member.value for member in members],
    )


def references_tenant() -> sa.ForeignKeyConstraint:
    """`tenant_id` names an existing tenant."""
    return sa.ForeignKeyConstraint(["tenant_id"], [f"{SCHEMA}.tenants.id"])


def references_connection(column: str = "connection_id") -> sa.ForeignKeyConstraint:
    """`column` names a connection of the same tenant."""
    return _references("connections", column)


def references_plan(column: str = "plan_id") -> sa.ForeignKeyConstraint:
    """`column` names a plan of the same tenant, when it is set."""
    return _references("plans", column)


def _references(table: str, column: str) -> sa.ForeignKeyConstraint:
    targets: Sequence[str] = [f"{SCHEMA}.{table}.tenant_id", f"{SCHEMA}.{table}.id"]
    return sa.ForeignKeyConstraint(["tenant_id", column], targets)
