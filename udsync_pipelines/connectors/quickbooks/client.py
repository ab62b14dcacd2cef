"""What is asked of one company of QuickBooks and written there, as rows.

A write carries a request id of ours; an answer to a write that is lost is never asked for by
writing again.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from secrets import token_hex

from udsync_pipelines.connectors.quickbooks import exchange_rate
from udsync_pipelines.connectors.quickbooks.answers import (
    batch_count,
    batch_items,
    batch_rows,
    changed_rows,
    count_of,
    is_repeated,
    member_of,
    object_of,
    refuse_gap,
    refuse_repetition,
    rows_of,
    told_at,
)
from udsync_pipelines.connectors.quickbooks.calls import Call, CompanyCalls, Written
from udsync_pipelines.connectors.quickbooks.entities import (
    DELETABLE,
    VOID_PARAMETERS,
    BookEntity,
)
from udsync_pipelines.connectors.quickbooks.fault_rules import Remedy
from udsync_pipelines.connectors.quickbooks.faults import (
    About,
    NotFoundError,
    RejectedByBooksError,
    outcome_unknown,
)
from udsync_pipelines.connectors.quickbooks.query import LARGEST_PAGE, Query
from udsync_pipelines.connectors.quickbooks.wire import Row
from udsync_pipelines.errors import (
    PlatformUnavailableError,
)

LONGEST_REQUEST_ID = 50
LARGEST_BATCH = 30


class QuickBooksClient(CompanyCalls):
    """Reads and writes one company. Safe to use from several threads.

    Every method raises a RetryableError once the retry budget is spent, an AuthorizationError
    with code `needs_consent` when a person has to connect again, and a ConfigurationError when
    nothing can succeed. Errors carry Intuit's request id.

    Raises:
        ConfigurationError: the address is neither Intuit's nor on this machine.
    """

    # --- reading ------------------------------------------------------------------------------

    def read(self, entity: BookEntity, identifier: str) -> Row:
        """One object.

        Raises:
            NotFoundError: the company has none with this id.
        """
        record = f"{entity}/{identifier}"
        path = f"{entity.path}/{identifier}"
        return object_of(self._send(Call(f"{entity} read", "GET", path, record=record)).row, entity)

    def find(self, entity: BookEntity, identifier: str) -> Row | None:
        """One object, or None when the company has none with this id."""
        try:
            return self.read(entity, identifier)
        except NotFoundError:
            return None

    def preferences(self) -> Row:
        """The company's preferences."""
        call = Call("Preferences read", "GET", "preferences")
        return object_of(self._send(call).row, BookEntity.PREFERENCES)

    def company_info(self) -> Row:
        """The company's name, country and subscription."""
        call = Call("CompanyInfo read", "GET", f"companyinfo/{self.realm_id}")
        return object_of(self._send(call).row, BookEntity.COMPANY_INFO)

    def exchange_rate(self, currency: str, day: date) -> Decimal | None:
        """Units of the home currency for one of this, as the company's own list has it for a day.

        None where it has none. One metered read.
        """
        params = {"sourcecurrencycode": currency, "asofdate": day.isoformat()}
        call = Call("ExchangeRate read", "GET", "exchangerate", params)
        try:
            return exchange_rate.read(member_of(self._send(call).row, "ExchangeRate"))
        except NotFoundError:
            return None

    def select(self, query: Query, page_size: int = LARGEST_PAGE) -> Iterator[Row]:
        """Every object that the query selects, page by page over a stable order, none twice.

        An object that comes to the front while pages are read moves others to the next page, where
        they are left out the second time. A page that QuickBooks cannot answer (4002, or too
        large) is asked for in halves, down to single objects.

        Raises:
            RejectedByBooksError: one object alone keeps QuickBooks from answering.
            PlatformUnavailableError: it gives the same page without an end.
        """
        seen: set[str] = set()
        start = 1
        size = page_size
        repeated = 0
        while True:
            try:
                rows = self._page(query, start, size)
            except RejectedByBooksError as error:
                if error.remedy is not Remedy.SMALLER_PAGES or size == 1:
                    raise
                size = max(1, size // 2)
                continue
            new = [row for row in rows if not is_repeated(row, seen)]
            yield from new
            if len(rows) < size:
                return
            repeated = 0 if new else repeated + 1
            refuse_repetition(repeated, query.entity)
            start += len(rows)

    def select_counted(self, query: Query) -> Sequence[Row]:
        """Every object that the query selects, checked against how many there are.

        For lists in which a missing object would be made a second time. One that is added
        meanwhile may be missing; then the list is read again.

        Raises:
            PlatformUnavailableError: the list lacks objects, also when it is read again.
        """
        rows = tuple(self.select(query))
        if self.count(query) > len(rows):
            rows = tuple(self.select(query))
            refuse_gap(len(rows), self.count(query), query.entity)
        return rows

    def count(self, query: Query) -> int:
        """How many objects the query selects."""
        answer = self._query(query.count(), query.entity)
        return count_of(answer, query.entity)

    def changes(
        self, entities: Sequence[BookEntity], since: datetime
    ) -> tuple[Mapping[BookEntity, Sequence[Row]], datetime | None]:
        """What changed since a time, deleted objects included; at most 1000 objects in all.

        Beside them QuickBooks' own time of the answer, None when it does not say it. Which are
        left out beyond 1000 nobody says: an answer near 1000 is to be thrown away.
        """
        params = {
            "entities": ",".join(entities),
            "changedSince": since.astimezone(UTC).isoformat(timespec="seconds"),
        }
        answer = self._send(Call("cdc", "GET", "cdc", params)).row
        return changed_rows(answer, entities), told_at(answer)

    def select_together(self, queries: Sequence[Query]) -> Sequence[Sequence[Row]]:
        """Every object of each query, checked as `select_counted` does, in one request if it can.

        A list of a thousand objects or more, one that lacks some, and one that QuickBooks cannot
        answer in a batch is asked for by itself.

        Raises:
            ValueError: no query, or more than 15.
            RejectedByBooksError, PlatformUnavailableError: as of `select_counted`.
        """
        if not 0 < len(queries) <= LARGEST_BATCH // 2:
            raise ValueError(f"1 to {LARGEST_BATCH // 2} lists and their counts make a batch")
        mark = token_hex(3)  # the answer to another batch has other keys
        keys = [(f"{mark}-r{number}", f"{mark}-c{number}") for number in range(len(queries))]
        items = [
            {"bId": key, "Query": statement}
            for (rows, count), query in zip(keys, queries, strict=True)
            for key, statement in ((rows, query.page(1, LARGEST_PAGE)), (count, query.count()))
        ]
        call = Call(
            "batch",
            "POST",
            "batch",
            body={"BatchItemRequest": items},
            is_batch=True,
            counts_as=len(items),
            part=f" of {', '.join(query.entity for query in queries)}",
        )
        answer = self._send(call)
        found = batch_items(answer.row)
        return [
            self._whole(query, found.get(rows, {}), found.get(count, {}), answer.intuit_tid)
            for (rows, count), query in zip(keys, queries, strict=True)
        ]

    def _whole(self, query: Query, listed: Row, counted: Row, tid: str | None) -> Sequence[Row]:
        """A list out of a batch if it holds all that there is, else asked for by itself."""
        try:
            rows = batch_rows(listed, query.entity, tid)
            number = batch_count(counted, query.entity, tid)
        except (RejectedByBooksError, PlatformUnavailableError):
            return self.select_counted(query)
        is_whole = len(rows) < LARGEST_PAGE and number <= len(rows)
        return rows if is_whole else self.select_counted(query)

    # --- writing ------------------------------------------------------------------------------

    def create(
        self,
        entity: BookEntity,
        body: Mapping[str, object],
        *,
        request_id: str,
        record: str | None = None,
        allow_duplicate_number: bool = False,
    ) -> Written:
        """Create an object and return it as QuickBooks made it.

        `request_id` is the same on every attempt for the same body; `record` is what errors are
        about. `allow_duplicate_number` overrides the company's warning (6140).

        Raises:
            OutcomeUnknownError: it was sent and its answer lost; look before sending again.
            RejectedByBooksError: QuickBooks refuses it and nothing was written.
        """
        params = {"include": "allowduplicatedocnum"} if allow_duplicate_number else {}
        return self._write(entity, "create", body, params, request_id, record)

    def update(
        self,
        entity: BookEntity,
        body: Mapping[str, object],
        *,
        request_id: str,
        sparse: bool = True,
        record: str | None = None,
    ) -> Written:
        """Change an object, of which the body names `Id` and `SyncToken`; return it as it is now.

        Sparse: members that are not sent stay. Full: they are emptied. Either way a list, such as
        the lines, is replaced as a whole.

        Raises:
            ValueError: the id or the sync token is missing.
            StaleObjectError: it was changed meanwhile; read it, apply the change, send again.
            OutcomeUnknownError: it was sent and its answer lost; read it before sending again.
            RejectedByBooksError: QuickBooks refuses it and nothing was written.
        """
        if not body.get("Id") or not body.get("SyncToken"):
            raise ValueError("an update names the object's Id and SyncToken")
        sent = {**body, "sparse": sparse}
        record = record or f"{entity}/{body['Id']}"
        return self._write(entity, "update", sent, {}, request_id, record)

    def void(
        self, entity: BookEntity, identifier: str, sync_token: str, *, request_id: str
    ) -> Written:
        """Void a document: it stays, with amounts of zero and `Voided` in its note.

        Raises:
            ValueError: QuickBooks has no such operation for this entity: delete it instead.
            StaleObjectError, OutcomeUnknownError, RejectedByBooksError: as of `update`.
        """
        if entity not in VOID_PARAMETERS:
            raise ValueError(f"{entity} cannot be voided")
        params = VOID_PARAMETERS[entity]
        body: dict[str, object] = {"Id": identifier, "SyncToken": sync_token}
        if "include" in params:
            body["sparse"] = True
        record = f"{entity}/{identifier}"
        return self._write(entity, "void", body, params, request_id, record)

    def delete(
        self, entity: BookEntity, identifier: str, sync_token: str, *, request_id: str
    ) -> None:
        """Delete a document for good. Customers and items can only be made inactive.

        Raises:
            ValueError: this entity cannot be deleted.
            StaleObjectError, OutcomeUnknownError, RejectedByBooksError: as of `update`.
        """
        if entity not in DELETABLE:
            raise ValueError(f"{entity} cannot be deleted: make it inactive")
        body = {"Id": identifier, "SyncToken": sync_token}
        record = f"{entity}/{identifier}"
        self._write(entity, "delete", body, {"operation": "delete"}, request_id, record)

    # --- one request ----------------------------------------------------------------------------

    def _page(self, query: Query, start: int, size: int) -> Sequence[Row]:
        answer = self._query(query.page(start, size), query.entity, f" from {start}")
        return rows_of(answer, query.entity)

    def _query(self, statement: str, entity: BookEntity, part: str = "") -> Row:
        call = Call(f"{entity} query", "GET", "query", {"query": statement}, part=part)
        answer = self._send(call).row
        try:
            return member_of(answer, "QueryResponse")
        except PlatformUnavailableError as error:
            error.name(call.asked)
            raise

    def _write(
        self,
        entity: BookEntity,
        operation: str,
        body: Mapping[str, object],
        params: Mapping[str, str],
        request_id: str,
        record: str | None,
    ) -> Written:
        if not 0 < len(request_id) <= LONGEST_REQUEST_ID:
            raise ValueError(f"a request id has 1 to {LONGEST_REQUEST_ID} characters")
        call = Call(
            f"{entity} {operation}",
            "POST",
            entity.path,
            {**params, "requestid": request_id},
            body,
            record,
            is_write=True,
        )
        answer = self._send(call)
        try:
            return Written(object_of(answer.row, entity), answer.intuit_tid)
        except PlatformUnavailableError as misshapen:
            raise outcome_unknown(About(record, answer.intuit_tid)) from misshapen
