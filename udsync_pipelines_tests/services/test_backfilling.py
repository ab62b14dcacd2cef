"""Months, checkpoints and estimates of backfills; quotas of companies."""

from datetime import UTC, date, datetime, timedelta

import pytest

from udsync_pipelines.connectors.quickbooks.entities import BookEntity
from udsync_pipelines.emulators.quickbooks import CompanyEmulator
from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines.services import quota
from udsync_pipelines.services.backfill_progress import Outlook, stretch_of
from udsync_pipelines.services.backfilling import (
    Checkpoints,
    Month,
    Sample,
    backfills,
    months_of,
    since_first_sale,
)
from udsync_pipelines.services.books import open_books
from udsync_pipelines.services.estimates import Estimate, metered_for
from udsync_pipelines.services.installation import Installation
from udsync_pipelines.store.repositories.bookmarks import Bookmarks
from udsync_pipelines.store.repositories.tenants import Tenant
from udsync_pipelines.store.repositories.write_counts import WritesSoFar
from udsync_pipelines.sync.forecast import Stretch
from udsync_pipelines_tests.services.emulated_books import (
    company,
    installation,
    start_company,
    store_company,
    tenant,
)

__all__ = ["company", "installation", "start_company", "tenant"]

NOW = datetime(2026, 11, 10, 12, tzinfo=UTC)


def month(name: str) -> Month:
    return Month(name, NOW, NOW)


def test_months_are_those_of_the_tenants_zone_and_the_ends_are_cut_to_the_days() -> None:
    first, second = months_of(date(2026, 2, 20), date(2026, 3, 8), "America/Edmonton")

    assert (first.name, second.name) == ("2026-02", "2026-03")
    assert first.since == datetime(2026, 2, 20, 7, tzinfo=UTC)
    assert second.since - first.until == timedelta(seconds=1)
    # Clocks go forward on the 8th of March: that day ends an hour earlier in UTC.
    assert second.until == datetime(2026, 3, 9, 5, 59, 59, tzinfo=UTC)


def test_a_span_over_two_years_has_every_month_once() -> None:
    names = [one.name for one in months_of(date(2024, 12, 31), date(2026, 1, 1), "UTC")]

    assert names == ["2024-12", *(f"2025-{number:02d}" for number in range(1, 13)), "2026-01"]


def test_a_span_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="before it begins"):
        months_of(date(2026, 2, 1), date(2026, 1, 1), "UTC")


def test_months_before_the_first_order_need_no_sync_and_empty_ones_between_do() -> None:
    counts = {"2026-01": 0, "2026-02": 3, "2026-03": 0}

    kept = since_first_sale((month(name), Sample(orders)) for name, orders in counts.items())

    assert [one.name for one in kept] == ["2026-02", "2026-03"]


def test_an_estimate_counts_name_lists_that_grow() -> None:
    assert metered_for(0, 0) == 6
    assert metered_for(2, 0) == 6 + 8
    assert metered_for(2, 4000) == 6 + 8 + 2


def test_an_estimate_tells_the_time_at_the_allowed_rate() -> None:
    cost = Estimate(orders=4000, syncs=2, writes=8000, per_second=8.0, at=NOW)

    assert cost.seconds == 1000
    assert cost.ends_at == NOW + timedelta(seconds=1000)
    assert cost.as_json()["writes"] == 8000


def test_an_estimate_without_books_says_so() -> None:
    assert "No QuickBooks company" in Estimate(orders=1, syncs=1).lines()[-1]


def test_an_outlook_before_anything_is_planned_goes_by_the_estimate() -> None:
    cost = Estimate(orders=100, syncs=1, writes=200, per_second=8.0, at=NOW)

    outlook = Outlook.of({"2026-02": 100}, {}, stretch_of(None, 100, 5.0), cost, NOW)

    assert (outlook.percent, outlook.seconds_left) == (0.0, 20.0)


def test_a_sync_under_way_is_told_by_its_writes() -> None:
    written = WritesSoFar(names=3, documents=20, due_names=1, due=30, seconds=4.5)

    assert stretch_of(written, 50, 9.0) == Stretch(50, 20, 3, 9.0, 4.5, due=30, due_names=1)


def test_an_outlook_counts_the_finished_months_and_what_is_written_of_the_next() -> None:
    cost = Estimate(orders=200, syncs=2, writes=400, per_second=8.0, at=NOW)
    done = Stretch(100, documents=160, seconds=20.0, load_seconds=20.0)
    running = Stretch(100, documents=80, seconds=10.0, load_seconds=10.0, due=80)

    outlook = Outlook.of({"a": 100, "b": 100}, {"a": done}, running, cost, NOW)

    assert (outlook.percent, outlook.months_done, outlook.writes) == (75.0, 1, 240)
    assert outlook.seconds_left == pytest.approx(10.0)
    assert "75 % of 200 orders" in outlook.line()


def test_an_outlook_of_nothing_is_done() -> None:
    assert Outlook.of({}, {}, None, Estimate(0, 0), NOW).percent == 100.0


@pytest.mark.postgres
def test_checkpoints_outlive_who_wrote_them_and_show_in_the_status(
    installation: Installation, tenant: Tenant, company: CompanyEmulator
) -> None:
    connection = store_company(installation, tenant, company)
    purpose = "backfill:2026-01-01..2026-02-28"
    bookmarks = Bookmarks(installation.state, tenant.id, connection.id, purpose)
    held = Checkpoints(bookmarks)
    before = (held.orders(), held.done(), held.progress(), backfills(installation))
    held.begin({"2026-01": 7, "2026-02": 3})
    stretch = Stretch(7, documents=9, names=2, seconds=3.5, load_seconds=2.5)
    held.finish("2026-01", stretch)
    cost = Estimate(10, 2, 15, 6, 8.0)
    held.show(Outlook.of(held.orders(), held.done(), None, cost, NOW).as_json())

    again = Checkpoints(bookmarks)

    assert before == ({}, {}, {}, [])
    assert again.orders() == {"2026-01": 7, "2026-02": 3}
    assert again.done() == {"2026-01": stretch}
    (begun,) = backfills(installation)
    assert "70 % of 10 orders" in begun.sentence()
    assert not begun.is_done
    assert begun.facts()["days"] == "2026-01-01..2026-02-28"


@pytest.mark.postgres
def test_what_was_done_of_a_month_is_known_to_who_goes_on_with_it(
    installation: Installation, tenant: Tenant, company: CompanyEmulator
) -> None:
    connection = store_company(installation, tenant, company)
    held = Checkpoints(Bookmarks(installation.state, tenant.id, connection.id, "backfill:x..y"))
    stretch = Stretch(7, documents=4, names=2, seconds=3.5, load_seconds=2.5, due=5, due_names=1)
    before = held.under_way("2026-01")
    held.show({"percent": 10.0}, "2026-01", stretch)

    found = [held.under_way("2026-01"), held.under_way("2026-02")]

    assert before == Stretch(0)
    assert found == [stretch, Stretch(0)]
    assert held.progress() == {"percent": 10.0}


@pytest.mark.postgres
def test_a_quota_counts_what_its_company_was_asked_and_what_is_set_for_it(
    installation: Installation, tenant: Tenant, company: CompanyEmulator
) -> None:
    connection = store_company(installation, tenant, company)
    with open_books(installation, tenant, connection) as books:
        books.lists.company()
    today = datetime.now(UTC).date()
    unset = quota.quota_of(installation, tenant, connection, today)
    changed = quota.change(installation, tenant, monthly_reads=12, requests_per_minute=60)

    found = quota.quota_of(installation, tenant, changed, today)

    assert (unset.used, unset.allowance, unset.is_urgent) == (6, 500_000, False)
    assert (found.used, found.allowance, found.left, found.is_urgent) == (6, 12, 6, True)
    assert changed.settings["requests_per_minute"] == 60
    assert "6 of 12 metered calls" in found.sentence()
    assert quota.notice(installation, tenant, changed, today)
    assert not quota.notice(installation, tenant, changed, today)
    assert [one.used for one in quota.quotas(installation, today)] == [6]


@pytest.mark.postgres
def test_a_spent_allowance_refuses_reads_before_they_are_sent_and_no_writes(
    installation: Installation, tenant: Tenant, company: CompanyEmulator
) -> None:
    store_company(installation, tenant, company)
    limited = quota.change(installation, tenant, monthly_reads=2, requests_per_minute=None)

    with open_books(installation, tenant, limited) as books:
        with pytest.raises(ConfigurationError) as refused:
            books.lists.company()
        read = company.limits.reads
        books.client.create(BookEntity.CUSTOMER, {"DisplayName": "Ada"}, request_id="u-1")

    assert refused.value.code == "allowance_spent"
    assert read == 2
    assert company.count("Customer") == 1
