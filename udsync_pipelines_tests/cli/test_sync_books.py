"""`udsync sync` and `udsync plan` of a tenant with books: what is said, and how it ends."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from udsync_pipelines.emulators.quickbooks import CompanyEmulator
from udsync_pipelines.emulators.woocommerce import StoreEmulator
from udsync_pipelines_tests.cli.commands import CommandLine, Result
from udsync_pipelines_tests.cli.conftest import connect_store
from udsync_pipelines_tests.cli.test_policy import connect_company
from udsync_pipelines_tests.scenarios.evidence import listed
from udsync_pipelines_tests.services.emulated_books import StartCompany, start_company
from udsync_pipelines_tests.store_fixtures import StartStore

__all__ = ["start_company"]

pytestmark = pytest.mark.postgres

FAST = {"UDSYNC_LIMITS_FACTOR": "1000"}
"""So that nothing waits, neither for the company's limits nor for what it may hide."""


@dataclass(frozen=True)
class Bookkeeper:
    """Who syncs a small store, all in the home currency, with a company in Canada."""

    udsync: CommandLine
    tenant: str
    store: StoreEmulator
    company: CompanyEmulator

    def sync(self, *options: str) -> Result:
        return self.udsync("sync", "orders", "--tenant", self.tenant, *options, **FAST)

    def accept_policy(self) -> None:
        accepted = self.udsync("policy", "propose", "--accept", "--tenant", self.tenant)
        assert accepted.code == 0, accepted.err

    def park(self, code: str) -> None:
        """Decide that what all findings of a code need is parked."""
        named = ("--all", "--tenant", self.tenant)
        decided = self.udsync("policy", "decide", code, "park", *named)
        assert decided.code == 0, decided.err

    def connect_database(self, url: str) -> None:
        connected = self.udsync(
            "connect", "supabase", "--tenant", self.tenant, "--database-url", url,
            "--schema", self.tenant.replace("-", "_"),
        )  # fmt: skip
        assert connected.code == 0, connected.err

    def held(self, form: str) -> Mapping[str, Any]:
        """The company's own sums of its documents of a form, in Canadian dollars."""
        found: Mapping[str, Any] = self.company.audit()["sums"][form]["CAD"]
        return found


@pytest.fixture
def keeper(
    udsync: CommandLine, tenant: str, store_emulator: StartStore, start_company: StartCompany
) -> Bookkeeper:
    """Store and company connected; no policy yet, and no database."""
    store = store_emulator(orders=14, seed=4)
    company = start_company(sales_items=True)
    connect_store(udsync, tenant, store)
    connect_company(udsync, tenant, company)
    return Bookkeeper(udsync, tenant, store, company)


def test_a_bookkeeper_reads_what_was_posted_and_how_much_money(keeper: Bookkeeper) -> None:
    keeper.accept_policy()

    first = keeper.sync("--yes")
    second = keeper.sync("--yes")

    assert (first.code, second.code) == (0, 0), first.out + first.err
    receipts = keeper.held("SalesReceipt")
    row = _row(first, "sales receipts")
    assert row[1:4] == [str(receipts["count"]), "0", "0"]
    assert row[-1] == f"{Decimal(receipts['total']):,} CAD"
    assert _row(first, "orders") == ["orders", "14"]
    assert "Supabase" not in first.out
    assert "nothing to write" in second.out


def test_scripts_get_rows_and_books_side_by_side(keeper: Bookkeeper, supabase_url: str) -> None:
    keeper.accept_policy()
    keeper.connect_database(supabase_url)

    done = keeper.sync("--yes", "--json")

    (sync,) = done.json["syncs"]
    receipts = keeper.held("SalesReceipt")
    assert done.code == 0
    assert sync["entities"]["order"]["created"] == 14
    assert sync["books"]["sales_receipt"]["created"] == receipts["count"]
    assert sync["books"]["customer"]["created"] == keeper.company.count("Customer")
    assert (sync["blocked"], sync["in_doubt"], sync["still_parked"]) == ({}, 0, 0)
    assert done.json["money_posted"] == {
        kind: {"CAD": keeper.held(form)["total"]}
        for kind, form in (
            ("sales_receipt", "SalesReceipt"),
            ("invoice", "Invoice"),
            ("payment", "Payment"),
            ("refund_receipt", "RefundReceipt"),
        )
        if form in keeper.company.audit()["sums"]
    }


def test_books_that_are_left_out_end_with_one_and_hold_up_no_database(
    keeper: Bookkeeper, supabase_url: str
) -> None:
    keeper.connect_database(supabase_url)

    left_out = keeper.sync("--yes")
    as_json = keeper.sync("--yes", "--json")

    assert (left_out.code, as_json.code) == (1, 1)
    assert "orders: QuickBooks was left out: no posting policy was accepted" in left_out.out
    assert "udsync policy propose" in left_out.out
    assert _row(left_out, "orders")[2] == "14"
    (sync,) = as_json.json["syncs"]
    assert sync["blocked"]["quickbooks"]["code"] == "policy_missing"
    assert keeper.company.count("SalesReceipt") == 0


def test_a_parked_order_is_told_with_its_cure_and_counted_once(keeper: Bookkeeper) -> None:
    keeper.accept_policy()
    foreign = _completed(keeper)[0]
    keeper.store.control.edit_order(foreign, {"currency": "USD"})

    refused = keeper.sync("--yes")
    keeper.park("preflight.currency_off")
    done = keeper.sync("--yes")
    as_json = keeper.sync("--yes", "--json")

    assert (refused.code, done.code, as_json.code) == (1, 3, 3)
    assert (
        "Nothing is posted before all findings about the books are decided. Left: 1." in refused.out
    )
    assert "Newly parked: 1 order\n" in refused.out
    assert f"parked order/{foreign}: It is in USD, and the books keep CAD only." in done.out
    (sync,) = as_json.json["syncs"]
    assert sync["still_parked"] == len(sync["parked"])
    assert sync["entities"]["order"]["parked"] == 0


def test_a_write_whose_answer_was_lost_ends_with_three_until_it_is_certain(
    keeper: Bookkeeper,
) -> None:
    keeper.accept_policy()
    keeper.company.faults.add("close", path="/salesreceipt", method="POST", times=1)

    doubtful = keeper.sync("--yes")
    certain = keeper.sync("--yes")

    assert doubtful.code == 3
    assert "orders: 1 write was sent and its answer lost" in doubtful.out
    assert certain.code == 0, certain.out
    assert keeper.company.audit()["duplicates"]["doc_numbers"] == {}


def test_a_plan_shows_each_write_in_the_books_and_what_it_needs(keeper: Bookkeeper) -> None:
    keeper.accept_policy()
    dry = keeper.sync("--dry-run", "--json").json["syncs"][0]

    shown = keeper.udsync("plan", "show", dry["sync_id"], "--limit", "5")
    whole = keeper.udsync("plan", "show", dry["sync_id"], "--json").json

    assert keeper.company.count("Customer") == keeper.company.count("SalesReceipt") == 0
    assert "create  #" in shown.out
    assert f"QuickBooks: {whole['estimate']['writes']} writes (free) and 0 metered" in shown.out
    assert whole["estimate"]["writes"] == len(whole["writes"])
    assert f"Show them with --limit {len(whole['writes'])}." in shown.out
    assert "QuickBooks sales receipts: " in shown.out
    by_place = {write["position"]: write for write in whole["writes"]}
    receipts = [one for one in by_place.values() if one["kind"] == "sales_receipt"]
    assert len(receipts) == dry["books"]["sales_receipt"]["created"]
    for receipt in receipts:
        needed = [by_place[one["position"]]["kind"] for one in receipt["needs"]]
        assert "customer" in needed
        assert all(one["position"] < receipt["position"] for one in receipt["needs"])
    orders = listed(keeper.store, "woo_orders")
    assert {(one["record"], one["total"], one["tax"]) for one in receipts} == {
        (f"order/{order}", orders[order]["total"], orders[order]["total_tax"])
        for order in (int(one["record"].removeprefix("order/")) for one in receipts)
    }


def test_what_was_approved_is_what_is_posted(keeper: Bookkeeper) -> None:
    keeper.accept_policy()
    waiting = keeper.sync("--json")
    plan = waiting.json["syncs"][0]["sync_id"]
    shown = keeper.udsync("plan", "show", plan, "--json").json

    applied = keeper.udsync("plan", "approve", plan, "--json", **FAST)
    after = keeper.udsync("plan", "show", plan, "--json").json

    assert (waiting.code, applied.code) == (4, 0)
    assert (after["state"], after["hash"]) == ("applied", shown["hash"])
    assert {write["state"] for write in after["writes"]} == {"settled"}
    planned = [write for write in shown["writes"] if write["kind"] == "sales_receipt"]
    receipts = keeper.held("SalesReceipt")
    assert len(planned) == receipts["count"]
    assert sum(Decimal(one["total"]) for one in planned) == Decimal(receipts["total"])


def test_an_update_is_shown_value_by_value_before_it_is_made(keeper: Bookkeeper) -> None:
    keeper.accept_policy()
    assert keeper.sync("--yes").code == 0
    order = _completed(keeper)[0]
    line = listed(keeper.store, "woo_orders")[order]["line_items"][0]
    changed = keeper.store.control.edit_line(order, line["id"], "20.00")

    dry = keeper.sync("--dry-run", "--json").json["syncs"][0]["sync_id"]
    shown = keeper.udsync("plan", "show", dry)
    writes = keeper.udsync("plan", "show", dry, "--json").json["writes"]
    done = keeper.sync("--yes")

    (update,) = [write for write in writes if write["kind"] == "sales_receipt"]
    assert (update["action"], update["total"]) == ("update", changed["total"])
    total = update["differences"]["total"]
    assert total["new"] == changed["total"] != total["old"]
    assert f"        total: {total['old']} → {total['new']}" in shown.out
    assert done.code == 0, done.out
    assert _row(done, "sales receipts")[1:3] == ["0", "1"]


def _row(result: Result, name: str) -> list[str]:
    """The cells of the row that begins with this name."""
    rows = ([cell.strip() for cell in line.split("│")[1:-1]] for line in result.out.splitlines())
    return next(row for row in rows if row and row[0] == name)


def _completed(keeper: Bookkeeper) -> list[int]:
    orders = listed(keeper.store, "woo_orders")
    return sorted(
        order
        for order, found in orders.items()
        if found["status"] == "completed" and not found["refunds"]
    )
