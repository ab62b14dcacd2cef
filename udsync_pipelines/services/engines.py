"""Sync engines of tenants, put together from what is stored of their connections."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self
from uuid import UUID

import httpx

from udsync_pipelines.connectors.woocommerce.client import (
    Credentials,
    WooCommerceClient,
    new_http_client,
)
from udsync_pipelines.connectors.woocommerce.store import WooCommerceStore
from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines.services import deliveries, quota
from udsync_pipelines.services.books import utc_now
from udsync_pipelines.services.databases import plain_url
from udsync_pipelines.services.fail_points import fail_points
from udsync_pipelines.services.installation import Installation
from udsync_pipelines.services.quota import Quota
from udsync_pipelines.services.record_pages import RecordPages
from udsync_pipelines.services.targets import OpenTargets, open_targets
from udsync_pipelines.store.lane_leases import LaneLeases
from udsync_pipelines.store.repositories import connection_status, connections
from udsync_pipelines.store.repositories.archive import PostgresArchive
from udsync_pipelines.store.repositories.connections import Connection
from udsync_pipelines.store.repositories.counted_calls import Calls
from udsync_pipelines.store.repositories.ledger import PostgresLedger
from udsync_pipelines.store.repositories.tenants import Tenant
from udsync_pipelines.store.repositories.write_counts import WritesSoFar, so_far
from udsync_pipelines.store.tables.states import Platform
from udsync_pipelines.sync.engine import SyncEngine, SyncReport
from udsync_pipelines.sync.entities import Lane
from udsync_pipelines.sync.plan import Plan, PlanState, SyncOptions
from udsync_pipelines.sync.target import Reached
from udsync_pipelines.transport import RetryPolicy


@dataclass(frozen=True, slots=True)
class TenantEngine:
    """A tenant's sync engine with what must be closed after use."""

    tenant: Tenant
    engine: SyncEngine
    ledger: PostgresLedger
    source: Connection
    _installation: Installation
    _leases: LaneLeases
    _http: httpx.Client
    opened: OpenTargets
    _clock: Callable[[], datetime]

    def hold(self, lanes: Iterable[str]) -> None:
        """Hold these lanes until `close`; holding one again changes nothing.

        Raises:
            LaneBusyError: another process syncs one of them right now.
        """
        for lane in lanes:
            self._leases.hold(self.tenant.name, lane)

    def open(self, lane: Lane, options: SyncOptions, *, trigger: str, run_id: str | None) -> Plan:
        """Start a sync of a lane, and hold the lane.

        Raises:
            LaneBusyError: another process syncs the lane right now.
            ConfigurationError: there is nothing to load into.
        """
        self._leases.hold(self.tenant.name, lane.name)
        return self.engine.open(lane.name, options, trigger=trigger, run_id=run_id)

    def claim_deliveries(self, run_id: str, plan: Plan) -> deliveries.Taken:
        """Take up the webhook deliveries that this sync's reading makes good.

        A dry run and a sync of a span of time leave them waiting: they do not read all changes.
        """
        if plan.options.dry_run or plan.options.window.is_span:
            return deliveries.Taken()
        return deliveries.claim(self._installation, self.tenant, run_id, plan.lane)

    def finish_deliveries(self, run_id: str, lane: str) -> int:
        """What this run took up of a lane is done; return how many deliveries."""
        return deliveries.finish(self._installation, self.tenant, run_id, lane)

    def resume(self, plan_id: str) -> UUID:
        """Take up a plan that was started, and hold its lane.

        Raises:
            LaneBusyError: another process syncs its lane right now.
            ConfigurationError: no such plan.
        """
        plan = self.ledger.plan(as_plan_id(plan_id))
        self._leases.hold(self.tenant.name, plan.lane)
        return plan.id

    def close_sync(self, plan_id: UUID) -> SyncReport:
        """End a sync and note when its connections were last synced."""
        report = self.engine.close(plan_id)
        self._note_quota()
        if report.plan.state is PlanState.APPLIED:
            now = datetime.now(UTC)
            with self._installation.state.tenant(self.tenant.id) as connection:
                for connection_id in (
                    self.source.id,
                    *(target.connection_id for target in self.engine.targets),
                ):
                    connection_status.record_sync(
                        connection, self.tenant.id, connection_id, synced_at=now
                    )
        return report

    def quotas(self) -> Iterator[tuple[Quota, Calls]]:
        """This month's metered calls of each company, and the calls that this engine has made."""
        for company in self.opened.companies:
            company.limits.calls.flush()
            today = self._clock().date()
            found = quota.quota_of(self._installation, self.tenant, company.connection, today)
            yield found, company.limits.calls.made

    @property
    def pages(self) -> RecordPages:
        """Where a person opens the tenant's records."""
        companies = self.opened.companies
        company = companies[0].connection if companies else None
        url = str(self.source.settings["url"])
        return RecordPages(url, self.engine.archive, company, self.opened.writes)

    def written(self, plan_id: UUID) -> WritesSoFar:
        """How far the writes of a plan are."""
        with self._installation.state.tenant(self.tenant.id) as transaction:
            return so_far(transaction, self.tenant.id, plan_id)

    def _note_quota(self) -> None:
        """Say once a month that half of a company's metered calls are spent."""
        for company in self.opened.companies:
            company.limits.calls.flush()
            quota.notice(self._installation, self.tenant, company.connection, self._clock().date())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close connections and give back the lanes."""
        self.opened.close()
        self._http.close()
        self._leases.close()


def open_engine(
    installation: Installation,
    tenant_name: str,
    *,
    clock: Callable[[], datetime] = utc_now,
) -> TenantEngine:
    """Put together the engine of a tenant; `clock` tells it how old its knowledge of books is.

    Raises:
        ConfigurationError: no such tenant, or no store is connected.
    """
    settings, tenant = installation.settings, installation.tenant(tenant_name)
    with installation.state.tenant(tenant.id) as connection:
        source = connections.default(connection, tenant.id, Platform.WOOCOMMERCE)
        store_secrets = connections.open_credentials(connection, source, installation.keys)
    leases = LaneLeases(
        installation.state,
        plain_url(installation.databases.state_url),
        tenant.id,
        seconds=settings.lease_seconds,
    )
    fenced = leases.fenced()
    opened = open_targets(installation, tenant, source, leases, clock=clock)
    http = new_http_client(settings.http_timeout_seconds)
    client = WooCommerceClient(
        http,
        source.settings["url"],
        Credentials(
            store_secrets["consumer_key"].get_secret_value(),
            store_secrets["consumer_secret"].get_secret_value(),
        ),
        policy=RetryPolicy(budget=settings.retry_budget_seconds),
    )
    ledger = PostgresLedger(fenced, tenant.id)
    engine = SyncEngine(
        source=WooCommerceStore(client),
        source_connection_id=source.id,
        archive=PostgresArchive(fenced, tenant.id, source.id),
        ledger=ledger,
        targets=opened.targets,
        reached=_reached(fail_points(settings.fail_at), leases),
    )
    return TenantEngine(
        tenant=tenant,
        engine=engine,
        ledger=ledger,
        source=source,
        _installation=installation,
        _leases=leases,
        _http=http,
        opened=opened,
        _clock=clock,
    )


def _reached(fail_point: Reached, leases: LaneLeases) -> Reached:
    """What the engine tells each point it reaches: it goes on only while its leases hold."""

    def reached(point: str) -> None:
        fail_point(point)
        leases.must_hold()

    return reached


LONGEST_SHOWN = 80
"""Characters of what was typed that a complaint repeats."""


def as_plan_id(text: str) -> UUID:
    """A plan's id as typed.

    Raises:
        ConfigurationError: it is not one.
    """
    try:
        return UUID(text)
    except ValueError:
        raise ConfigurationError(
            f"{text[:LONGEST_SHOWN]!r} is not the id of a plan.",
            cure="Copy the id from the output of the sync.",
            code="plan_unknown",
        ) from None
