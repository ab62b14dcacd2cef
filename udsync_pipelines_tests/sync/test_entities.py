"""The table of what is synced, in which order."""

import pytest

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.sync.entities import LANES, PARENTS, Lane, lane_named


def test_parents_come_before_the_records_that_belong_to_them() -> None:
    order = [entity for lane in LANES for entity in lane.entities]

    assert len(order) == len(set(order))
    for child, parent in PARENTS.items():
        assert order.index(parent) < order.index(child)


def test_a_lane_is_found_by_name_and_named_by_its_leading_entity() -> None:
    orders = lane_named("orders")

    assert orders == Lane("orders", (Entity.ORDER, Entity.REFUND))
    assert orders.singular == "order"
    with pytest.raises(KeyError):
        lane_named("invoices")
