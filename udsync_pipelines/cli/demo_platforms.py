"""The demo's platforms, all emulated on this machine: a store, a database, a company."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pydantic import SecretStr

from udsync_pipelines.cli.output import say
from udsync_pipelines.emulators.quickbooks import CompanyEmulator
from udsync_pipelines.emulators.woocommerce.emulator import StoreEmulator
from udsync_pipelines.posting.preflight import PARK
from udsync_pipelines.posting.proposal import Confidence
from udsync_pipelines.services import policies, preflight
from udsync_pipelines.services.connecting import connect_supabase, connect_woocommerce
from udsync_pipelines.services.connecting_books import connect_quickbooks
from udsync_pipelines.services.databases import create_supabase_database, plain_url
from udsync_pipelines.services.engines import open_engine
from udsync_pipelines.services.installation import Installation
from udsync_pipelines.store.repositories import tenants
from udsync_pipelines.store.repositories.tenants import Tenant
from udsync_pipelines.sync.entities import lane_named
from udsync_pipelines.sync.plan import SyncOptions

TENANT = "demo"


@dataclass(frozen=True, slots=True)
class Platforms:
    """Everything that the demo syncs between, running."""

    store: StoreEmulator
    company: CompanyEmulator
    database_url: str


@contextmanager
def emulated_platforms(installation: Installation, orders: int) -> Iterator[Platforms]:
    """A store of so many orders (0: the recorded one), a database and a company with no sales."""
    factor = float(installation.settings.limits_factor)
    with (
        StoreEmulator(orders=orders) as store,
        CompanyEmulator(sales_items=True, limits_factor=factor) as company,
    ):
        what = f"generated, {orders:,} orders" if orders else "recorded from WooCommerce 11"
        say(f"Emulated store ({what}): {store.url}")
        say(f"Emulated QuickBooks company (Canada, its limits times {factor:g}): {company.url}")
        url = create_supabase_database(installation.databases.admin_url, "supabase")
        yield Platforms(store, company, plain_url(url))


def connect_all(installation: Installation, platforms: Platforms) -> Tenant:
    """Make the tenant and connect the three platforms, each tried before it is kept."""
    store, company = platforms.store, platforms.company
    with installation.state.dispatch() as connection:
        tenant = tenants.create(connection, TENANT)
    connect_woocommerce(
        installation,
        tenant,
        store.url,
        SecretStr(store.consumer_key),
        SecretStr(store.consumer_secret),
    )
    database_url = SecretStr(platforms.database_url)
    connect_supabase(installation, tenant, database_url, schema="public", read_only=False)
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
    say(f"Tenant {TENANT}: the store, an emulated Supabase and the company are connected")
    return tenant


def accept_policy(installation: Installation) -> policies.PolicyChange:
    """Propose how orders become books, say it briefly, and accept it as an operator would."""
    proposed = policies.propose(installation, TENANT).stored
    accepted = policies.accept(installation, TENANT, version=proposed.version)
    example = next(
        (one for one in proposed.findings if one.confidence is Confidence.CERTAIN),
        proposed.findings[0],
    )
    say(
        f"Posting policy proposed from both sides and accepted: {len(proposed.findings)} "
        f"decisions, e.g. {example.field} = {example.value}. {example.sentence}"
    )
    return accepted


def check_books(installation: Installation) -> None:
    """Look, as an operator would before the first posting, and decide what is asked.

    A new company gives cause for one sort of question: what it cannot hold is to be parked.

    Raises:
        ConfigurationError: another sort is asked, for which nobody is there to decide.
    """
    _read_orders(installation)
    found = preflight.check(installation, TENANT)
    for one in found.undecided:  # a choice that is not offered is refused
        preflight.decide(installation, TENANT, one.subject, PARK, every=False)
    say(
        f"Pre-flight of the books: {len(found.findings)} findings; decided for "
        f"{len(found.undecided)}, that orders which these books cannot hold are parked"
    )


def _read_orders(installation: Installation) -> None:
    """Plan a sync of the orders as a dry run, so that the check knows what would be posted."""
    with open_engine(installation, TENANT) as opened:
        options = SyncOptions(dry_run=True)
        plan = opened.open(lane_named("orders"), options, trigger="manual", run_id=None)
        opened.engine.extract(plan.id)
        opened.engine.map(plan.id)
        opened.engine.resolve(plan.id)
        opened.close_sync(plan.id)
