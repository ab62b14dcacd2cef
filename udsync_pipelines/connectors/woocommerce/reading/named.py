"""Reading records by their ids: those that a webhook has told of and no list of changes showed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from udsync_pipelines.connectors.woocommerce.client import PER_PAGE
from udsync_pipelines.connectors.woocommerce.reading.disappearance import Findings, look_for
from udsync_pipelines.connectors.woocommerce.reading.lists import EntityList
from udsync_pipelines.connectors.woocommerce.reading.pages import PageFetcher
from udsync_pipelines.connectors.woocommerce.record import source_record
from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.sync.ports import KnownRecords
from udsync_pipelines.sync.records import Page


@dataclass(frozen=True, slots=True)
class NamedReader:
    """Reads named records of one list, a page of them in one request."""

    fetcher: PageFetcher
    source: EntityList
    known: KnownRecords

    def pages(self, source_ids: Sequence[str]) -> Iterator[Page]:
        """Yield the records as they are now, and those that we hold and that are gone.

        What is not listed and was never held is nothing to us: a draft, or one of the shop's
        staff among its customers.

        Raises:
            RetryableError, ConfigurationError: the store cannot be read.
        """
        numbers = [int(text) for text in source_ids if text.isdecimal()]
        for start in range(0, len(numbers), PER_PAGE):
            found = self._find(numbers[start : start + PER_PAGE])
            calls = self.fetcher.take_calls()
            yield Page(self.source.entity, found.records, {}, found.gone, calls)

    def _find(self, numbers: Sequence[int]) -> Findings:
        if self.source.entity is Entity.VARIATION:
            # Older stores list none.
            return look_for(self.fetcher, self.source.entity, numbers, self.known)
        request = self.source.by_id(include=",".join(map(str, numbers)))
        rows = {row["id"]: row for row in self.fetcher.fetch(request).rows if row["id"] in numbers}
        listed = tuple(source_record(self.source.entity, row) for row in rows.values())
        held = self.known.known([str(number) for number in numbers if number not in rows])
        missing = look_for(self.fetcher, self.source.entity, sorted(map(int, held)), self.known)
        return Findings(listed + missing.records, missing.gone)
