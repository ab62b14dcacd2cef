"""What kind of store to stand in for."""

from dataclasses import dataclass
from typing import Literal

STORE_STATUSES = (
    "pending",
    "processing",
    "on-hold",
    "completed",
    "cancelled",
    "refunded",
    "failed",
    "checkout-draft",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreOptions:
    """The store's size, settings and temper.

    Attributes:
        orders: how many orders to generate; 0 serves the recorded store alone.
        seed: generated content depends on it and on the id, not on the number of orders.
        recorded: serve the recorded orders; None means only when none are generated.
        until: ISO time (UTC) shortly before which generated orders end; None means now.
        one_second: all generated orders are made and changed in one second, as by an import.
        customers: registered customers to generate beside the recorded ones.
        products: simple products to generate beside the recorded catalogue.
        zone: the site's time zone.
        storage: where the store keeps orders, ``hpos`` (tables) or ``cpt`` (posts).
        plain_http: PHP thinks the request is not https, so keys are refused.
        permalinks: False answers as a WordPress without pretty permalinks.
        global_refunds: False answers as an older store without ``GET /refunds``.
        custom_statuses: order statuses that a plugin has added.
        site_url: the site's own address in bodies and links; the same for every port, so that
            a record has one content however it is served.
        name: the site's name.
        database: a file for the index of very large stores; in memory by default.
        webhooks_held: deliver webhooks only when Control says so, as a shop without visitors.
        consumer_key: the read and write key.
        consumer_secret: its secret.
        read_key: a key that may only read.
        read_secret: its secret.
    """

    orders: int = 0
    seed: int = 1
    recorded: bool | None = None
    until: str | None = None
    one_second: bool = False
    customers: int = 400
    products: int = 150
    zone: str = "America/Edmonton"
    storage: Literal["hpos", "cpt"] = "hpos"
    plain_http: bool = False
    permalinks: bool = True
    global_refunds: bool = True
    custom_statuses: tuple[str, ...] = ()
    site_url: str = "http://127.0.0.1:8765"
    name: str = "Rig Store"
    database: str = ":memory:"
    webhooks_held: bool = False
    consumer_key: str = "ck_emulated_read_write"
    consumer_secret: str = "cs_emulated_read_write"  # noqa: S105 - a key of the emulator only
    read_key: str = "ck_emulated_read"
    read_secret: str = "cs_emulated_read"  # noqa: S105 - a key of the emulator only

    @property
    def serves_recording(self) -> bool:
        """Whether the recorded orders and refunds are part of the store."""
        return self.recorded if self.recorded is not None else self.orders == 0

    @property
    def order_statuses(self) -> tuple[str, ...]:
        """The statuses that an order of this shop may have."""
        return (*STORE_STATUSES, *self.custom_statuses)
