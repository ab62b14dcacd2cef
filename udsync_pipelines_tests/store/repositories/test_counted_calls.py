"""Calls of a connection are counted by name, and those that are billed apart."""

from uuid import UUID

import pytest

from udsync_pipelines.store.repositories.counted_calls import Calls
from udsync_pipelines.store.tenancy import StateDatabase
from udsync_pipelines_tests.store.repositories.limited import Make, make, owner
from udsync_pipelines_tests.store.samples import Household

__all__ = ["make", "owner"]

pytestmark = pytest.mark.postgres


def usage(database: StateDatabase, tenant_id: UUID) -> list[tuple[str, int, int, int]]:
    with database.tenant(tenant_id) as connection:
        rows = connection.exec_driver_sql(
            "SELECT name, calls, metered, failed FROM udsync.api_usage ORDER BY name"
        )
        return [(row.name, row.calls, row.metered, row.failed) for row in rows]


def test_calls_are_counted_by_name_with_those_that_are_billed(
    make: Make, state_database: StateDatabase, owner: Household
) -> None:
    shared = make().calls
    for has_failed in (False, False, True):
        shared.count("Customer query", is_metered=True, has_failed=has_failed)
    shared.count("Invoice create", is_metered=False, has_failed=False)

    shared.flush()
    shared.flush()

    assert usage(state_database, owner.tenant_id) == [
        ("Customer query", 3, 2, 1),
        ("Invoice create", 1, 0, 0),
    ]
    assert shared.metered_this_month() == 2
    assert shared.made == Calls(calls=4, metered=2, failed=1)


def test_counted_calls_are_written_by_themselves_now_and_then(
    make: Make, state_database: StateDatabase, owner: Household
) -> None:
    shared = make().calls

    for _ in range(101):
        shared.count("Item read", is_metered=True, has_failed=False)

    assert usage(state_database, owner.tenant_id) == [("Item read", 100, 100, 0)]
