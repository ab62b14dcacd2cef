"""A shop with books whose time is simulated: the store, the company and udsync share one clock."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from udsync_pipelines.emulators.quickbooks import CompanyEmulator
from udsync_pipelines.emulators.woocommerce import StoreEmulator
from udsync_pipelines.services.deciding import decide, questions_of
from udsync_pipelines.services.installation import Installation, open_installation
from udsync_pipelines.store.repositories.decisions import Asked
from udsync_pipelines.sync.decisions import KEEP_BOOKS
from udsync_pipelines_tests.scenarios.books import (
    FACTOR,
    ShopWithBooks,
    connect_books,
    settings_of,
)
from udsync_pipelines_tests.store.databases import StateTemplate

_ROUNDS = 3
"""A decision may lead to one more question, not to many."""


class SimulatedShop(ShopWithBooks):
    """A shop of which a test says what time it is."""

    def now(self) -> datetime:
        """The time on the company's clock."""
        return datetime.fromtimestamp(self.company.clock.now(), UTC)

    def move_clocks(self, moment: datetime) -> None:
        """Let it be this time everywhere."""
        self.store.clock.set(moment.astimezone(UTC).isoformat())
        self.company.clock.set(moment.timestamp())

    def change_policy(self, **fields: str) -> None:
        """As ever; what that has paced by the real clock is forgotten."""
        super().change_policy(**fields)
        _forget_today(self)

    def let_the_books_follow(self) -> None:
        """Decide every question so that the books become what the shop says, and sync."""
        for _ in range(_ROUNDS):
            asked = [one for one in questions_of(self.installation, self.tenant) if not one.choice]
            if not asked:
                return
            for one in asked:
                decide(self.installation, self.tenant, one.subject, _as_the_shop(one))
            self.sync_all()


def _as_the_shop(asked: Asked) -> str:
    return next(choice.name for choice in asked.choices if choice.name != KEEP_BOOKS)


@pytest.fixture(scope="module")
def simulated_installation(
    state_template: StateTemplate, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """An installation that looks at the books in every sync, for a simulated day is soon over."""
    with state_template.clone() as url:
        settings = settings_of(url, tmp_path_factory.mktemp("simulated"), books_minutes=0)
        with open_installation(settings) as opened:
            yield opened


def _forget_today(shop: ShopWithBooks) -> None:
    """Connecting has paced its requests by the real clock; from now on another one counts."""
    shop.state("update udsync.rate_limits set next_at = '2000-01-01' returning name")
    shop.state(
        "update udsync.leases set expires_at = '2000-01-01' where name like 'slot:%%'"
        " returning name"
    )


@contextmanager
def open_simulated_shop(
    installation: Installation, opening: datetime, **store_options: Any
) -> Iterator[SimulatedShop]:
    """A shop that is connected with its books at this time; nothing is synced yet."""
    with (
        StoreEmulator(**store_options) as store,
        CompanyEmulator(limits_factor=FACTOR, sales_items=True) as company,
    ):
        store.clock.set(opening.astimezone(UTC).isoformat())
        company.clock.set(opening.timestamp())
        shop = connect_books(installation, store, company)
        _forget_today(shop)
        yield SimulatedShop(
            shop.store, shop.installation, shop.tenant, shop.database_url, shop.schema, shop.company
        )
