"""Where schedules happen: one installation, and for each schedule a tenant, a store, a company."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

import sqlalchemy as sa
from pydantic import SecretStr

from udsync_pipelines.connectors.quickbooks.tokens import (
    CLIENT_ID,
    CLIENT_SECRET,
    REFRESH_TOKEN,
)
from udsync_pipelines.emulators.quickbooks import CompanyEmulator
from udsync_pipelines.emulators.woocommerce import StoreEmulator
from udsync_pipelines.errors import PlatformUnavailableError
from udsync_pipelines.posting.policy import PostingPolicy
from udsync_pipelines.services.books import BASE_URL, OAUTH_URL, visibility_horizon
from udsync_pipelines.services.connecting import keep
from udsync_pipelines.services.installation import Installation, open_installation
from udsync_pipelines.services.policies import find_place
from udsync_pipelines.store.repositories import policies, tenants
from udsync_pipelines.store.repositories.connections import Connection, NewConnection
from udsync_pipelines.store.repositories.tenants import Tenant
from udsync_pipelines_tests.chaos.schedule import Schedule
from udsync_pipelines_tests.scenarios.books import ShopWithBooks, connect_books, settings_of
from udsync_pipelines_tests.scenarios.parking import agree_to_park

T = TypeVar("T")
Row = Mapping[str, Any]

FACTOR = Decimal(20)
"""Limits times this, so that five minutes become fifteen seconds, which nobody waits for here."""

PATIENCE_SECONDS = 60.0
TIMEOUT_SECONDS = 1.5
RETRY_BUDGET_SECONDS = 1.2
LEASE_SECONDS = 1.0
"""The shortest there is, for processes that are stopped for longer than that."""

_MOST_CUT_SESSIONS = 20
_SLOTS_EXPIRE = timedelta(seconds=301)


class Server(Protocol):
    """The database server of the campaign, and what may happen to it."""

    def cut_sessions(self) -> None:
        """End every session on our state."""

    def restart(self) -> None:
        """Stop it and start it again."""

    def kill(self) -> None:
        """End it as `kill -9` does, then start it again."""


@dataclass(frozen=True)
class World:
    """One installation with its server. `policy` and the connections are what new tenants get.

    `patient` is the same installation when nothing fails any more: a busy machine is no failure.
    """

    installation: Installation
    patient: Installation
    server: Server
    policy: PostingPolicy
    store: Connection
    books: Connection

    @property
    def horizon(self) -> timedelta:
        """How long the books may hide what is new."""
        return visibility_horizon(self.installation.settings)


@dataclass
class Place:
    """The small world of one schedule, with what must be remembered to judge it.

    `orders` are the ids of its orders in the order of their sale. `changed` are those that were
    changed in the shop, `touched` those whose documents a person has changed in the books,
    `doubled` the guests whom a person has entered as customers too.
    """

    world: World
    shop: ShopWithBooks
    orders: list[int] = field(default_factory=list)
    guests: list[int] = field(default_factory=list)
    changed: set[int] = field(default_factory=set)
    touched: set[int] = field(default_factory=set)
    doubled: set[int] = field(default_factory=set)

    @property
    def store(self) -> StoreEmulator:
        """The store."""
        return self.shop.store

    @property
    def company(self) -> CompanyEmulator:
        """The company with its books."""
        return self.shop.company

    def requests(self) -> int:
        """How many requests the store and the company have had."""
        return len(self.store.requests) + len(self.company.requests)

    def hide_new_objects(self, *, is_hidden: bool) -> None:
        """Let queries see new objects only shortly before the horizon, or at once."""
        seconds = self.world.horizon.total_seconds() * 0.9 if is_hidden else 0.0
        self.company.control.delay_visibility(seconds)

    def be_patient(self) -> None:
        """From now on wait for answers as long as they take."""
        self.shop.installation = self.world.patient

    def pass_time(self) -> None:
        """Let as much time pass as the books may hide something, and slots of the dead are held.

        The company's clock goes on, and the times in our own tables go back by as much.
        """
        while self.company.limits.in_flight:
            time.sleep(0.005)
        self.company.clock.advance(self.world.horizon.total_seconds() + 1)
        for statement, by in (
            ("update udsync.sync_queue set sent_at = sent_at - %s", self.world.horizon),
            ("update udsync.rate_limits set blocked_until = blocked_until - %s", _SLOTS_EXPIRE),
            ("update udsync.leases set expires_at = expires_at - %s", _SLOTS_EXPIRE),
        ):
            self._with_state(partial(_execute, statement, by))

    def execute(self, statement: str) -> None:
        """Do something to the state database behind everybody's back."""
        self._with_state(lambda connection: connection.exec_driver_sql(statement))

    def consent_anew(self) -> None:
        """Connect the company again, as a person does when only a person can go on."""
        tokens = self.company.control.connect()
        _connect_books(self.world, self.shop.tenant, self.company, tokens["refresh_token"])

    def rows(self, query: str) -> list[Row]:
        """Rows of the state database, as this tenant sees them."""
        return self._with_state(lambda connection: _select(connection, query))

    def _with_state(self, work: Callable[[sa.Connection], T]) -> T:
        """Work in a transaction; once more when its pooled session had been cut before."""
        state, tenant = self.world.installation.state, self.shop.tenant.id
        for _ in range(_MOST_CUT_SESSIONS):
            try:
                with state.tenant(tenant) as connection:
                    return work(connection)
            except PlatformUnavailableError:
                time.sleep(0.05)
        with state.tenant(tenant) as connection:
            return work(connection)


def _execute(statement: str, by: timedelta, connection: sa.Connection) -> None:
    connection.exec_driver_sql(statement, (by,))


def _select(connection: sa.Connection, query: str) -> list[Row]:
    return [dict(row) for row in connection.exec_driver_sql(query).mappings()]


@contextmanager
def open_world(url: str, folder: Path, server: Server) -> Iterator[World]:
    """An installation on this state database; its policy is learned from both sides once."""
    settings = settings_of(
        url,
        folder,
        limits_factor=FACTOR,
        http_timeout_seconds=PATIENCE_SECONDS,
        retry_budget_seconds=PATIENCE_SECONDS,
    )
    haste = {
        "http_timeout_seconds": TIMEOUT_SECONDS,
        "retry_budget_seconds": RETRY_BUDGET_SECONDS,
    }
    with open_installation(settings) as patient:
        with _store() as store, _company() as company:
            learned = connect_books(patient, store, company)
            place = find_place(patient, learned.tenant.name)
            active = place.active()
        assert active is not None
        hasty = replace(patient, settings=settings.model_copy(update=haste))
        yield World(hasty, patient, server, active.policy, place.store, place.books)


@contextmanager
def open_place(world: World, schedule: Schedule) -> Iterator[Place]:
    """A new tenant with a store and a company of its own; nothing is sold yet."""
    options: dict[str, Any] = {
        "seed": schedule.number + 1,
        "requestid": schedule.remembers_requests,
        **({"rotate_seconds": 0} if schedule.renews_often else {}),
    }
    with _store() as store, _company(**options) as company:
        tenant = _connect(world, store, company, f"schedule-{time.time_ns()}")
        yield Place(world, ShopWithBooks(store, world.installation, tenant, "", "", company))


def _store() -> StoreEmulator:
    return StoreEmulator(recorded=False, customers=0, products=0)


def _company(**options: Any) -> CompanyEmulator:
    return CompanyEmulator(limits_factor=float(FACTOR), sales_items=True, **options)


def _connect(world: World, store: StoreEmulator, company: CompanyEmulator, name: str) -> Tenant:
    """What connecting and accepting a policy leave, without asking both sides anew each time."""
    state, keys = world.installation.state, world.installation.keys
    with state.dispatch() as connection:
        # Not by `tenants.create`, which reads all time zones there are.
        connection.exec_driver_sql(
            "insert into udsync.tenants (name, timezone) values (%s, %s)",
            (name, tenants.DEFAULT_TIMEZONE),
        )
        tenant = tenants.get(connection, name)
    key = {
        "consumer_key": SecretStr(store.consumer_key),
        "consumer_secret": SecretStr(store.consumer_secret),
    }
    new = _like(world.store, key, {"url": store.url})
    with state.tenant(tenant.id) as connection:
        source, _ = keep(connection, keys, tenant, new, {})
    target = _connect_books(world, tenant, company, company.refresh_token)
    with state.tenant(tenant.id) as connection:
        policies.put(connection, tenant.id, source.id, target.id, world.policy)
    agree_to_park(world.installation, name)
    return tenant


def _connect_books(
    world: World, tenant: Tenant, company: CompanyEmulator, refresh_token: str
) -> Connection:
    tokens = {
        CLIENT_ID: SecretStr(company.options.client_id),
        CLIENT_SECRET: SecretStr(company.options.client_secret),
        REFRESH_TOKEN: SecretStr(refresh_token),
    }
    addresses = {BASE_URL: company.url, OAUTH_URL: company.oauth_url}
    new = _like(world.books, tokens, addresses)
    with world.installation.state.tenant(tenant.id) as connection:
        saved, _ = keep(connection, world.installation.keys, tenant, new, {})
    return saved


def _like(
    learned: Connection, credentials: Mapping[str, SecretStr], addresses: Mapping[str, str]
) -> NewConnection:
    """A connection like the one that was learned, to other addresses."""
    settings = {**learned.settings, **addresses}
    return NewConnection(learned.platform, learned.name, learned.external_id, credentials, settings)
