"""A destination that waits and tries again while its platform is down."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_exponential_jitter

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.errors import RetryableError
from udsync_pipelines.sync.ports import Destination
from udsync_pipelines.sync.records import LoadReceipt, MappedRecord, Row

Answer = TypeVar("Answer")


class PatientDestination:
    """Repeats a call that failed for a passing reason, for so many seconds at most.

    Safe for loads too: a batch takes effect whole or not at all, and one whose answer was lost
    finds its rows unchanged. Waits double from half a second to half a minute, with jitter.
    """

    def __init__(self, destination: Destination, *, budget: float) -> None:
        self._destination = destination
        self._attempts = Retrying(
            retry=retry_if_exception_type(RetryableError),
            wait=wait_exponential_jitter(multiplier=0.5, max=30),
            stop=stop_after_delay(budget),
            reraise=True,
        )

    def check_writable(self) -> None:
        """See `Destination.check_writable`."""
        self._destination.check_writable()

    def hashes(self, entity: Entity, source_ids: Sequence[str]) -> Mapping[str, bytes]:
        """See `Destination.hashes`."""
        return self._patiently(lambda: self._destination.hashes(entity, source_ids))

    def stored(self, entity: Entity, source_ids: Sequence[str]) -> Mapping[str, Row]:
        """See `Destination.stored`."""
        return self._patiently(lambda: self._destination.stored(entity, source_ids))

    def load(self, entity: Entity, records: Sequence[MappedRecord]) -> LoadReceipt:
        """See `Destination.load`."""
        return self._patiently(lambda: self._destination.load(entity, records))

    def _patiently(self, call: Callable[[], Answer]) -> Answer:
        return self._attempts.copy()(call)
