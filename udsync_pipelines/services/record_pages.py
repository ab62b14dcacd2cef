"""Pages of records: where a person opens them, in the store and in QuickBooks."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from uuid import UUID

from udsync_pipelines.connectors.quickbooks.address import RealmId
from udsync_pipelines.connectors.quickbooks.pages import books_page
from udsync_pipelines.connectors.woocommerce.pages import store_page
from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.services.books import BASE_URL
from udsync_pipelines.store.repositories.connections import Connection
from udsync_pipelines.store.repositories.write_ledger import PostgresWriteLedger
from udsync_pipelines.sync.books.writes import Binding, Key, Role
from udsync_pipelines.sync.ports import Archive

Record = tuple[Entity, str]
Links = Mapping[str, str]
"""What a link is called → where it leads; both for people."""


@dataclass(frozen=True, slots=True)
class RecordPages:
    """The pages of one tenant's records, as far as udsync knows of them.

    Without a company, or where it is not at Intuit, there are only those of the store.
    """

    store_url: str
    archive: Archive
    company: Connection | None
    writes: PostgresWriteLedger | None

    def of_records(self, records: Iterable[Record], most: int) -> Links:
        """Links of the first `most` of these records that have a page anywhere.

        A refund has no page in the store; its order's is given.
        """
        wanted = list(records)
        orders = self._orders_of(wanted)
        objects = self._objects([*wanted, *orders.values()])
        each = (self._links(record, orders.get(record), objects) for record in wanted)
        found = islice((links for links in each if links), most)
        return {name: page for links in found for name, page in links.items()}

    def of_documents(self, plan_id: UUID, most: int) -> Links:
        """Links of the documents that a plan has created or changed; none if more than `most`."""
        if self.writes is None:
            return {}
        written = self.writes.documents_of_plan(plan_id, most + 1)
        if len(written) > most:
            return {}
        bound = self.writes.bound([write.key for write in written])
        return self._pages(bound[write.key] for write in written if write.key in bound)

    def _links(
        self, record: Record, order: Record | None, objects: Mapping[Record, Sequence[Binding]]
    ) -> dict[str, str]:
        of_order = "" if order is None else f" of {_name(record)}"
        shown = order or record
        page = store_page(self.store_url, *shown)
        in_books = [*objects.get(record, ()), *objects.get(shown, ())]
        return {
            **({f"open {_name(shown)}{of_order}": page} if page else {}),
            **self._pages(in_books),
        }

    def _pages(self, bindings: Iterable[Binding]) -> dict[str, str]:
        if self.company is None:
            return {}
        base_url, realm = self.company.settings[BASE_URL], RealmId(self.company.external_id)
        found = {
            f"{_kind(one)} of {one.key.entity}/{one.key.source_id} in QuickBooks": books_page(
                base_url, realm, one.target_id
            )
            for one in bindings
        }
        return {name: page for name, page in found.items() if page}

    def _objects(self, records: Iterable[Record]) -> Mapping[Record, Sequence[Binding]]:
        """What stands in the books for each record; what was taken back stands there no more."""
        if self.writes is None:
            return {}
        keys = [Key(*record, role) for record in records for role in Role]
        found: dict[Record, list[Binding]] = {}
        for key, binding in self.writes.bound(keys).items():
            if not binding.is_withdrawn:
                found.setdefault((key.entity, key.source_id), []).append(binding)
        return found

    def _orders_of(self, records: Iterable[Record]) -> Mapping[Record, Record]:
        """Refund → its order, where that was ever read."""
        refunds = [source_id for entity, source_id in records if entity is Entity.REFUND]
        if not refunds:
            return {}
        return {
            (Entity.REFUND, one.source_id): (Entity.ORDER, str(json.loads(one.parent_raw)["id"]))
            for one in self.archive.newest(Entity.REFUND, refunds)
            if one.parent_raw is not None
        }


def _name(record: Record) -> str:
    entity, source_id = record
    return f"{entity}/{source_id}"


def _kind(binding: Binding) -> str:
    """`sales receipt`, of the object `sales_receipt/12`."""
    return binding.target_id.partition("/")[0].replace("_", " ")
