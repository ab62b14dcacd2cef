"""Where the store shows its records to people."""

import pytest

from udsync_pipelines.connectors.woocommerce.pages import store_page
from udsync_pipelines.domain.identity import Entity


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
    assert store_page("https://shop.example/", entity, source_id) == page
