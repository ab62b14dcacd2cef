"""Where a person sees a record in the store's own pages."""

from udsync_pipelines.domain.identity import Entity

_PAGES = {
    Entity.ORDER: "post.php?post={}&action=edit",
    Entity.PRODUCT: "post.php?post={}&action=edit",
    Entity.CUSTOMER: "user-edit.php?user_id={}",
}


def store_page(store_url: str, entity: Entity, source_id: str) -> str:
    """Where the store shows a record to who runs it; empty for those without a page.

    WooCommerce leads on from the address of a post where it keeps orders in tables of their own.
    """
    query = _PAGES.get(entity)
    if query is None or not source_id.isdecimal():
        return ""
    return f"{store_url.rstrip('/')}/wp-admin/{query.format(source_id)}"
