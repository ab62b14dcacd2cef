"""Links from a run to the records that need a person."""

from unittest.mock import Mock

import pytest

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.orchestration.metadata import MOST_LINKS, parked_metadata, store_page
from udsync_pipelines.sync.engine import SyncReport
from udsync_pipelines.sync.plan import Parked

SHOP = "https://shop.example/"


@pytest.mark.parametrize(
    ("entity", "source_id", "page"),
    [
        (Entity.ORDER, "77", "https://shop.example/wp-admin/post.php?post=77&action=edit"),
        (Entity.PRODUCT, "8", "https://shop.example/wp-admin/post.php?post=8&action=edit"),
        (Entity.CUSTOMER, "9", "https://shop.example/wp-admin/user-edit.php?user_id=9"),
        (Entity.CUSTOMER, "guest:5f3a", ""),
        (Entity.REFUND, "78", ""),
    ],
)
def test_a_record_of_the_store_has_the_page_where_it_is_edited(
    entity: Entity, source_id: str, page: str
) -> None:
    assert store_page(SHOP, entity, source_id) == page


def test_a_run_links_to_the_first_records_that_it_parked_and_lists_all() -> None:
    parked = [(Entity.ORDER, Parked(str(one), b"", "code", "why", "cure")) for one in range(20)]
    report = SyncReport(plan=Mock(), newly_parked=parked, parked=20)

    shown = parked_metadata(report, SHOP)

    links = [name for name in shown if name.startswith("open ")]
    assert links == [f"open order/{number}" for number in range(MOST_LINKS)]
    assert len(shown["parked records"].value.records) == 20
