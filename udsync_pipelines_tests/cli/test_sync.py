"""`udsync sync`, executed in the command's own process: what it says and how it ends."""

import json
import signal
import time

import psycopg
import pytest

from udsync_pipelines_tests.cli.commands import CommandLine
from udsync_pipelines_tests.cli.conftest import ConnectedTenant, connect_store
from udsync_pipelines_tests.scenarios.evidence import listed

pytestmark = pytest.mark.postgres

DAY = "2026-07-02T00:00:00"


def test_everything_lands_and_the_last_line_is_one_json_object(
    connected: ConnectedTenant,
) -> None:
    first = connected.sync("all", "--yes", "--json")
    second = connected.sync("all", "--json")

    assert (first.code, second.code) == (0, 0)
    assert _created(first.json) == {
        "customer": 59, "product": 44, "variation": 14, "order": 288, "refund": 36,
    }  # fmt: skip
    assert set(_created(second.json).values()) == {0}
    assert len([line for line in second.out.splitlines() if line.startswith("{")]) == 1
    assert _count(connected, "woo_orders") == 288


def test_a_person_reads_a_table_of_what_was_done(connected: ConnectedTenant) -> None:
    shown = connected.sync("orders", "--yes")

    assert shown.code == 0
    assert shown.err == ""
    cells = [line.split("│")[1:-1] for line in shown.out.splitlines() if "orders" in line]
    assert [[cell.strip() for cell in row] for row in cells] == [
        ["orders", "288", "288", "0", "0", "0"]
    ]


def test_more_than_ten_changes_wait_for_approval_and_are_made_after_it(
    connected: ConnectedTenant,
) -> None:
    waiting = connected.sync("customers", "--json")
    plan = waiting.json["syncs"][0]["sync_id"]
    before = _count(connected, "woo_customers")
    shown = connected.udsync("plan", "show", plan)
    applied = connected.udsync("plan", "approve", plan)
    again = connected.udsync("plan", "approve", plan)

    assert (waiting.code, before) == (4, 0)
    assert "create  customer/" in shown.out
    assert "59 shown in all" in shown.out
    assert (shown.code, applied.code) == (0, 0)
    assert _count(connected, "woo_customers") == 59
    assert again.code == 1
    assert "does not wait for approval; it is applied" in again.complaint


def test_what_waits_is_told_with_the_next_two_commands(connected: ConnectedTenant) -> None:
    waiting = connected.sync("customers")

    assert waiting.code == 4
    assert "udsync plan show" in waiting.out
    assert "udsync plan approve" in waiting.out


def test_ten_changes_or_fewer_need_nobody(connected: ConnectedTenant) -> None:
    connected.sync("orders", "--yes")
    for order in sorted(listed(connected.store, "woo_orders"))[:3]:
        connected.store.control.edit_order(order, {"customer_note": "later please"})

    done = connected.sync("orders", "--json")

    assert done.code == 0
    assert done.json["syncs"][0]["entities"]["order"]["updated"] == 3


def test_a_plan_shows_each_update_field_by_field(connected: ConnectedTenant) -> None:
    connected.sync("orders", "--yes")
    connected.store.control.edit_order(76, {"customer_note": "at the back door"})

    dry = connected.sync("orders", "--dry-run", "--json")
    shown = connected.udsync("plan", "show", dry.json["syncs"][0]["sync_id"], "--json")

    assert (dry.code, shown.code) == (0, 0)
    (change,) = shown.json["changes"]
    assert change["record"] == "order/76"
    assert change["differences"]["customer_note"]["new"] == "at the back door"
    assert _count(connected, "woo_orders where customer_note = 'at the back door'") == 0


def test_a_dry_run_writes_nothing_and_says_so(connected: ConnectedTenant) -> None:
    shown = connected.sync("orders", "--dry-run")

    assert shown.code == 0
    assert "a dry run; nothing was written" in shown.out
    assert _count(connected, "woo_orders") == 0


def test_a_parked_record_ends_with_three_and_a_corrected_one_with_zero(
    connected: ConnectedTenant,
) -> None:
    total = connected.store.control.touch_order(100)["total"]
    connected.store.control.edit_silently("order", 100, {"total": "abc"})
    parked = connected.sync("orders", "--yes")
    still = connected.sync("orders", "--yes")
    connected.store.control.edit_silently("order", 100, {"total": total})
    connected.store.control.touch_order(100)
    corrected = connected.sync("orders", "--yes")

    assert (parked.code, still.code, corrected.code) == (3, 3, 0)
    assert "parked order/100" in parked.out
    assert "parked order/100" in still.out
    assert "parked order" not in corrected.out
    assert _count(connected, "woo_orders") == 288


def test_a_failing_store_ends_with_one_and_its_reason(connected: ConnectedTenant) -> None:
    connected.store.faults.add("status", path="/orders", status=503, times=0)

    failed = connected.sync("orders", "--yes")
    as_json = connected.sync("orders", "--yes", "--json")

    assert failed.code == 1
    assert "maintenance" in failed.out + failed.err
    assert as_json.code == 1
    assert as_json.json["ok"] is False
    assert "maintenance" in json.dumps(as_json.json)


def test_a_span_of_time_is_read_alone(connected: ConnectedTenant) -> None:
    done = connected.sync(
        "orders", "--since", DAY, "--until", "2026-07-03T00:00:00", "--yes", "--json"
    )

    created = done.json["syncs"][0]["entities"]["order"]["created"]
    assert done.code == 0
    assert 0 < created < 288


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_sync_ends_at_once_and_the_next_one_goes_on(
    connected: ConnectedTenant, number: signal.Signals
) -> None:
    connected.store.faults.add("slow", path="offset=99", seconds=20)
    command = ("sync", "orders", "--tenant", connected.name, "--yes")
    with connected.udsync.started(*command) as process:
        _wait_until_it_reads(connected)
        process.send_signal(number)
        out, errors = process.communicate(timeout=60)
    connected.store.faults.clear()

    again = connected.sync("orders", "--yes")

    assert (process.returncode, out, errors) == (1, "", "Stopped.\n")
    assert again.code == 0
    assert _count(connected, "woo_orders") == 288


def test_a_second_sync_of_the_same_lane_is_refused_while_one_runs(
    connected: ConnectedTenant,
) -> None:
    connected.store.faults.add("slow", path="offset=99", seconds=30)
    command = ("sync", "orders", "--tenant", connected.name, "--yes")
    with connected.udsync.started(*command, UDSYNC_HTTP_TIMEOUT_SECONDS="60") as process:
        _wait_until_it_reads(connected)
        refused = connected.sync("orders", "--yes")
        other_lane = connected.sync("customers", "--yes")
        process.kill()  # it would wait for its request first

    assert refused.code == 1
    assert f"another sync of orders for {connected.name} is running" in refused.err.lower()
    assert other_lane.code == 0


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--since", "yesterday"], "since is not a time: 'yesterday'"),
        (["--until", "2026-13-01"], "until is not a time"),
        (["--since", "2026-09-02", "--until", "2026-09-01"], "since is later than until"),
        (["--full", "--since", "2026-09-01"], "full"),
    ],
)
def test_a_malformed_span_is_wrong_usage(
    udsync: CommandLine, words: list[str], sentence: str
) -> None:
    refused = udsync("sync", "orders", "--tenant", "any", *words)

    assert refused.code == 2
    assert sentence in refused.complaint.replace("Since", "since").replace("Until", "until")


def test_an_unknown_entity_is_wrong_usage_and_the_known_are_named(udsync: CommandLine) -> None:
    refused = udsync("sync", "invoices", "--tenant", "any")

    assert refused.code == 2
    assert "'invoices'" in refused.complaint
    assert "customers, products, orders, all" in refused.complaint


def test_without_a_store_or_a_database_the_missing_side_is_named(
    udsync: CommandLine, tenant: str, connected: ConnectedTenant
) -> None:
    without_store = udsync("sync", "orders", "--tenant", _new_tenant(udsync))
    other = _new_tenant(udsync)
    connect_store(udsync, other, connected.store)
    without_database = udsync("sync", "orders", "--tenant", other)

    assert (without_store.code, without_database.code) == (1, 1)
    assert "udsync connect woocommerce" in without_store.err
    assert "udsync connect supabase" in without_database.err


@pytest.mark.parametrize("plan", ["7", "5f0c2c3e-0000-4000-8000-000000000000"])
def test_an_unknown_plan_is_refused_by_show_and_approve(udsync: CommandLine, plan: str) -> None:
    shown, approved = udsync("plan", "show", plan), udsync("plan", "approve", plan)

    assert (shown.code, approved.code) == (1, 1)
    assert plan in shown.complaint
    assert plan in approved.complaint


def _wait_until_it_reads(connected: ConnectedTenant) -> None:
    """Wait until the store has answered the first page of orders."""
    deadline = time.monotonic() + 60
    while not connected.store.requests.records(r"/orders\?.*status=any.*orderby=id"):
        assert time.monotonic() < deadline, "the store was not asked"
        time.sleep(0.05)


def _new_tenant(udsync: CommandLine) -> str:
    number = len(udsync("tenant", "list", "--json").json["tenants"])
    name = f"other-{number}"
    udsync("tenant", "create", name)
    return name


def _created(answer: dict[str, object]) -> dict[str, int]:
    syncs = answer["syncs"]
    assert isinstance(syncs, list)
    return {
        entity: counts["created"] for sync in syncs for entity, counts in sync["entities"].items()
    }


def _count(connected: ConnectedTenant, table: str) -> int:
    schema = connected.name.replace("-", "_")
    with psycopg.connect(connected.database_url) as session:
        row = session.execute(f"select count(*) from {schema}.{table}".encode()).fetchone()
    assert row is not None
    return int(row[0])
