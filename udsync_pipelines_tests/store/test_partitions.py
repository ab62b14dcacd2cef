"""Months of the partitioned tables."""

import threading
from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa

from udsync_pipelines.store.partitions import (
    PARTITIONED,
    Month,
    drop_month,
    ensure_partitions,
    first_kept,
    months_before,
    months_between,
    upcoming_months,
)
from udsync_pipelines.store.tables.queue import SyncLog
from udsync_pipelines.store.tables.states import LogLevel
from udsync_pipelines.store.tenancy import StateDatabase
from udsync_pipelines_tests.store.samples import household

BEGAN_ON = datetime.now(UTC).date()
"""The day on which databases were migrated, also when this run of the tests goes on past it."""

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
        made = ensure_partitions(connection, upcoming_months(BEGAN_ON))

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


def test_the_oldest_month_that_stays_is_counted_over_the_turn_of_the_year() -> None:
    assert first_kept(date(2026, 11, 30), 6) == date(2026, 5, 1)
    assert first_kept(date(2027, 1, 31), 1) == date(2026, 12, 1)
    assert first_kept(date(2027, 1, 1), 13) == date(2025, 12, 1)


def old_months(database: StateDatabase, first: date = date(2020, 1, 1)) -> list[Month]:
    with database.maintenance() as connection:
        return months_before(connection, first)


def drop(database: StateDatabase, month: Month, wait: str = "10s") -> bool:
    with database.upkeep() as connection:
        return drop_month(connection, month, wait)


@pytest.mark.postgres
def test_only_months_of_the_log_and_the_inbox_are_old_and_never_the_archive(
    state_database: StateDatabase,
) -> None:
    with state_database.maintenance() as connection:
        ensure_partitions(connection, [PAST, date(2020, 1, 1)])

    found = old_months(state_database)

    assert found == [
        Month("sync_log", date(2019, 12, 1)),
        Month("webhook_events", date(2019, 12, 1)),
    ]


@pytest.mark.postgres
def test_a_month_that_is_dropped_is_gone_with_its_rows(state_database: StateDatabase) -> None:
    with state_database.maintenance() as connection:
        ensure_partitions(connection, [PAST])
    line_at(state_database, datetime(2019, 12, 7, tzinfo=UTC))

    dropped = [drop(state_database, one) for one in old_months(state_database)]

    assert dropped == [True, True]
    assert old_months(state_database) == []
    with state_database.maintenance() as connection:
        left = connection.scalar(sa.text("SELECT to_regclass('udsync.sync_log_2019_12')"))
    assert left is None


@pytest.mark.postgres
def test_a_month_is_not_dropped_under_running_work_which_goes_on(
    state_database: StateDatabase,
) -> None:
    with state_database.maintenance() as connection:
        ensure_partitions(connection, [PAST])
    tenant = household(state_database, "ours")
    (log, *_) = old_months(state_database)
    with state_database.tenant(tenant.tenant_id) as running:
        running.execute(sa.select(SyncLog.id))

        dropped = drop(state_database, log, "300ms")
        running.execute(
            sa.insert(SyncLog).values(tenant_id=tenant.tenant_id, level=LogLevel.INFO, event="read")
        )
        with state_database.tenant(tenant.tenant_id) as beside:
            beside.exec_driver_sql("SET LOCAL lock_timeout = '2s'")
            beside.execute(sa.select(SyncLog.id))

    (left, *_) = old_months(state_database)
    assert not dropped
    assert (left.name, left.is_leaving) == ("sync_log_2019_12", True)
    assert drop(state_database, left)
    assert old_months(state_database) == [Month("webhook_events", date(2019, 12, 1))]


@pytest.mark.postgres
def test_a_drop_that_was_cut_off_after_the_month_left_its_table_is_completed(
    state_database: StateDatabase,
) -> None:
    with state_database.maintenance() as connection:
        ensure_partitions(connection, [PAST])
        connection.exec_driver_sql(
            "ALTER TABLE udsync.sync_log DETACH PARTITION udsync.sync_log_2019_12"
        )
    (log, *_) = old_months(state_database)

    dropped = drop(state_database, log)

    assert (log.is_attached, dropped) == (False, True)
    assert [one.table for one in old_months(state_database)] == ["webhook_events"]


@pytest.mark.postgres
def test_a_month_whose_drop_fails_for_another_cause_says_so(state_database: StateDatabase) -> None:
    with pytest.raises(sa.exc.ProgrammingError, match="does not exist"):
        drop(state_database, Month("sync_log", date(2018, 1, 1)))
