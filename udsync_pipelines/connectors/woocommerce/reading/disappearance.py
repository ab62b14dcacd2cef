"""What we hold and the store no longer lists: when to believe that, and how to make sure.

Absence is no proof. A store that changed its order storage without copying lists nothing, with
HTTP status 200. So each missing record is asked for by itself, and too many stop the run.

Of an emptied list of refunds a few are believed: that no storage was switched shows in the list of
orders, which is read before, and each of them is asked for at its order.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from udsync_pipelines.connectors.woocommerce.address import PLATFORM
from udsync_pipelines.connectors.woocommerce.client import PER_PAGE, Row
from udsync_pipelines.connectors.woocommerce.reading.lists import LISTS, PLURAL, REFUNDS
from udsync_pipelines.connectors.woocommerce.reading.pages import PageFetcher
from udsync_pipelines.connectors.woocommerce.record import source_record
from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines.sync.ports import KnownRecords
from udsync_pipelines.sync.records import SourceRecord

_FEW = {Entity.REFUND: 10}
"""So many may be missing from a list that is empty, where another list shows the store is whole."""


@dataclass(frozen=True, slots=True)
class DisappearanceLimit:
    """How many records may be missing before a person must look.

    More than `count` and more than `share` of what we hold stop the run; so does an empty list
    while we hold records, but for a few refunds. A share of 1 lets everything disappear.
    """

    count: int = 20
    share: Decimal = Decimal("0.1")

    def check(
        self, entity: Entity, missing: int, held: int, *, list_is_empty: bool = False
    ) -> None:
        """Stop when too many are missing.

        Raises:
            ConfigurationError: too many; says how many of how many, and that nothing was deleted.
        """
        is_emptied = list_is_empty and missing > _FEW.get(entity, 0) and self.share < 1
        if is_emptied or (missing > self.count and missing > self.share * held):
            raise mass_disappearance(entity, missing, held)


def mass_disappearance(entity: Entity, missing: int, held: int) -> ConfigurationError:
    """The error that stops a run instead of believing that so much was deleted."""
    return ConfigurationError(
        f"At least {missing} of the {held} {PLURAL[entity]} that we hold are missing from the "
        "store's list; nothing was deleted.",
        code="mass_disappearance",
        platform=PLATFORM,
        cure="Check that this is the right store, that its order storage was not switched without "
        "copying the orders (WooCommerce, Settings, Advanced, Features), and that no plugin hides "
        "records; if they were really deleted, sync again with --accept-deletions.",
    )


@dataclass(frozen=True, slots=True)
class Findings:
    """What asking one by one brought: records that are there after all, and ids that are gone."""

    records: tuple[SourceRecord, ...]
    gone: tuple[str, ...]


def look_for(
    fetcher: PageFetcher, entity: Entity, missing: Sequence[int], known: KnownRecords
) -> Findings:
    """Ask the store for each of these records.

    A record in the trash, or of a status that lists leave out, comes back as it is.
    """
    found = _refunds(fetcher, missing, known) if entity is Entity.REFUND else {}
    if entity is not Entity.REFUND:
        for identifier in missing:
            row = _variation(fetcher, identifier) if entity is Entity.VARIATION else None
            if entity is not Entity.VARIATION:
                row = fetcher.find(f"{LISTS[entity].path}/{identifier}")
            if row is not None:
                found[identifier] = source_record(entity, row)
    return Findings(
        tuple(found.values()),
        tuple(str(identifier) for identifier in missing if identifier not in found),
    )


def missing_from(held: Iterable[str], listed: Collection[int]) -> tuple[int, ...]:
    """The ids that we hold and that are not listed, in their order."""
    return tuple(number for number in map(int, held) if number not in listed)


def _variation(fetcher: PageFetcher, identifier: int) -> Row | None:
    # A variation is known to `products` too, in the shape of a product; that names its parent.
    as_product = fetcher.find(f"products/{identifier}")
    if as_product is None:
        return None
    return fetcher.find(f"products/{as_product.get('parent_id')}/variations/{identifier}")


def _refunds(
    fetcher: PageFetcher, missing: Sequence[int], known: KnownRecords
) -> dict[int, SourceRecord]:
    # Nothing finds a refund by its id alone, except the list of all refunds; then its order does.
    found: dict[int, SourceRecord] = {}
    for start in range(0, len(missing), PER_PAGE):
        some = missing[start : start + PER_PAGE]
        rows = fetcher.fetch(REFUNDS.by_id(include=",".join(map(str, some)))).rows
        found |= {row["id"]: source_record(Entity.REFUND, row) for row in rows if row["id"] in some}
        orders = known.parents([str(each) for each in some if each not in found])
        for identifier, order in orders.items():
            row = fetcher.find(f"orders/{order}/refunds/{identifier}")
            if row is not None:
                found[int(identifier)] = source_record(Entity.REFUND, row, int(order))
    return found
