"""`udsync failures`: the queue as a bookkeeper reads it, retries it, and mistypes it."""

from dataclasses import dataclass

import pytest

from udsync_pipelines.emulators.quickbooks import CompanyEmulator
from udsync_pipelines.emulators.woocommerce import StoreEmulator
from udsync_pipelines_tests.cli.commands import CommandLine, Result
from udsync_pipelines_tests.cli.conftest import ConnectedTenant, connect_store
from udsync_pipelines_tests.cli.test_policy import connect_company
from udsync_pipelines_tests.scenarios.books import sell_several
from udsync_pipelines_tests.services.emulated_books import StartCompany, start_company
from udsync_pipelines_tests.store_fixtures import StartStore

__all__ = ["start_company"]

pytestmark = pytest.mark.postgres

SCALED = {"UDSYNC_LIMITS_FACTOR": "1000"}


@dataclass(frozen=True)
class Keeper:
    """Who types `udsync failures … --tenant T`."""

    udsync: CommandLine
    tenant: str
    store: StoreEmulator
    company: CompanyEmulator

    def failures(self, *words: str) -> Result:
        return self.udsync("failures", *words, "--tenant", self.tenant, **SCALED)

    def sync(self) -> Result:
        return self.udsync("sync", "orders", "--yes", "--tenant", self.tenant, **SCALED)


@pytest.fixture
def keeper(
    udsync: CommandLine, tenant: str, store_emulator: StartStore, start_company: StartCompany
) -> Keeper:
    """A tenant with a store where nothing is sold yet, and a company with a posting policy."""
    store = store_emulator(recorded=False, customers=0, products=0)
    connect_store(udsync, tenant, store)
    company = start_company(sales_items=True)
    connect_company(udsync, tenant, company)
    accepted = udsync("policy", "propose", "--tenant", tenant, "--accept", **SCALED)
    assert accepted.code == 0, accepted.err
    return Keeper(udsync, tenant, store, company)


def refuse(keeper: Keeper, times: int) -> None:
    keeper.company.faults.add(
        "fault", path=r"/salesreceipt\?", method="POST", code="6210", times=times
    )


def test_a_refused_order_is_listed_shown_and_retried_until_it_is_settled(keeper: Keeper) -> None:
    (order,) = sell_several(keeper.store, 1)
    refuse(keeper, times=2)

    synced = keeper.sync()
    listed = keeper.failures("list")
    shown = keeper.failures("show", f"order/{order}")
    in_vain = keeper.failures("retry", f"order/{order}")
    settled = keeper.failures("retry", f"order/{order}", "--json")
    afterwards = keeper.failures("list")
    gone = keeper.failures("show", f"order/{order}", "--json").json

    assert synced.code == 3, synced.err
    assert f"order/{order}  QuickBooks  parked since " in listed.out
    assert "[books_closed] The date of this document lies in a period that is closed" in listed.out
    assert "Move the closing date" in listed.out
    assert "tried once since; first by sync " in shown.out
    assert "create sale: rejected, sent 20" in shown.out
    assert "request id u-" in shown.out
    assert in_vain.code == 3
    assert f"order/{order} still fails for QuickBooks: The date of this document" in in_vain.out
    assert settled.code == 0, settled.err
    assert settled.json["records"] == [
        {"record": f"order/{order}", "platform": "quickbooks", "settled": True, "failure": None}
    ]
    assert settled.json["runs"][0]["exit_code"] == 0
    assert afterwards.out == "No record is parked or in doubt.\n"
    assert gone["failures"] == []
    assert [one["state"] for one in gone["attempts"]] == ["settled", "rejected", "rejected"]
    assert gone["attempts"][0]["intuit_tid"]


def test_all_that_fails_is_retried_at_once_and_counted(keeper: Keeper) -> None:
    orders = sell_several(keeper.store, 3)
    refuse(keeper, times=4)
    keeper.sync()

    first = keeper.failures("list", "--limit", "2")
    answer = keeper.failures("list", "--entity", "order", "--platform", "quickbooks", "--json").json
    retried = keeper.failures("retry", "--all", "--platform", "quickbooks")
    nothing_left = keeper.failures("list", "--platform", "supabase", "--json").json

    assert "… and 1 more. Show them with --limit 3." in first.out
    assert answer["total"] == 3
    assert {one["record"] for one in answer["failures"]} == {f"order/{one}" for one in orders}
    assert {one["code"] for one in answer["failures"]} == {"books_closed"}
    assert retried.code == 3
    assert retried.out.count(" is settled for QuickBooks.") == 2
    assert retried.out.count(" still fails for QuickBooks: ") == 1
    assert nothing_left == {"total": 0, "failures": []}


def test_a_record_parked_for_supabase_is_listed_and_retried_too(connected: ConnectedTenant) -> None:
    name = connected.name
    total = connected.store.control.touch_order(100)["total"]
    connected.store.control.edit_silently("order", 100, {"total": "abc"})
    connected.sync("orders", "--yes")

    listed = connected.udsync("failures", "list", "--tenant", name, "--json").json
    connected.store.control.edit_silently("order", 100, {"total": total})
    connected.store.control.touch_order(100)
    retried = connected.udsync("failures", "retry", "--all", "--tenant", name)

    (found,) = listed["failures"]
    assert (found["record"], found["platform"], found["state"]) == (
        "order/100", "supabase", "parked",
    )  # fmt: skip
    assert retried.code == 0, retried.err
    assert "order/100 is settled for Supabase." in retried.out


def test_where_nothing_fails_there_is_nothing_to_retry(udsync: CommandLine, tenant: str) -> None:
    retried = udsync("failures", "retry", "--all", "--tenant", tenant)
    listed = udsync("failures", "list", "--tenant", tenant)
    unknown = udsync("failures", "retry", "order/77", "--tenant", tenant)
    shown = udsync("failures", "show", "order/77", "--tenant", tenant, "--json")

    assert (retried.code, listed.code) == (0, 0)
    assert retried.out == "No record is parked or in doubt: there is nothing to retry.\n"
    assert (unknown.code, shown.code) == (1, 1)
    assert unknown.complaint == (
        f"The record order/77 of {tenant} is neither parked nor in doubt. "
        f"`udsync failures list --tenant {tenant}` names those that are."
    )
    assert shown.json["code"] == "record_not_failed"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("show", "77"), "'77' is not written ENTITY/ID. Write it as in order/77."),
        (("show", "orders/77"), "Use one of: customer, product, variation, order, refund."),
        (("retry", "order/"), "is not written ENTITY/ID"),
        (("retry",), "name either ENTITY/ID or --all"),
        (("retry", "order/77", "--all"), "name either ENTITY/ID or --all"),
        (("retry", "order/77", "--entity", "order"), "goes with --all only"),
        (("list", "--entity", "orders"), "'orders' is not one of: customer, product"),
        (("list", "--platform", "woocommerce"), "is not one of: supabase, quickbooks"),
        (("list", "--limit", "0"), "--limit"),
        (("list", "--limit", "10001"), "--limit"),
        (("list", "--limit", "many"), "--limit"),
        (("list", "order/77"), "order/77"),
        (("show",), "ENTITY/ID"),
    ],
)
def test_what_is_typed_wrongly_ends_as_wrong_usage_in_one_line(
    udsync: CommandLine, words: tuple[str, ...], sentence: str
) -> None:
    refused = udsync("failures", *words, "--tenant", "acme")

    assert refused.code == 2
    assert sentence in refused.complaint


def test_a_tenant_that_is_not_there_or_not_named_is_refused(udsync: CommandLine) -> None:
    unknown = udsync("failures", "list", "--tenant", "nobody")
    unnamed = udsync("failures", "list")

    assert unknown.code == 1
    assert "nobody" in unknown.complaint
    assert unnamed.code == 2
    assert "--tenant" in unnamed.complaint


def test_a_cancelled_order_is_shown_with_its_choices_and_voided_when_one_is_taken(
    keeper: Keeper,
) -> None:
    (order,) = sell_several(keeper.store, 1)
    keeper.sync()
    keeper.store.control.edit_order(order, {"status": "cancelled"})

    synced = keeper.udsync("sync", "orders", "--tenant", keeper.tenant, **SCALED)
    listed = keeper.failures("list")
    shown = keeper.failures("show", f"order/{order}")
    mistaken = keeper.failures("decide", f"order/{order}", "burn")
    decided = keeper.failures("decide", f"order/{order}", "void")
    known = keeper.failures("show", f"order/{order}", "--json").json
    carried_out = keeper.udsync("sync", "orders", "--tenant", keeper.tenant, **SCALED)
    nothing = keeper.failures("decide", f"order/{order}", "void")

    assert synced.code == 3, synced.err
    assert "Choices: void, keep_books." in listed.out
    assert "void         Its documents are voided in the books" in shown.out
    assert f"udsync failures decide order/{order} CHOICE --tenant {keeper.tenant}" in shown.out
    assert mistaken.code == 1
    assert "Choose one of: void, keep_books." in mistaken.err
    assert "The next sync carries it out." in decided.out
    assert known["failures"][0]["question"]["decided"] == "void"
    assert carried_out.code == 0, carried_out.err
    assert keeper.company.audit()["voided"] == 1
    assert "Nothing is asked about" in nothing.err


def test_questions_of_one_kind_are_decided_together_and_yes_agrees_without_them(
    keeper: Keeper,
) -> None:
    kept, *voided = sell_several(keeper.store, 3)
    keeper.sync()
    keeper.store.control.edit_order(kept, {"status": "cancelled"})
    keeper.udsync("sync", "orders", "--tenant", keeper.tenant, **SCALED)

    unknown = keeper.failures("decide", "--all", "form_changed", "repost")
    decided = keeper.failures("decide", "--all", "posted_but_gone", "keep_books", "--json")
    for order in voided:
        keeper.store.control.edit_order(order, {"status": "cancelled"})
    dry = keeper.udsync(
        "sync", "orders", "--dry-run", "--json", "--tenant", keeper.tenant, **SCALED
    )
    plan = keeper.udsync("plan", "show", dry.json["syncs"][0]["sync_id"], **SCALED)
    synced = keeper.sync()

    assert "Nothing is asked of the kind form_changed." in unknown.err
    assert decided.json == {
        "decided": [{"record": f"order/{kept}", "code": "posted_but_gone", "choice": "keep_books"}]
    }
    assert plan.out.count("WARNING, takes it out of the books: Sales receipt") == 2
    assert synced.code == 0, synced.err
    assert keeper.company.audit()["voided"] == 2
    assert keeper.failures("list").out == "No record is parked or in doubt.\n"
