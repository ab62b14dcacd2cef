"""The tables that udsync keeps in a Supabase database, as data.

Every key starts with `store_id`, the id of the connection that the records come from, so that one
database can hold several stores. Ids are the store's own numbers. Money is plain `numeric`: it
keeps every digit it is given. Only `store_id`, `content_hash`, `raw`, `deleted_at` and `synced_at`
belong to the connector; all other columns are filled by mapping rules.
"""

from dataclasses import dataclass
from enum import StrEnum

from udsync_pipelines.domain.identity import Entity


class ColumnType(StrEnum):
    """The column types in use, by their PostgreSQL names."""

    BIGINT = "bigint"
    NUMERIC = "numeric"
    TEXT = "text"
    BOOLEAN = "boolean"
    TIMESTAMPTZ = "timestamp with time zone"
    JSON = "json"
    JSONB = "jsonb"
    BYTEA = "bytea"
    UUID = "uuid"


@dataclass(frozen=True, slots=True)
class Column:
    """A column. `default` is an SQL expression; `comment` is shown to whoever reads the table."""

    name: str
    type: ColumnType
    nullable: bool = True
    default: str | None = None
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A table, its primary key, and its further indexes (each a tuple of column names).

    The indexes do not start with `store_id`: people who look up an order number do not name it,
    and an index that starts like the key would be mistaken for it in a new table.

    `parent_key` is None for a root table, whose rows are records; in a child table it names the
    column with the id of the record that a row belongs to.
    """

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    comment: str
    indexes: tuple[tuple[str, ...], ...] = ()
    parent_key: str | None = None

    def column(self, name: str) -> Column | None:
        """The column of this name, or None."""
        return next((column for column in self.columns if column.name == name), None)


STORE_ID = Column("store_id", ColumnType.UUID, nullable=False, comment="The udsync connection.")
SYNCED_AT = Column(
    "synced_at",
    ColumnType.TIMESTAMPTZ,
    nullable=False,
    default="now()",
    comment="When udsync last wrote this row.",
)
SYSTEM_COLUMNS = (
    Column("content_hash", ColumnType.BYTEA, nullable=False, comment="Equal hash, equal row."),
    Column("raw", ColumnType.JSON, comment="The record exactly as the store sent it."),
    Column("deleted_at", ColumnType.TIMESTAMPTZ, comment="Set when the record left the store."),
    SYNCED_AT,
)
SYSTEM_NAMES = frozenset(column.name for column in (STORE_ID, *SYSTEM_COLUMNS))


def _columns(type_: ColumnType, *names: str) -> tuple[Column, ...]:
    return tuple(Column(name, type_) for name in names)


def _money(*names: str) -> tuple[Column, ...]:
    return _columns(ColumnType.NUMERIC, *names)


def _text(*names: str) -> tuple[Column, ...]:
    return _columns(ColumnType.TEXT, *names)


def _times(*names: str) -> tuple[Column, ...]:
    return _columns(ColumnType.TIMESTAMPTZ, *names)


def _ids(*names: str) -> tuple[Column, ...]:
    return _columns(ColumnType.BIGINT, *names)


def _flags(*names: str) -> tuple[Column, ...]:
    return _columns(ColumnType.BOOLEAN, *names)


def _documents(*names: str) -> tuple[Column, ...]:
    return _columns(ColumnType.JSONB, *names)


def _address(prefix: str) -> tuple[Column, ...]:
    parts = (
        "name", "first_name", "last_name", "company", "address_1", "address_2",
        "city", "state", "postcode", "country", "email", "phone",
    )  # fmt: skip
    return _text(*(f"{prefix}_{part}" for part in parts))


def _root(
    name: str, comment: str, columns: tuple[Column, ...], indexes: tuple[tuple[str, ...], ...] = ()
) -> Table:
    key = Column("id", ColumnType.BIGINT, nullable=False, comment="The store's own id.")
    return Table(
        name, (STORE_ID, key, *columns, *SYSTEM_COLUMNS), ("store_id", "id"), comment, indexes
    )


ORDERS = _root(
    "woo_orders",
    "Orders of a WooCommerce store, one row each. Amounts are in the order's own currency.",
    (
        *_text("number", "status", "currency"),
        *_money(
            "total", "total_tax", "discount_total", "discount_tax",
            "shipping_total", "shipping_tax", "cart_tax",
        ),
        *_flags("prices_include_tax"),
        *_ids("customer_id"),
        *_address("billing"),
        *_address("shipping"),
        *_text(
            "payment_method", "payment_method_title", "transaction_id", "created_via",
            "customer_note",
        ),
        *_documents("coupon_codes", "discounts", "taxes"),
        *_times("created_at", "modified_at", "paid_at", "completed_at"),
    ),
    (("created_at",), ("customer_id",), ("number",)),
)  # fmt: skip

ORDER_LINES = Table(
    "woo_order_lines",
    (
        STORE_ID,
        Column("order_id", ColumnType.BIGINT, nullable=False, comment="woo_orders.id"),
        Column("kind", ColumnType.TEXT, nullable=False, comment="product, shipping or fee"),
        Column("line_id", ColumnType.BIGINT, nullable=False, comment="The store's own id."),
        *_columns(ColumnType.BIGINT, "position"),
        *_text("name", "sku"),
        *_ids("product_id", "variation_id"),
        *_money("quantity", "subtotal", "total", "total_tax"),
        *_text("currency", "tax_class"),
        *_documents("taxes", "meta"),
        SYNCED_AT,
    ),
    ("store_id", "order_id", "kind", "line_id"),
    "Lines of the orders: products, shipping and fees. Amounts are net of tax, after coupons.",
    (("product_id",),),
    parent_key="order_id",
)

REFUNDS = _root(
    "woo_refunds",
    "Refunds of a WooCommerce store, one row each; amount is positive, its lines are negative.",
    (
        *_ids("order_id"),
        *_text("currency", "reason"),
        *_money("amount", "total_tax"),
        *_documents("lines"),
        *_times("created_at"),
    ),
    (("order_id",), ("created_at",)),
)

CUSTOMERS = _root(
    "woo_customers",
    "Registered customers of a WooCommerce store. Guests are found in woo_orders.billing_email.",
    (
        *_text("email", "name", "first_name", "last_name", "username", "role"),
        *_address("billing"),
        *_address("shipping"),
        *_flags("is_paying_customer"),
        *_times("created_at", "modified_at"),
    ),
    (("email",),),
)

_STOCK_AND_PRICE = (
    *_money("price", "regular_price", "sale_price"),
    *_text("tax_status", "tax_class"),
    *_flags("manages_stock"),
    *_money("stock_quantity"),
    *_text("stock_status"),
)

PRODUCTS = _root(
    "woo_products",
    "Products of a WooCommerce store. Prices are in the store's currency.",
    (
        *_text("kind", "status", "name", "sku", "description"),
        *_STOCK_AND_PRICE,
        *_flags("is_virtual", "is_downloadable"),
        *_documents("categories", "variation_ids"),
        *_times("created_at", "modified_at"),
    ),
    (("sku",),),
)

VARIATIONS = _root(
    "woo_variations",
    "Variations of the products. A variation without a SKU of its own shows its product's.",
    (
        *_ids("product_id"),
        *_text("status", "name", "sku", "description"),
        *_STOCK_AND_PRICE,
        *_documents("attributes"),
        *_times("created_at", "modified_at"),
    ),
    (("product_id",), ("sku",)),
)

ID_MAPPINGS = Table(
    "udsync_id_mappings",
    (
        STORE_ID,
        Column("entity", ColumnType.TEXT, nullable=False),
        Column("source_id", ColumnType.TEXT, nullable=False, comment="The store's own id."),
        Column("target_platform", ColumnType.TEXT, nullable=False),
        Column("target_connection_id", ColumnType.TEXT, nullable=False, default="''"),
        Column("role", ColumnType.TEXT, nullable=False, comment="What the target is: row, ..."),
        Column("target_id", ColumnType.TEXT, nullable=False, comment="The target's own id."),
        Column("created_at", ColumnType.TIMESTAMPTZ, nullable=False, default="now()"),
    ),
    ("store_id", "entity", "source_id", "target_platform", "target_connection_id", "role"),
    "Which record of the store became what on which platform.",
)

ROOT_TABLES = {
    Entity.ORDER: ORDERS,
    Entity.REFUND: REFUNDS,
    Entity.CUSTOMER: CUSTOMERS,
    Entity.PRODUCT: PRODUCTS,
    Entity.VARIATION: VARIATIONS,
}
CHILD_TABLES = {Entity.ORDER: (ORDER_LINES,)}
TABLES = (ORDERS, ORDER_LINES, REFUNDS, CUSTOMERS, PRODUCTS, VARIATIONS, ID_MAPPINGS)

MAPPED_TABLES = tuple(table for table in TABLES if table is not ID_MAPPINGS)
# For the check of mapping profiles: the columns that exist, and those that no rule may fill.
KNOWN_TARGETS = {
    table.name: tuple(column.name for column in table.columns) for table in MAPPED_TABLES
}
OWNED_TARGETS = frozenset(
    f"{table.name}.{name}" for table in MAPPED_TABLES for name in SYSTEM_NAMES
)
