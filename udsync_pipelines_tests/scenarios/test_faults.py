"""Everything that a store's host may do to an answer: the sync ends whole, or says what failed.

Each fault strikes once in one test, when asking again helps, and for ever in another. A sync that
succeeds has everything; one that fails says so in one line, and the next one has everything.
"""

from typing import Any

import pytest

from udsync_pipelines.errors import UdsyncError
from udsync_pipelines.sync.engine import SyncReport
from udsync_pipelines.sync.plan import PlanState
from udsync_pipelines_tests.scenarios.evidence import differences
from udsync_pipelines_tests.scenarios.reruns import differences_of_orders
from udsync_pipelines_tests.scenarios.shops import ConnectedShop, written

pytestmark = pytest.mark.postgres

Fault = dict[str, Any]

PASSING: dict[str, Fault] = {
    "asked_to_slow_down": {"kind": "status", "status": 429, "retry_after": 1},
    "internal_error": {"kind": "status", "status": 500},
    "bad_gateway_page": {"kind": "status", "status": 502},
    "maintenance_page": {"kind": "status", "status": 503, "retry_after": 0},
    "gateway_timeout": {"kind": "status", "status": 504},
    "closed_connection": {"kind": "close"},
    "lost_answer": {"kind": "lost_answer"},
    "truncated_body": {"kind": "truncated", "keep": 2000},
    "warning_before_json": {"kind": "warning"},
    "page_instead_of_json": {"kind": "html_200"},
    "empty_page": {"kind": "empty_page"},
    "page_before_once_more": {"kind": "duplicated_page"},
    "rows_left_out": {"kind": "missing_rows", "rows": 3},
    "another_content_type": {"kind": "wrong_content_type"},
    "slow_answer": {"kind": "slow", "seconds": 0.3},
    "silence": {"kind": "hang", "seconds": 20},
}
LASTING_THAT_HARM_NOTHING = {"warning_before_json", "another_content_type", "slow_answer"}
SECOND_PAGE = r"/orders\?.*status=any.*offset=99"


@pytest.mark.parametrize("name", PASSING)
def test_a_fault_that_passes_is_survived_with_nothing_lost(shop: ConnectedShop, name: str) -> None:
    fault = shop.store.faults.add(path=SECOND_PAGE, **PASSING[name])

    report = shop.sync()

    assert fault.struck == 1
    assert report.plan.state is PlanState.APPLIED
    assert differences_of_orders(shop) == []


@pytest.mark.parametrize("name", PASSING)
def test_a_fault_that_stays_never_ends_green_with_something_lost(
    shop: ConnectedShop, name: str
) -> None:
    shop.store.faults.add(path=SECOND_PAGE, times=0, **PASSING[name])

    outcome = _attempt(shop)
    shop.store.faults.clear()
    lost_though_green = differences_of_orders(shop) if outcome == "applied" else []
    shop.sync()

    assert lost_though_green == []
    assert (outcome == "applied") is (name in LASTING_THAT_HARM_NOTHING)
    assert outcome == "applied" or _is_one_line(outcome)
    assert differences_of_orders(shop) == []


@pytest.mark.parametrize("path", ["/customers", "/products", "/variations", "/refunds"])
@pytest.mark.parametrize("name", ["rows_left_out", "empty_page", "closed_connection"])
def test_every_list_is_guarded_against_gaps(shop: ConnectedShop, path: str, name: str) -> None:
    fault = shop.store.faults.add(path=f"{path}\\?", **PASSING[name])

    shop.sync_all()

    assert fault.struck == 1
    assert differences(shop) == []


@pytest.mark.parametrize("name", ["rows_left_out", "empty_page", "truncated_body", "lost_answer"])
def test_changes_are_not_lost_to_a_fault_during_an_incremental_read(
    synced_shop: ConnectedShop, name: str
) -> None:
    edited = sorted(synced_shop.live("woo_orders"))[:5]
    for order in edited:
        synced_shop.store.control.edit_order(order, {"customer_note": "changed"})
    fault = synced_shop.store.faults.add(path="modified_after", **PASSING[name])

    report = synced_shop.sync()

    assert fault.struck == 1
    assert written(report) == {"order.updated": 5}
    assert differences(synced_shop) == []


def test_a_store_that_fails_at_every_third_request_lands_whole(shop: ConnectedShop) -> None:
    fault = shop.store.faults.add("close", every=3, times=0)

    shop.sync_all()
    shop.store.faults.clear()

    assert fault.struck >= 4
    assert differences(shop) == []


def test_a_key_that_is_revoked_stops_the_sync_with_its_cure(synced_shop: ConnectedShop) -> None:
    before = synced_shop.versions()
    synced_shop.store.faults.add("status", times=0, status=401)

    outcome = _attempt(synced_shop)

    assert "blocks us" in outcome
    assert synced_shop.versions() == before


def _is_one_line(outcome: str) -> bool:
    return outcome.startswith("The store") and outcome.endswith(".") and "\n" not in outcome


def _attempt(shop: ConnectedShop) -> str:
    """How a sync ends: the state of its plan, or what its error says."""
    try:
        report: SyncReport = shop.sync()
    except UdsyncError as error:
        return str(error)
    return report.plan.state.value
