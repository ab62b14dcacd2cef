"""The reference lists of a company, kept in our database for all processes."""

from dataclasses import dataclass
from datetime import datetime

from udsync_pipelines.connectors.quickbooks.reference import Lists
from udsync_pipelines.connectors.quickbooks.wire import parse_json, write_json
from udsync_pipelines.store.repositories.bookmarks import Bookmarks

PURPOSE = "reference_lists"


@dataclass(frozen=True, slots=True)
class StoredShelf:
    """Implements `connectors.quickbooks.reference.Shelf`."""

    bookmarks: Bookmarks

    def kept(self) -> tuple[Lists, datetime] | None:
        """The lists as they were last read, and when; None when there are none."""
        found = self.bookmarks.read()
        if found is None:
            return None
        return parse_json(found["lists"].encode()), datetime.fromisoformat(found["read_at"])

    def keep(self, lists: Lists, read_at: datetime) -> None:
        """Keep these lists. As text: the database would hand rates back as floats."""
        text = write_json(lists).decode()
        self.bookmarks.write({"lists": text, "read_at": read_at.isoformat()})

    def drop(self) -> None:
        """Keep none: something in them is not true any more."""
        self.bookmarks.forget()
