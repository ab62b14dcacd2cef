"""The orders that are not in the books yet, and what is remembered of those that were checked."""

from collections.abc import Iterator
from datetime import datetime

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.domain.order import Order
from udsync_pipelines.posting.checked import Checked
from udsync_pipelines.posting.policy_json import policy_from_json, policy_to_json
from udsync_pipelines.services.policies import PolicyPlace
from udsync_pipelines.services.shop_side import readable_orders
from udsync_pipelines.store.repositories.archive import PostgresArchive
from udsync_pipelines.store.repositories.bookmarks import Bookmarks
from udsync_pipelines.store.repositories.write_ledger import PostgresWriteLedger
from udsync_pipelines.sync.books.writes import Key, Role

_PURPOSE = "checked_orders"
_AT_ONCE = 500


def unposted(
    archive: PostgresArchive, ledger: PostgresWriteLedger, after: int
) -> Iterator[tuple[int, Order]]:
    """Archived orders of which no sale was sent to the books, by their change, with its number.

    A sale whose answer was lost was sent: its order was looked for in the books before.
    """
    while batch := archive.pending(Entity.ORDER, after, _AT_ONCE):
        after = batch[-1].changed_seq
        keys = [Key(Entity.ORDER, record.source_id, Role.SALE) for record in batch]
        sent = {key.source_id for key in (*ledger.bound(keys), *ledger.unanswered(keys))}
        left = [record for record in batch if record.source_id not in sent]
        for record, order in readable_orders(left):
            yield record.changed_seq, order


def read_checked(place: PolicyPlace) -> Checked | None:
    """How far the orders were checked; None before the first check that found nothing open.

    Raises:
        ConfigurationError: what is stored can no longer be read; the message names the field.
    """
    stored = _bookmarks(place).read(Entity.ORDER.value)
    if stored is None:
        return None
    return Checked(
        stored["through"],
        datetime.fromisoformat(stored["live_since"]),
        policy_from_json(stored["policy"]),
    )


def remember_checked(place: PolicyPlace, checked: Checked) -> None:
    """Keep how far the orders were checked, instead of what was kept before."""
    bookmark = {
        "through": checked.through,
        "live_since": checked.live_since.isoformat(),
        "policy": policy_to_json(checked.policy),
    }
    _bookmarks(place).write(bookmark, Entity.ORDER.value)


def _bookmarks(place: PolicyPlace) -> Bookmarks:
    state, purpose = place.installation.state, f"{_PURPOSE}:{place.books.id}"
    return Bookmarks(state, place.tenant.id, place.store.id, purpose)
