"""Each ledger is reported once a run, with the whole of what the run did to it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from uuid import uuid4

from udsync_pipelines.orchestration.ledgers import to_report
from udsync_pipelines.orchestration.posted import Posted
from udsync_pipelines.sync.plan import Plan, PlanState, SyncOptions

ALL = ("customers", "products", "orders")


def plan_of(lane: str, counts: Mapping[str, float] | None = None) -> Plan:
    return Plan(
        id=uuid4(),
        tenant_id=uuid4(),
        lane=lane,
        source_connection_id=uuid4(),
        options=SyncOptions(),
        trigger="manual",
        state=PlanState.APPLYING,
        plan_hash="f" * 32,
        approved_by="policy",
        counts=dict(counts or {}),
        run_id="a run",
        error=None,
        created_at=datetime(2026, 9, 1, tzinfo=UTC),
        finished_at=None,
    )


def test_a_lane_alone_reports_what_it_wrote() -> None:
    before = plan_of("products")
    after = replace(before, counts={"quickbooks.item.created": 51})

    assert to_report(before, after, [after], ["products"]) == {"item": Posted({"created": 51})}


def test_the_last_lane_of_a_run_reports_the_items_of_both() -> None:
    products = plan_of("products")
    done = replace(products, counts={"quickbooks.item.created": 51})
    orders = plan_of("orders")
    posted = replace(
        orders,
        counts={
            "quickbooks.item.created": 1,
            "quickbooks.invoice.created": 2,
            "quickbooks.invoice.cents.CAD": 500,
        },
    )

    early = to_report(products, done, [done], ALL)
    late = to_report(orders, posted, [done, posted], ALL)

    assert early == {}
    assert late == {
        "item": Posted({"created": 52}),
        "invoice": Posted({"created": 2}, {"CAD": Decimal(5)}),
    }


def test_nothing_is_reported_where_nothing_was_written_or_found() -> None:
    before = plan_of("orders")
    after = replace(
        before, counts={"quickbooks.invoice.create": 3, "quickbooks.invoice.rejected": 3}
    )

    assert to_report(before, after, [after], ["orders"]) == {}


def test_a_load_that_is_taken_up_again_reports_only_its_own_part() -> None:
    before = plan_of(
        "orders", {"quickbooks.payment.created": 10, "seconds.load_to_quickbooks": 1.5}
    )
    after = replace(before, counts={**before.counts, "quickbooks.payment.created": 12})

    assert to_report(before, after, [after], ["orders"]) == {"payment": Posted({"created": 2})}


def test_what_was_found_before_the_load_began_belongs_to_it() -> None:
    before = plan_of("orders", {"quickbooks.invoice.found": 1})
    after = replace(before, counts={**before.counts, "quickbooks.invoice.created": 2})

    assert to_report(before, after, [after], ["orders"]) == {
        "invoice": Posted({"created": 2, "found": 1})
    }


def test_a_plan_that_is_applied_on_its_own_reports_itself_alone() -> None:
    before = plan_of("orders")
    after = replace(before, counts={"quickbooks.item.created": 1})

    assert to_report(before, after, [], []) == {"item": Posted({"created": 1})}
