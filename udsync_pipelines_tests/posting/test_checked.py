"""Which orders were looked for in the books already, and which are still to be."""

from dataclasses import replace
from datetime import UTC, date, datetime

from udsync_pipelines.posting.checked import Checked
from udsync_pipelines_tests.posting.books import policy
from udsync_pipelines_tests.posting.shop import order

LIVE = datetime(2026, 7, 1, 12, tzinfo=UTC)
OLD = order(created_at=datetime(2026, 6, 30, tzinfo=UTC))
CHECKED = Checked(40, LIVE, policy())


def test_what_was_sold_since_the_first_live_run_need_not_be_looked_for() -> None:
    sold_since = order(created_at=LIVE)

    assert CHECKED.covers(sold_since, 41)


def test_an_older_order_is_covered_only_as_of_the_changes_that_were_seen() -> None:
    assert CHECKED.covers(OLD, 40)
    assert not CHECKED.covers(OLD, 41)


def test_what_the_former_policy_left_out_was_not_looked_for() -> None:
    later = replace(CHECKED, policy=policy(start_on=date(2026, 7, 1)))

    assert not later.covers(OLD, 40)
    assert not CHECKED.covers(replace(OLD, status="pending"), 40)


def test_all_orders_are_gone_through_again_only_under_another_policy() -> None:
    earlier = policy(start_on=date(2025, 1, 1))

    assert CHECKED.begins_at(policy()) == 40
    assert CHECKED.begins_at(earlier) == 0
