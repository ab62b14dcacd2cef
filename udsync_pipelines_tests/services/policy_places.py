"""A tenant between the recorded store and a company, with or without archived orders."""

from decimal import Decimal
from uuid import uuid4

from pydantic import SecretStr

from udsync_pipelines.connectors.quickbooks.entities import BookEntity
from udsync_pipelines.connectors.woocommerce.client import (
    Credentials,
    WooCommerceClient,
    new_http_client,
)
from udsync_pipelines.connectors.woocommerce.store import WooCommerceStore
from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.emulators.quickbooks import CompanyEmulator
from udsync_pipelines.emulators.woocommerce import StoreEmulator
from udsync_pipelines.services.books import open_books
from udsync_pipelines.services.installation import Installation
from udsync_pipelines.services.policies import PolicyPlace, find_place
from udsync_pipelines.store.repositories import connections
from udsync_pipelines.store.repositories.archive import PostgresArchive
from udsync_pipelines.store.repositories.connections import Connection, NewConnection
from udsync_pipelines.store.repositories.tenants import Tenant
from udsync_pipelines.store.tables.states import Platform
from udsync_pipelines.sync.records import Window
from udsync_pipelines_tests.services.emulated_books import store_company, with_settings

SPECIAL_ITEMS = ("Shipping", "Fees", "Other sales", "Rounding", "Refunds")


def store_shop(
    installation: Installation, tenant: Tenant, shop: StoreEmulator, *, read_only: bool = False
) -> Connection:
    """Store a shop's key as a connection, unchecked."""
    options = shop.options
    key = options.read_key if read_only else shop.consumer_key
    secret = options.read_secret if read_only else shop.consumer_secret
    new = NewConnection(
        Platform.WOOCOMMERCE,
        "Shop",
        shop.url.removeprefix("http://"),
        {"consumer_key": SecretStr(key), "consumer_secret": SecretStr(secret)},
        {"url": shop.url},
    )
    with installation.state.tenant(tenant.id) as transaction:
        return connections.save(transaction, tenant.id, new, installation.keys)


def between(
    installation: Installation, tenant: Tenant, shop: StoreEmulator, company: CompanyEmulator
) -> PolicyPlace:
    """Connect both sides and give the company the items that a policy needs."""
    fast = without_waiting(installation)
    store_shop(installation, tenant, shop)
    connection = store_company(installation, tenant, company)
    add_items(fast, tenant, connection, *SPECIAL_ITEMS)
    return find_place(fast, tenant.name)


def without_waiting(installation: Installation) -> Installation:
    """The installation with limits that make nobody wait: they are not what is tested."""
    return with_settings(installation, limits_factor=Decimal(1000))


def add_items(
    installation: Installation, tenant: Tenant, connection: Connection, *names: str
) -> None:
    """Create services of these names, as a bookkeeper would."""
    with open_books(installation, tenant, connection) as books:
        accounts = {account.name: account.id for account in books.lists.company().accounts}
        for name in names:
            body = {
                "Name": name,
                "Type": "Service",
                "IncomeAccountRef": {"value": accounts["Services"]},
                "ExpenseAccountRef": {"value": accounts["Cost of Goods Sold"]},
            }
            books.client.create(BookEntity.ITEM, body, request_id=f"item-{name}")


def archive_orders(place: PolicyPlace, shop: StoreEmulator) -> int:
    """Read every order of the shop into the tenant's archive; return how many there are."""
    archive = PostgresArchive(place.installation.state, place.tenant.id, place.store.id)
    with new_http_client() as http:
        credentials = Credentials(shop.consumer_key, shop.consumer_secret)
        source = WooCommerceStore(WooCommerceClient(http, shop.url, credentials))
        for page in source.read(Entity.ORDER, {}, Window(full=True), archive.known(Entity.ORDER)):
            archive.store(page, uuid4(), purpose="")
    return archive.known(Entity.ORDER).count_live()
