"""The benchmark of composing itself: a few orders pass it, and no broken promise does."""

import pytest

from udsync_pipelines.errors import RecordRejectedError
from udsync_pipelines_tests.benchmarks.books import (
    EDITED,
    EMULATED,
    EVERY_SETTING,
    Tally,
    main,
    run,
)


def test_some_hundred_orders_are_composed_and_every_bar_holds(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code = main(["--orders", "120"])

    printed = capsys.readouterr().out
    assert code == 0
    assert printed.count("documents that differ from the shop: 0") == 3
    assert all(f"  {name}: " in printed for name in ("splits", "moved cents", "rounding lines"))


def test_orders_with_a_tax_changed_by_hand_are_equal_or_parked_with_numbers() -> None:
    tally = run(EDITED, 60)

    assert tally.parked.total() + tally.sales["equal in total and tax"] == 60
    assert tally.parked["tax_not_explained"] > 0
    assert tally.is_good(EDITED)


def test_one_document_that_differs_breaks_the_promise() -> None:
    assert not Tally(unequal=1).is_good(EMULATED)


def test_what_could_be_posted_may_not_be_parked_in_any_population() -> None:
    tally = Tally()
    tally.park(RecordRejectedError("The shop charged 0.83 tax.", code="tax_unequal"))

    assert not tally.is_good(EVERY_SETTING)
    assert tally.is_good(EDITED)


def test_a_difference_that_is_parked_without_numbers_breaks_the_promise() -> None:
    tally = Tally()
    tally.park(RecordRejectedError("The tax differs.", code="tax_unequal"))

    assert not tally.is_good(EDITED)
