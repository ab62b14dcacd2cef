"""The store's collections: what each list accepts, filters by and orders by."""

from dataclasses import dataclass, field

ALLOW_LIST = "GET, POST"
ALLOW_ONE = "GET, POST, PUT, PATCH, DELETE"

DATES = ("after", "before", "modified_after", "modified_before")
_ORDERBY = ("date", "id", "include", "title", "slug", "modified")
_PRODUCT_ORDERBY = (
    *_ORDERBY, "popularity", "rating", "post__in", "price", "sales", "menu_order", "random",
    "popularity", "rating", "menu_order", "price", "popularity", "rating",
)  # fmt: skip
_BY_DATE = {
    "date": ("created", "id"),
    "id": ("id",),
    "title": ("name COLLATE words", "id"),
    "slug": ("name COLLATE words", "id"),
    "modified": ("modified", "id"),
}
POST_STATUSES = ("any", "future", "trash", "draft", "pending", "private", "publish")


@dataclass(frozen=True, slots=True)
class Collection:
    """One list of the API and its records.

    Attributes:
        kind: the records' kind in the database.
        path: the collection's path below ``/wp-json/wc/v3``.
        orderby: the values that ``orderby`` accepts, as the store lists them.
        columns: the columns behind each of them; a value that is missing here orders by id
            (popularity, rating, price and the like are accepted but not modelled).
        default: the default ``orderby`` and ``order``.
        dates: the date filters that the list declares; others are silently ignored.
        statuses: the values of ``status``, empty if the list has none.
        tables: kept in WooCommerce's own tables when the store is on HPOS.
        links: what the list adds to the query that its ``Link`` header repeats.
        not_found: code and message of the 404 of an unknown id.
    """

    kind: str
    path: str
    orderby: tuple[str, ...] = _ORDERBY
    columns: dict[str, tuple[str, ...]] = field(default_factory=lambda: _BY_DATE)
    default: tuple[str, str] = ("date", "desc")
    dates: tuple[str, ...] = DATES
    statuses: tuple[str, ...] = ()
    tables: bool = False
    links: tuple[tuple[str, str], ...] = ()
    not_found: tuple[str, str] = ("", "Invalid ID.")
    allow_list: str = ALLOW_LIST
    allow_one: str = ALLOW_ONE
    invalid: tuple[str, str] = ("", "Invalid ID.")
    single: str = ""


ORDERS = Collection(
    kind="order",
    path="orders",
    tables=True,
    links=(("dp", "2"), ("context", "view")),
    not_found=("woocommerce_rest_shop_order_invalid_id", "Invalid ID."),
    invalid=("woocommerce_rest_shop_order_invalid_id", "ID is invalid."),
    single="shop_order",
)
REFUNDS = Collection(
    kind="refund",
    path="refunds",
    tables=True,
    links=(("dp", "2"),),
    not_found=("woocommerce_rest_shop_order_refund_invalid_id", "Invalid ID."),
    allow_one="GET, DELETE",
    single="shop_order_refund",
)
PRODUCTS = Collection(
    kind="product",
    path="products",
    orderby=_PRODUCT_ORDERBY,
    columns={**_BY_DATE, "menu_order": ("name COLLATE words", "id")},
    statuses=POST_STATUSES,
    not_found=("woocommerce_rest_product_invalid_id", "Invalid ID."),
    invalid=("woocommerce_rest_product_invalid_id", "Invalid ID."),
    single="product",
)
VARIATIONS = Collection(
    kind="variation",
    path="variations",
    orderby=(*_ORDERBY, "menu_order"),
    statuses=POST_STATUSES,
    not_found=("woocommerce_rest_product_variation_invalid_id", "Invalid ID."),
    invalid=("woocommerce_rest_product_variation_invalid_id", "Invalid ID."),
    single="product_variation",
)
COUPONS = Collection(
    kind="coupon",
    path="coupons",
    not_found=("woocommerce_rest_shop_coupon_invalid_id", "Invalid ID."),
    invalid=("woocommerce_rest_shop_coupon_invalid_id", "Invalid ID."),
    single="shop_coupon",
)
CUSTOMERS = Collection(
    kind="customer",
    path="customers",
    orderby=("id", "include", "name", "registered_date"),
    columns={
        "id": ("id",),
        "name": ("name COLLATE words", "id"),
        "registered_date": ("created", "id"),
    },
    default=("name", "asc"),
    dates=(),
    not_found=("wc_user_invalid_id", "Invalid user ID."),
    invalid=("woocommerce_rest_invalid_id", "Invalid resource ID."),
    single="customer",
)
TAXES = Collection(
    kind="tax",
    path="taxes",
    orderby=("id", "order", "priority"),
    columns={"id": ("id",), "order": ("created", "id"), "priority": ("modified", "id")},
    default=("order", "asc"),
    dates=(),
    not_found=("woocommerce_rest_invalid_id", "Invalid resource ID."),
    invalid=("woocommerce_rest_invalid_id", "Invalid resource ID."),
    single="tax",
)
WEBHOOKS = Collection(
    kind="webhook",
    path="webhooks",
    orderby=("date", "id", "title"),
    dates=("after", "before"),
    not_found=("woocommerce_rest_shop_webhook_invalid_id", "Invalid ID."),
    invalid=("woocommerce_rest_shop_webhook_invalid_id", "Invalid ID."),
    single="webhook",
)

COLLECTIONS = (ORDERS, REFUNDS, PRODUCTS, VARIATIONS, COUPONS, CUSTOMERS, TAXES, WEBHOOKS)
