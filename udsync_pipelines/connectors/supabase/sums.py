"""Counts and exact sums of a store's tables, to be compared with the shop's own figures."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import LiteralString
from uuid import UUID

from psycopg import sql
from psycopg.rows import TupleRow

from udsync_pipelines.connectors.supabase.connection import Connection
from udsync_pipelines.connectors.supabase.tables import ORDERS, REFUNDS, ROOT_TABLES
from udsync_pipelines.domain.identity import Entity

COUNT: LiteralString = (
    "select count(*) from {table} where store_id = {store} and deleted_at is null"
)
ORDER_SUMS: LiteralString = """
select coalesce(currency, ''), count(*), coalesce(sum(total), 0), coalesce(sum(total_tax), 0)
  from {table} where store_id = {store} and deleted_at is null group by 1 order by 1
"""
REFUND_SUMS: LiteralString = """
select coalesce(currency, ''), count(*), coalesce(sum(amount), 0), coalesce(sum(total_tax), 0)
  from {table} where store_id = {store} and deleted_at is null group by 1 order by 1
"""


@dataclass(frozen=True, slots=True)
class CurrencySums:
    """How many documents there are in one currency, what they amount to, and the tax in it.

    For refunds `total` is the amount paid back, positive.
    """

    count: int
    total: Decimal
    total_tax: Decimal


@dataclass(frozen=True, slots=True)
class StoreSums:
    """What a store has in the database; sums are keyed by currency code (empty if none is set)."""

    counts: Mapping[Entity, int]
    orders: Mapping[str, CurrencySums]
    refunds: Mapping[str, CurrencySums]


def read_sums(connection: Connection, schema: str, store_id: UUID) -> StoreSums:
    """Read them all as of one moment; records that left the store are not counted."""
    store = sql.Literal(store_id)

    def rows(template: LiteralString, table: str) -> list[TupleRow]:
        query = sql.SQL(template).format(table=sql.Identifier(schema, table), store=store)
        return connection.execute(query).fetchall()

    with connection.transaction():
        connection.execute("set transaction isolation level repeatable read read only")
        counts = {entity: rows(COUNT, table.name)[0][0] for entity, table in ROOT_TABLES.items()}
        orders = {row[0]: CurrencySums(*row[1:]) for row in rows(ORDER_SUMS, ORDERS.name)}
        refunds = {row[0]: CurrencySums(*row[1:]) for row in rows(REFUND_SUMS, REFUNDS.name)}
    return StoreSums(counts, orders, refunds)
