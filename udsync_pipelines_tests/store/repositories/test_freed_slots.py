"""The slots of processes that are no more are free, and those of others stay theirs."""

from contextlib import closing
from uuid import UUID

import pytest

from udsync_pipelines.store.lane_leases import LaneLeases
from udsync_pipelines.store.tenancy import StateDatabase
from udsync_pipelines_tests.store.repositories.limited import Make, make, owner
from udsync_pipelines_tests.store.samples import Household

__all__ = ["make", "owner"]

pytestmark = pytest.mark.postgres


def slots_held(database: StateDatabase, tenant_id: UUID) -> list[str]:
    with database.tenant(tenant_id) as connection:
        rows = connection.exec_driver_sql(
            "SELECT name FROM udsync.leases WHERE name LIKE 'slot:%%' AND expires_at > now()"
        )
        return [row.name for row in rows]


def test_slots_of_a_process_that_died_are_free_once_its_lane_is_taken_over(
    make: Make, owner: Household, state_database: StateDatabase, state_url: str
) -> None:
    dead, heir = (
        LaneLeases(state_database, state_url, owner.tenant_id, seconds=600) for _ in range(2)
    )
    of_the_dead, of_another = make(slots=3), make(slots=3)
    of_the_dead.hold_as(dead.owner)
    dead.hold("acme", "orders")
    under_way = [one.slot(("requests",)) for one in (of_the_dead, of_the_dead, of_another)]
    for slot in under_way:
        slot.__enter__()
    dead._locks.close()  # what the server does when a process has died

    with closing(dead), closing(heir):
        heir.hold("acme", "orders")
        held = slots_held(state_database, owner.tenant_id)

    assert len(held) == 1


def test_slots_of_a_process_that_has_another_lane_stay_its_own(
    make: Make, owner: Household, state_database: StateDatabase, state_url: str
) -> None:
    first, busy, heir = (
        LaneLeases(state_database, state_url, owner.tenant_id, seconds=600) for _ in range(3)
    )
    limited = make(slots=3)
    limited.hold_as(busy.owner)
    busy.hold("acme", "products")
    first.hold("acme", "orders")
    under_way = limited.slot(("requests",))
    under_way.__enter__()
    first.close()

    with closing(busy), closing(heir):
        heir.hold("acme", "orders")
        held = slots_held(state_database, owner.tenant_id)

    assert len(held) == 1


def test_a_slot_whose_giving_back_was_lost_is_free_once_its_holder_has_ended(
    make: Make, owner: Household, state_database: StateDatabase, state_url: str
) -> None:
    leases = LaneLeases(state_database, state_url, owner.tenant_id, seconds=600)
    limited = make(slots=3)
    limited.hold_as(leases.owner)
    leases.hold("acme", "orders")
    under_way = limited.slot(("requests",))
    under_way.__enter__()
    held = slots_held(state_database, owner.tenant_id)

    leases.close()

    assert len(held) == 1
    assert slots_held(state_database, owner.tenant_id) == []
