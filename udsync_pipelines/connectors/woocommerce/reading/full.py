"""Reading a whole list by id, and finding out what of ours it no longer holds."""

from collections.abc import Iterator
from dataclasses import replace

from udsync_pipelines.connectors.woocommerce.reading.bookmarks import (
    Changes,
    FullRead,
    State,
    Sweep,
)
from udsync_pipelines.connectors.woocommerce.reading.disappearance import (
    DisappearanceLimit,
    look_for,
    missing_from,
)
from udsync_pipelines.connectors.woocommerce.reading.lists import EntityList
from udsync_pipelines.connectors.woocommerce.reading.pages import PageFetcher
from udsync_pipelines.connectors.woocommerce.reading.walk import Step, walk
from udsync_pipelines.connectors.woocommerce.record import source_record
from udsync_pipelines.sync.ports import KnownRecords
from udsync_pipelines.sync.records import Page, SourceRecord

_LOOK_FOR_AT_ONCE = 20


class FullReader:
    """One full read of one list.

    The trash goes first, so that records lying there do not count as missing. Then the list is
    walked and compared with what we hold while it passes by; in the end what is missing is asked
    for. Changes during the read are left to the next read of changes, which begins at its start.
    """

    def __init__(
        self,
        fetcher: PageFetcher,
        source: EntityList,
        known: KnownRecords,
        limit: DisappearanceLimit,
    ) -> None:
        self._fetcher = fetcher
        self._source = source
        self._known = known
        self._limit = limit
        self._held = known.count_live()
        self._trashed: set[int] = set()

    def pages(self, state: FullRead | None) -> Iterator[Page]:
        """Yield the whole list, or what is left of it after `state`, then what disappeared.

        Raises:
            RetryableError: the list cannot be read to its end.
            ConfigurationError: too much disappeared; nothing was reported as deleted then.
        """
        if state is None or not state.is_walked:
            if self._source.has_trash:
                for step in walk(self._fetcher, self._source.by_id(status="trash")):
                    state = state or FullRead(step.answered_at)
                    self._trashed.update(row["id"] for row in step.rows)
                    yield from self._trash_page(step, state)
            for step in walk(
                self._fetcher, self._source.by_id(), state.position if state else None
            ):
                state = self._after(step, state or FullRead(step.answered_at))
                yield self._page(self._records(step), state)
        if state is not None:
            yield from self._confirmed(state)

    def _trash_page(self, step: Step, state: FullRead) -> Iterator[Page]:
        ours = self._known.known([str(row["id"]) for row in step.rows])
        records = tuple(record for record in self._records(step) if record.source_id in ours)
        if records:
            yield self._page(records, state)

    def _records(self, step: Step) -> tuple[SourceRecord, ...]:
        return tuple(source_record(self._source.entity, row) for row in step.rows)

    def _after(self, step: Step, state: FullRead) -> FullRead:
        top = None if step.is_last else step.end.last_id
        # Where nothing was held when the read began, nothing can be missing.
        held = self._known.live_ids_between(step.start.last_id, top) if self._held else ()
        listed = {row["id"] for row in step.rows} | self._trashed
        missing = (*state.missing, *missing_from(held, listed))
        self._limit.check(
            self._source.entity,
            len(missing),
            self._held,
            list_is_empty=step.end.last_id == 0,
        )
        return replace(state, position=step.end, missing=missing, is_walked=step.is_last)

    def _confirmed(self, state: FullRead) -> Iterator[Page]:
        while state.missing:
            some = state.missing[:_LOOK_FOR_AT_ONCE]
            findings = look_for(self._fetcher, self._source.entity, some, self._known)
            state = replace(state, missing=state.missing[_LOOK_FOR_AT_ONCE:])
            yield self._page(findings.records, state, findings.gone)
        yield self._page((), after_full(self._source, state))

    def _page(
        self, records: tuple[SourceRecord, ...], state: State, gone: tuple[str, ...] = ()
    ) -> Page:
        calls = self._fetcher.take_calls()
        return Page(self._source.entity, records, state.json(), gone, calls)


def after_full(source: EntityList, state: FullRead) -> State:
    """Where reading goes on after a full read: at its start, or with the rolling sweep."""
    if source.changes is None:
        return Sweep()
    return Changes(changed=state.started_at, trash=state.started_at)
