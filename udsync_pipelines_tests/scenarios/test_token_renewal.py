"""Renewing tokens while processes die: one renewal an expiry, and no connection lost in vain."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from udsync_pipelines.services.installation import Installation, open_installation
from udsync_pipelines.store.repositories import tenants
from udsync_pipelines.store.repositories.tenants import Tenant
from udsync_pipelines.store.tables.states import ConnectionState
from udsync_pipelines_tests.scenarios.books import settings_of
from udsync_pipelines_tests.scenarios.token_race import RACERS, Campaign, open_race
from udsync_pipelines_tests.store.databases import StateTemplate

pytestmark = [pytest.mark.postgres, pytest.mark.slow]

KILLS = 25


@pytest.fixture(scope="module")
def installation(
    state_template: StateTemplate, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """An installation of this module."""
    with state_template.clone() as url:
        folder: Path = tmp_path_factory.mktemp("tokens")
        with open_installation(settings_of(url, folder)) as opened:
            yield opened


@pytest.fixture
def tenant(installation: Installation, request: pytest.FixtureRequest) -> Tenant:
    """A tenant of the test's own."""
    name = str(abs(hash(request.node.name)))
    with installation.state.dispatch() as transaction:
        return tenants.create(transaction, f"tenant-{name}")


def test_processes_killed_with_an_answer_in_hand_lose_no_connection_in_vain(
    installation: Installation, tenant: Tenant
) -> None:
    with open_race(installation, tenant) as race:
        campaign = Campaign(race, random.Random(20_261_130))  # noqa: S311 - chances, no secrets
        campaign.run(KILLS)

    assert campaign.broken == []
    assert campaign.counts["killed before the commit"] >= KILLS
    assert campaign.counts["connections lost with a replaced token"] > 0
    assert campaign.counts["token calls after the notice"] == 0


def test_a_token_lost_with_its_holder_ends_in_one_notice_and_no_further_call(
    installation: Installation, tenant: Tenant
) -> None:
    with open_race(installation, tenant, rotate_seconds=0) as race:
        lost = race.run(0.0)
        again = [race.ask() for _ in range(2)]
        race.connect_again()
        healthy = race.run()
        lost_again = race.run(0.0)

    assert (lost.calls, lost.notices, lost.state) == (2, 1, ConnectionState.NEEDS_CONSENT)
    assert lost.answers == ["needs_consent"] * (RACERS - 1)
    assert [(one.calls, one.notices) for one in again] == [(0, 0)] * 2
    assert {answer for one in again for answer in one.answers} == {"needs_consent"}
    assert (healthy.calls, set(healthy.answers)) == (1, {"ok"})
    assert (lost_again.calls, lost_again.notices) == (2, 1)
