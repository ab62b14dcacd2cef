"""Months of the partitioned tables."""

import threading
from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa

from udsync_pipelines.store.partitions import (
    PARTITIONED,
    ensure_partitions,
    months_between,
    upcoming_months,
)
from udsync_pipelines.store.tables.queue import SyncLog
from udsync_pipelines.store.tables.states import LogLevel
from udsync_pipelines.store.tenancy import StateDatabase
from udsync_pipelines_tests.store.samples import household

PAST = date(2019, 12, 31)


def line_at(database: StateDatabase, moment: datetime) -> list[str]:
    """Write a line of the log at a moment; return the partitions that hold lines."""
    tenant = household(database, "ours")
    with database.tenant(tenant.tenant_id) as connection:
        connection.execute(
            sa.insert(SyncLog).values(
                tenant_id=tenant.tenant_id, logged_at=moment, level=LogLevel.INFO, event="read"
            )
        )
        names = connection.exec_driver_sql("SELECT tableoid::regclass::text FROM udsync.sync_log")
        return list(names.scalars())


def test_the_coming_months_go_over_the_turn_of_the_year() -> None:
    months = upcoming_months(date(2026, 11, 30))

    assert months == (date(2026, 11, 1), date(2026, 12, 1), date(2027, 1, 1))


def test_months_between_hold_both_ends_and_each_month_once() -> None:
    months = months_between(date(2026, 11, 30), date(2027, 1, 1))

    assert months == (date(2026, 11, 1), date(2026, 12, 1), date(2027, 1, 1))


def test_months_between_a_day_and_itself_are_its_month() -> None:
    assert months_between(PAST, PAST) == (date(2019, 12, 1),)


@pytest.mark.postgres
def test_a_migrated_database_holds_this_month_and_the_next_two(
    state_database: StateDatabase,
) -> None:
    with state_database.maintenance() as connection:
        made = ensure_partitions(connection, upcoming_months(datetime.now(UTC).date()))

    assert made == []


@pytest.mark.postgres
def test_a_missing_month_is_made_for_every_partitioned_table(
    state_database: StateDatabase,
) -> None:
    with state_database.maintenance() as connection:
        made = ensure_partitions(connection, [PAST, date(2019, 12, 1)])
        again = ensure_partitions(connection, [PAST])

    assert made == [f"{table}_2019_12" for table in PARTITIONED]
    assert again == []


@pytest.mark.postgres
@pytest.mark.parametrize(
    "moment",
    [
        datetime(2019, 12, 1, tzinfo=UTC),
        datetime(2019, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    ],
)
def test_a_month_begins_and_ends_at_midnight_in_utc(
    state_database: StateDatabase, moment: datetime
) -> None:
    with state_database.maintenance() as connection:
        ensure_partitions(connection, [PAST])

    partitions = line_at(state_database, moment)

    assert partitions == ["udsync.sync_log_2019_12"]


@pytest.mark.postgres
def test_a_row_of_a_month_that_was_not_made_is_refused(state_database: StateDatabase) -> None:
    with pytest.raises(sa.exc.IntegrityError, match="no partition of relation"):
        line_at(state_database, datetime(2019, 11, 1, tzinfo=UTC))


@pytest.mark.postgres
def test_two_processes_that_make_the_same_month_both_succeed(
    state_database: StateDatabase,
) -> None:
    made: list[list[str]] = []
    together = threading.Barrier(2)

    def work() -> None:
        with state_database.maintenance() as connection:
            together.wait(10)
            made.append(ensure_partitions(connection, [PAST]))

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(len(names) for names in made) == [0, len(PARTITIONED)]


@pytest.mark.postgres
def test_a_new_month_does_not_wait_for_running_work(state_database: StateDatabase) -> None:
    tenant = household(state_database, "ours")
    with state_database.tenant(tenant.tenant_id) as running:
        running.execute(sa.select(SyncLog.id))
        running.execute(
            sa.insert(SyncLog).values(tenant_id=tenant.tenant_id, level=LogLevel.INFO, event="read")
        )

        with state_database.maintenance() as connection:
            connection.exec_driver_sql("SET LOCAL lock_timeout = '2s'")
            made = ensure_partitions(connection, [PAST])

    assert len(made) == len(PARTITIONED)


@pytest.mark.postgres
def test_a_new_month_has_the_indexes_of_its_table_and_no_second_ones(
    state_database: StateDatabase,
) -> None:
    query = sa.text(
        "SELECT count(*) FROM pg_indexes WHERE schemaname = 'udsync' AND tablename = :t"
    )
    with state_database.maintenance() as connection:
        ensure_partitions(connection, [PAST])

        counts = {
            table: {connection.scalar(query, {"t": name}) for name in (table, f"{table}_2019_12")}
            for table in PARTITIONED
        }

    assert counts == {"raw_records": {1}, "sync_log": {3}, "webhook_events": {4}}
