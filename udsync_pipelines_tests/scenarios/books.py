"""A shop with books: what a scenario of issue "from the shop to the books" syncs and looks at.

A store and an emulated company are connected as a tenant of an installation that all tests of a
module share. Limits are a thousand times as high as QuickBooks' own, so what was lost counts as
never arrived after a third of a second.
"""

import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from udsync_pipelines.emulators.quickbooks import CompanyEmulator
from udsync_pipelines.emulators.woocommerce import StoreEmulator
from udsync_pipelines.services import policies
from udsync_pipelines.services.connecting import connect_supabase, connect_woocommerce
from udsync_pipelines.services.connecting_books import connect_quickbooks
from udsync_pipelines.services.installation import Installation, open_installation
from udsync_pipelines.settings import Settings
from udsync_pipelines.store.repositories import tenants
from udsync_pipelines.sync.engine import SyncReport
from udsync_pipelines_tests.scenarios.books_evidence import Json
from udsync_pipelines_tests.scenarios.parking import agree_to_park
from udsync_pipelines_tests.scenarios.shops import ConnectedShop
from udsync_pipelines_tests.scenarios.syncing import SyncProcess
from udsync_pipelines_tests.store.databases import StateTemplate

FACTOR = 1000
HORIZON_SECONDS = 300 / FACTOR

StartBooks = Callable[..., "ShopWithBooks"]

_numbers = itertools.count(1)


@dataclass
class ShopWithBooks(ConnectedShop):
    """A store, a company and, where a test wants one, a Supabase database."""

    company: CompanyEmulator

    def sync_until_certain(self, lane: str = "orders", attempts: int = 6) -> list[SyncReport]:
        """Sync until nothing is in doubt, waiting as long as the company may hide a document."""
        reports = [self.sync(lane)]
        while reports[-1].in_doubt and len(reports) < attempts:
            time.sleep(HORIZON_SECONDS)
            reports.append(self.sync(lane))
        return reports

    def start_books_sync(
        self, lane: str = "orders", *, fail_at: str = "", batch: int = 5, lease_seconds: float = 45
    ) -> SyncProcess:
        """Sync one lane in a process of its own, which may end itself at a named point."""
        settings = self.installation.settings
        url = settings.database_url
        environment = {
            "UDSYNC_HOME": str(settings.home),
            "UDSYNC_DATABASE_URL": url.get_secret_value() if url else "",
            "UDSYNC_FAIL_AT": fail_at,
            "UDSYNC_LEASE_SECONDS": str(lease_seconds),
            "UDSYNC_RETRY_BUDGET_SECONDS": str(settings.retry_budget_seconds),
            "UDSYNC_HTTP_TIMEOUT_SECONDS": str(settings.http_timeout_seconds),
            "UDSYNC_LIMITS_FACTOR": str(settings.limits_factor),
        }
        return SyncProcess(environment, self.tenant.name, lane, batch)

    def change_policy(self, **fields: str) -> None:
        """Set fields of the policy in force; a double underscore stands for a dot."""
        edits = [(name.replace("__", "."), value) for name, value in fields.items()]
        policies.change(self.installation, self.tenant.name, edits)

    def accept_policy(self) -> None:
        """Propose a policy from both sides and put it in force."""
        policies.propose(self.installation, self.tenant.name)
        policies.accept(self.installation, self.tenant.name, allow_open=True)

    def agree_to_park(self) -> None:
        """Decide before the first sync that what the books cannot hold is parked."""
        agree_to_park(self.installation, self.tenant.name)

    def parked(self) -> dict[str, Json]:
        """Every parked record by `entity/id`, with code, reason and cure."""
        found = self.state(
            "select entity, source_id, code, reason, cure from udsync.sync_queue"
            " where kind = 'parked' and state = 'rejected'"
        )
        return {f"{row['entity']}/{row['source_id']}": dict(row) for row in found}


@pytest.fixture(scope="module")
def books_installation(
    state_template: StateTemplate, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """An installation that the tests of a module share, each as a tenant of its own."""
    with state_template.clone() as url:
        settings = settings_of(url, tmp_path_factory.mktemp("books"))
        with open_installation(settings) as opened:
            yield opened


def settings_of(url: str, folder: Path, **changes: Any) -> Settings:
    """Settings of an installation on this state database, impatient and with scaled limits."""
    return Settings(
        home=folder / "home",
        database_url=SecretStr(url),
        **{
            "limits_factor": FACTOR,
            "http_timeout_seconds": 2,
            "retry_budget_seconds": 3,
            **changes,
        },
    )


@pytest.fixture
def start_books(books_installation: Installation) -> Iterator[StartBooks]:
    """Call with a store, and options of the company, to connect both as a new tenant.

    `accept=False` leaves the tenant without a posting policy; `supabase=(url, schema)` connects a
    database too.
    """
    started: list[CompanyEmulator] = []

    def start(
        store: StoreEmulator,
        *,
        accept: bool = True,
        supabase: tuple[str, str] | None = None,
        **options: Any,
    ) -> ShopWithBooks:
        company = CompanyEmulator(
            **{"limits_factor": FACTOR, "sales_items": True, "seed": next(_numbers), **options}
        )
        started.append(company)
        company.start()
        return connect_books(books_installation, store, company, accept=accept, supabase=supabase)

    yield start
    for company in started:
        company.stop()


def connect_books(
    installation: Installation,
    store: StoreEmulator,
    company: CompanyEmulator,
    *,
    accept: bool = True,
    supabase: tuple[str, str] | None = None,
) -> ShopWithBooks:
    """Make a tenant of a store and a company, as the command line does."""
    with installation.state.dispatch() as connection:
        tenant = tenants.create(connection, f"shop-{next(_numbers)}")
    connect_woocommerce(
        installation,
        tenant,
        store.url,
        SecretStr(store.consumer_key),
        SecretStr(store.consumer_secret),
    )
    url, schema = supabase or ("", "")
    if supabase:
        connect_supabase(installation, tenant, SecretStr(url), schema=schema, read_only=False)
    connect_quickbooks(
        installation,
        tenant,
        realm_id=company.realm_id,
        client_id=company.options.client_id,
        client_secret=SecretStr(company.options.client_secret),
        refresh_token=SecretStr(company.refresh_token),
        base_url=company.url,
        oauth_url=company.oauth_url,
    )
    shop = ShopWithBooks(store, installation, tenant, url, schema, company)
    if accept:
        shop.accept_policy()
    company.requests.clear()
    return shop


@pytest.fixture
def empty_store() -> Iterator[StoreEmulator]:
    """A store with products, tax rates and customers, and no order yet."""
    with StoreEmulator(recorded=False, customers=0, products=0) as store:
        yield store


@pytest.fixture(name="shop")
def shop_with_books(start_books: StartBooks, empty_store: StoreEmulator) -> ShopWithBooks:
    """A shop with books of the test's own, nothing sold yet."""
    return start_books(empty_store)


@contextmanager
def open_shop(
    installation: Installation, *, supabase: tuple[str, str] | None = None, **options: Any
) -> Iterator[ShopWithBooks]:
    """A shop of its own with books, for the tests of a module to share; nothing is sold yet."""
    with (
        StoreEmulator(recorded=False, customers=0, products=0) as store,
        CompanyEmulator(
            **{"limits_factor": FACTOR, "sales_items": True, "seed": next(_numbers), **options}
        ) as company,
    ):
        yield connect_books(installation, store, company, supabase=supabase)


HAMMER = 10
"""A product of the store that costs 19.99, taxed by the place it goes to."""

ALBERTA: Json = {
    "address_1": "1 Main Street",
    "city": "Edmonton",
    "state": "AB",
    "postcode": "T5A 0A1",
    "country": "CA",
}


def sell(
    store: StoreEmulator,
    *,
    first: str = "Robin",
    last: str = "Reed",
    email: str = "",
    product: int = HAMMER,
    quantity: int = 1,
    **more: Any,
) -> int:
    """Sell something to someone in Alberta, paid by card; return the order's id."""
    billing = {**ALBERTA, "first_name": first, "last_name": last, "email": email}
    order = store.control.create_order(
        {
            "status": "processing",
            "payment_method": "stripe",
            "billing": billing,
            "line_items": [{"product_id": product, "quantity": quantity}],
            **more,
        }
    )
    return int(order["id"])


def sell_several(store: StoreEmulator, count: int) -> Sequence[int]:
    """Sell to so many different guests; return the orders' ids."""
    return [sell(store, last=f"Guest {n}", email=f"guest{n}@example.org") for n in range(count)]
