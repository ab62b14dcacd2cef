"""The demo's platforms, all emulated on this machine: a store, a database, a company."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pydantic import SecretStr

from udsync_pipelines.cli.output import say
from udsync_pipelines.emulators.quickbooks import CompanyEmulator
from udsync_pipelines.emulators.woocommerce.emulator import StoreEmulator
from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines.posting.proposal import Confidence
from udsync_pipelines.services import policies, preflight
from udsync_pipelines.services.connecting import connect_supabase, connect_woocommerce
from udsync_pipelines.services.connecting_books import connect_quickbooks
from udsync_pipelines.services.databases import create_supabase_database, plain_url
from udsync_pipelines.services.installation import Installation
from udsync_pipelines.store.repositories import tenants
from udsync_pipelines.store.repositories.tenants import Tenant

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
    """Look, as an operator would before the first posting, for what must be decided.

    Raises:
        ConfigurationError: something must be, which a new company gives no cause for.
    """
    found = preflight.check(installation, TENANT)
    for one in found.undecided:
        raise ConfigurationError(
            f"The demo's company is to be new, and it asks: {one.text}",
            code="preflight_undecided",
            cure="Report this to the maintainers.",
        )
    say(f"Pre-flight of the books: {len(found.findings)} findings, nothing to decide")
