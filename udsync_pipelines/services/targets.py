"""The destinations of a tenant, opened: its database and its books, each as a target of syncs."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from udsync_pipelines.connectors.quickbooks.books import QuickBooksBooks
from udsync_pipelines.connectors.quickbooks.profiles import default_books_profiles
from udsync_pipelines.connectors.supabase.destination import SupabaseDestination
from udsync_pipelines.connectors.supabase.tables import SYSTEM_NAMES, TABLES
from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.mapping import Profile, default_profiles
from udsync_pipelines.posting.policy import ExchangeRatePolicy, NewItemPolicy
from udsync_pipelines.services.books import OpenBooks, open_books, utc_now, visibility_horizon
from udsync_pipelines.services.exchange_rates import BooksRates
from udsync_pipelines.services.installation import Installation
from udsync_pipelines.services.patient_destination import PatientDestination
from udsync_pipelines.services.policies import PolicyPlace
from udsync_pipelines.services.preflight import left_to_books, must_pass
from udsync_pipelines.store.lane_leases import LaneLeases
from udsync_pipelines.store.repositories import connections
from udsync_pipelines.store.repositories.book_watch import PostgresWatch
from udsync_pipelines.store.repositories.connections import Connection
from udsync_pipelines.store.repositories.tenants import Tenant
from udsync_pipelines.store.repositories.write_ledger import PostgresWriteLedger
from udsync_pipelines.store.tables.states import Platform
from udsync_pipelines.sync.books.target import BooksTarget, no_question
from udsync_pipelines.sync.entities import DESTINATIONS
from udsync_pipelines.sync.rows import RowTarget
from udsync_pipelines.sync.target import Target

TO_SUPABASE = "woocommerce_to_supabase"


@dataclass(frozen=True, slots=True)
class OpenTargets:
    """A tenant's targets with what must be closed after use."""

    targets: Sequence[Target]
    databases: Sequence[SupabaseDestination]
    writes: PostgresWriteLedger | None
    companies: Sequence[OpenBooks]
    _stack: ExitStack

    def close(self) -> None:
        """Close every connection."""
        self._stack.close()


def open_targets(
    installation: Installation,
    tenant: Tenant,
    source: Connection,
    leases: LaneLeases,
    *,
    clock: Callable[[], datetime] = utc_now,
) -> OpenTargets:
    """Open every enabled destination of the tenant; nothing is asked of them yet.

    What is posted is sent and recorded by the holder of the lane only.

    Raises:
        ConfigurationError: credentials cannot be opened, or settings do not fit a connection.
    """
    with installation.state.tenant(tenant.id) as transaction:
        found = [one for one in connections.list_all(transaction, tenant.id) if one.is_enabled]
    with ExitStack() as stack:
        databases: list[SupabaseDestination] = []
        targets: list[Target] = []
        writes: PostgresWriteLedger | None = None
        companies: list[OpenBooks] = []
        for connection in found:
            if connection.platform is Platform.SUPABASE:
                database = _database(installation, connection, source)
                stack.callback(database.close)
                databases.append(database)
                targets.append(_row_target(installation, connection, database))
            elif connection.platform is Platform.QUICKBOOKS:
                opened = stack.enter_context(
                    open_books(
                        installation,
                        tenant,
                        connection,
                        before_write=leases.must_hold,
                        clock=clock,
                    )
                )
                companies.append(opened)
                opened.limits.hold_as(leases.owner)
                writes = PostgresWriteLedger(leases.fenced(), tenant.id, source.id, connection.id)
                targets.append(
                    _books_target(
                        PolicyPlace(installation, tenant, source, connection), opened, writes, clock
                    )
                )
        targets.sort(key=lambda target: DESTINATIONS.index(target.platform))
        return OpenTargets(targets, databases, writes, companies, stack.pop_all())


def supabase_profiles() -> dict[Entity, Profile]:
    """The mapping profiles from a store to Supabase, by entity, checked against its tables."""
    targets = {table.name: [column.name for column in table.columns] for table in TABLES}
    profiles = default_profiles(TO_SUPABASE, targets, SYSTEM_NAMES)
    return {Entity(name): profile for name, profile in profiles.items()}


def _database(
    installation: Installation, target: Connection, source: Connection
) -> SupabaseDestination:
    with installation.state.tenant(target.tenant_id) as transaction:
        secrets = connections.open_credentials(transaction, target, installation.keys)
    return SupabaseDestination(
        secrets["database_url"].get_secret_value(),
        schema=target.settings["schema"],
        store_id=source.id,
        connection_id=str(target.id),
        read_only=target.settings["read_only"],
    )


def _row_target(
    installation: Installation, target: Connection, database: SupabaseDestination
) -> RowTarget:
    patient = PatientDestination(database, budget=installation.settings.retry_budget_seconds)
    return RowTarget(target.id, target.platform.value, patient, supabase_profiles())


def _books_target(
    place: PolicyPlace,
    opened: OpenBooks,
    writes: PostgresWriteLedger,
    clock: Callable[[], datetime],
) -> BooksTarget:
    installation, connection = place.installation, opened.connection
    stored = place.active()
    policy = stored.policy if stored else None
    return BooksTarget(
        connection_id=connection.id,
        platform=connection.platform.value,
        books=QuickBooksBooks(
            opened.client,
            opened.lists,
            policy.new_items if policy else NewItemPolicy(),
            is_read_only=opened.is_read_only,
        ),
        ledger=writes,
        policy=policy,
        policy_version=stored.version if stored else "",
        profiles=default_books_profiles(),
        horizon=visibility_horizon(installation.settings),
        watch=PostgresWatch(
            installation.state, connection.tenant_id, writes.source_id, connection.id
        ),
        clock=clock,
        follow_every=timedelta(minutes=installation.settings.books_minutes),
        rates=BooksRates(
            installation.state,
            connection.tenant_id,
            connection.id,
            policy.exchange_rates if policy else ExchangeRatePolicy(),
            opened.client.exchange_rate,
        ),
        before_first_posting=(
            partial(must_pass, place, policy, opened, clock) if policy else no_question
        ),
        left_to_books=left_to_books(installation.state, connection.tenant_id, connection.id),
    )
