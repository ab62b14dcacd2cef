"""QuickBooks as the books that posting writes to: implements `sync.books.ports.Books`.

Target ids name the kind of object and QuickBooks' id, as `sales_receipt/12`.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from udsync_pipelines.connectors.quickbooks import (
    credit_memo,
    customer,
    invoice,
    item,
    lookup,
    payment,
    refund_receipt,
    sales_receipt,
)
from udsync_pipelines.connectors.quickbooks.address import PLATFORM
from udsync_pipelines.connectors.quickbooks.calls import Written
from udsync_pipelines.connectors.quickbooks.changes import (
    FARTHEST_BACK,
    changed_since,
    is_deleted,
    objects_with,
)
from udsync_pipelines.connectors.quickbooks.changing import changes_of
from udsync_pipelines.connectors.quickbooks.client import QuickBooksClient
from udsync_pipelines.connectors.quickbooks.entities import VOID_PARAMETERS, BookEntity
from udsync_pipelines.connectors.quickbooks.fault_rules import Remedy
from udsync_pipelines.connectors.quickbooks.faults import (
    About,
    NotFoundError,
    RejectedByBooksError,
    StaleObjectError,
    outcome_unknown,
)
from udsync_pipelines.connectors.quickbooks.posted import read_document
from udsync_pipelines.connectors.quickbooks.reference import ReferenceLists
from udsync_pipelines.connectors.quickbooks.sales_form import BooksIds
from udsync_pipelines.connectors.quickbooks.wire import Row, write_json
from udsync_pipelines.errors import ConfigurationError, ConflictError, RecordRejectedError
from udsync_pipelines.posting.company import Company
from udsync_pipelines.posting.customers import CustomerDraft
from udsync_pipelines.posting.documents import DraftKind, PaymentDraft, SalesDraft
from udsync_pipelines.posting.draft_json import AnyDraft
from udsync_pipelines.posting.items import ItemDraft
from udsync_pipelines.posting.matching import BooksName, BooksProduct
from udsync_pipelines.posting.policy import NewItemPolicy
from udsync_pipelines.sync.books.ports import Change, Changes, Posted, Symbols

ENTITIES: Mapping[str, BookEntity] = {
    **{kind.value: entity for kind, entity in lookup.ENTITY_OF_KIND.items()},
    "customer": BookEntity.CUSTOMER,
    "item": BookEntity.ITEM,
}
"""QuickBooks' entity of each kind of object."""

_KINDS: Mapping[BookEntity, str] = {entity: kind for kind, entity in ENTITIES.items()}
_RENEWED = (BookEntity.ACCOUNT, BookEntity.PAYMENT_METHOD)
"""Reference lists whose changes are told; those of tax codes and rates are not."""

_FORMS = {
    DraftKind.SALES_RECEIPT: sales_receipt.payload,
    DraftKind.INVOICE: invoice.payload,
    DraftKind.REFUND_RECEIPT: refund_receipt.payload,
    DraftKind.CREDIT_MEMO: credit_memo.payload,
}
_UNTOUCHED = "0"
"""The SyncToken of what nobody has changed since it was created."""

# What QuickBooks moves by itself: stamps, versions, balances, and text that it writes anew.
_MEMBERS_THAT_COUNT = (
    *("TxnDate", "CustomerRef", "CurrencyRef", "DocNumber", "PaymentRefNum", "TotalAmt"),
    *("ExchangeRate", "PaymentMethodRef", "DepositToAccountRef", "PrivateNote", "DueDate"),
    *("DisplayName", "GivenName", "FamilyName", "CompanyName", "PrimaryEmailAddr"),
    *("PrimaryPhone", "Active", "Name", "Sku", "UnitPrice", "Type", "IncomeAccountRef"),
    *("CustomerMemo", "BillEmail", "ShipMethodRef", "TrackingNum"),
)
_EMPTY: Sequence[object] = (None, "", {})
_ADDRESSES = ("BillAddr", "ShipAddr")
_LINES_OF_ADDRESS = (
    *("Line1", "Line2", "Line3", "Line4", "Line5"),
    *("City", "CountrySubDivisionCode", "PostalCode", "Country"),
)
"""What a person types. QuickBooks adds an id and a place on the map, and moves words about."""


@dataclass(frozen=True, slots=True)
class QuickBooksBooks:
    """One company. Safe to use from several threads."""

    client: QuickBooksClient
    lists: ReferenceLists
    new_items: NewItemPolicy
    is_read_only: bool = False

    @property
    def account(self) -> str:
        """The realm id."""
        return str(self.client.realm_id)

    def check_writable(self) -> None:
        """Refuse when the connection may only be read.

        Raises:
            ConfigurationError: the connection is read-only.
        """
        if self.is_read_only:
            raise ConfigurationError(
                f"company {self.account} is connected for reading only.",
                code="read_only",
                platform=PLATFORM,
                cure="Connect it again without --read-only, or use --dry-run.",
            )

    def company(self) -> Company:
        """Tax codes, accounts and preferences, without items; at most a day old."""
        return self.lists.company()

    def renew(self, oldest: timedelta) -> None:
        """Read what `company` tells again, once it is older than this."""
        self.lists.renew(oldest)

    def names(self) -> Sequence[BooksName]:
        """Every customer, vendor and employee, inactive ones too."""
        return lookup.all_names(self.client, self._home_currency)

    def products(self) -> Sequence[BooksProduct]:
        """Every item, inactive ones too."""
        return lookup.all_products(self.client)

    def create(self, draft: AnyDraft, name: str, symbols: Symbols, request_id: str) -> Posted:
        """Write a new object; where QuickBooks has ours already, that one.

        Raises:
            OutcomeUnknownError: it was sent and the answer lost.
            RecordRejectedError: QuickBooks refuses it; nothing was written.
        """
        entity = _entity_of(draft)
        payload = self._payload(draft, name, symbols)
        try:
            written = self.client.create(
                entity, payload, request_id=request_id, record=_record(draft)
            )
        except RejectedByBooksError as error:
            return self._remedied(error, draft, name, symbols)
        _check_ours(draft, payload, written)
        return self._written(entity, written, _record(draft))

    def update(
        self, draft: AnyDraft, symbols: Symbols, target_id: str, version: str, request_id: str
    ) -> Posted:
        """Bring an object that still looks like `version` to the draft, lines and all.

        The name of a customer or item stays: a bookkeeper may have given it another.

        Raises:
            ConflictError: it was changed, voided or deleted in QuickBooks meanwhile.
            OutcomeUnknownError: it was sent and the answer lost.
            RecordRejectedError: QuickBooks refuses it; nothing was written.
        """
        entity, identifier = self._address(target_id)
        row = self.client.find(entity, identifier)
        if row is None:
            raise _conflict("it was deleted.")
        held = self._posted(entity, Written(row, None))
        if held.is_voided:
            raise _conflict("it was voided.")
        if held.version != version:
            raise _conflict("it was changed by hand or by another program.")
        named = {"DisplayName", "Name", "Type", "CurrencyRef"}
        payload = {
            member: value
            for member, value in self._payload(draft, "", symbols).items()
            if not (entity in (BookEntity.CUSTOMER, BookEntity.ITEM) and member in named)
        }
        body, is_sparse = changes_of(row, payload)
        try:
            written = self.client.update(
                entity, body, request_id=request_id, sparse=is_sparse, record=_record(draft)
            )
        except StaleObjectError as error:
            raise _conflict("it was changed while this was sent.") from error
        except RejectedByBooksError as error:
            self._forget_after(error)
            raise
        if str(written.row["Id"]) != identifier:
            raise outcome_unknown(About(_record(draft), written.intuit_tid))
        return self._written(entity, written, _record(draft))

    def withdraw(self, target_id: str, version: str | None, request_id: str) -> Posted:
        """Void a document that still looks like `version`; a credit memo is deleted.

        Raises:
            ConflictError: it was changed in QuickBooks meanwhile.
            OutcomeUnknownError: it was sent and the answer lost.
            RecordRejectedError: QuickBooks refuses it; nothing was written.
        """
        entity, identifier = self._address(target_id)
        row = self.client.find(entity, identifier)
        if row is None:
            return Posted(target_id, "", is_voided=True, was_found=True)
        held = self._posted(entity, Written(row, None))
        if held.is_voided:
            return replace(held, was_found=True)
        if held.version != version:
            raise _conflict("it was changed by hand or by another program.")
        token = str(row["SyncToken"])
        try:
            if entity in VOID_PARAMETERS:
                written = self.client.void(entity, identifier, token, request_id=request_id)
                return self._written(entity, written, target_id)
            self.client.delete(entity, identifier, token, request_id=request_id)
        except StaleObjectError as error:
            raise _conflict("it was changed while this was sent.") from error
        return Posted(target_id, "", is_voided=True)

    def erase(self, posted: Posted, request_id: str) -> None:
        """Delete a document whose SyncToken is the first one; one that is gone is left.

        Nothing is read before: QuickBooks may not show a new document yet.

        Raises:
            ConflictError: it was changed since, or something was linked to it.
            OutcomeUnknownError: it was sent and the answer lost.
            RecordRejectedError: QuickBooks refuses it; it stands.
        """
        entity, identifier = self._address(posted.target_id)
        if posted.receipt["sync_token"] != _UNTOUCHED:
            raise _conflict("it was changed by hand or by another program.")
        try:
            self.client.delete(entity, identifier, _UNTOUCHED, request_id=request_id)
        except StaleObjectError as error:
            raise _conflict("it was changed while this was sent.") from error
        except NotFoundError:
            pass  # gone already, by an attempt whose answer was lost

    def find(self, draft: AnyDraft, name: str, symbols: Symbols) -> Posted | None:
        """The object that an earlier attempt to write this draft has made.

        Raises:
            RecordRejectedError: several could be it, or what has its number is not ours.
        """
        entity = _entity_of(draft)
        found = self._rows_like(draft, name, symbols)
        if not found:
            return None
        if len(found) > 1:
            ids = ", ".join(str(row["Id"]) for row in found)
            raise _taken(draft, f"QuickBooks has {len(found)} of them (ids {ids}).")
        return self._posted(entity, Written(found[0], None))

    def read(self, target_id: str) -> Posted | None:
        """An object as it stands now; None when QuickBooks does not have it any more."""
        entity, identifier = self._address(target_id)
        row = self.client.find(entity, identifier)
        return None if row is None else self._posted(entity, Written(row, None))

    def changes(self, since: datetime, now: datetime) -> Changes:
        """What changed since a time; longer ago than QuickBooks remembers, everything is untold."""
        if now - since > FARTHEST_BACK:
            return Changes((), frozenset(_KINDS.values()))
        found = changed_since(self.client, (*_KINDS, *_RENEWED), since)
        self.lists.notice({entity: found.rows.get(entity, ()) for entity in _RENEWED})
        objects = [
            self._change(entity, row) for entity in _KINDS for row in found.rows.get(entity, ())
        ]
        untold = frozenset(_KINDS[one] for one in found.too_many if one in _KINDS)
        return Changes(objects, untold, found.at)

    def standing(self, target_ids: Collection[str]) -> Mapping[str, Posted]:
        """Those of these objects that QuickBooks still has; a metered read for each 200."""
        by_entity: dict[BookEntity, list[str]] = {}
        for entity, identifier in map(self._address, target_ids):
            by_entity.setdefault(entity, []).append(identifier)
        rows = (
            (entity, row)
            for entity, identifiers in by_entity.items()
            for row in objects_with(self.client, entity, identifiers).values()
        )
        changes = (self._change(entity, row) for entity, row in rows)
        return {one.target_id: one.posted for one in changes if one.posted is not None}

    def _change(self, entity: BookEntity, row: Row) -> Change:
        target_id = f"{_KINDS[entity]}/{row['Id']}"
        if is_deleted(row):
            return Change(target_id, None)
        try:
            return Change(target_id, self._posted(entity, Written(row, None)))
        except RecordRejectedError:
            return Change(target_id, None)  # of others' documents we need not understand everything

    def _remedied(
        self, error: RejectedByBooksError, draft: AnyDraft, name: str, symbols: Symbols
    ) -> Posted:
        """What a refusal allows to do at once, by the rule of its code.

        A number that is taken (6140) may be taken by our own document. Whose a name is (6240) is
        for matching to say: the next sync sees its owner.
        """
        self._forget_after(error)
        if error.remedy is Remedy.LOOK_UP and isinstance(draft, SalesDraft | PaymentDraft):
            found = self.find(draft, name, symbols)
            if found is not None:
                return found
        raise error

    def _forget_after(self, error: RejectedByBooksError) -> None:
        if error.remedy is Remedy.RENEW_REFERENCES:
            self.lists.forget()

    def _rows_like(self, draft: AnyDraft, name: str, symbols: Symbols) -> Sequence[Row]:
        if isinstance(draft, CustomerDraft):
            return lookup.customers_by_name(self.client, name)
        if isinstance(draft, ItemDraft):
            return lookup.items_by_name(self.client, name)
        found = lookup.written_before(self.client, draft, self._ids(symbols).customer(draft))
        ours = [row for row in found if lookup.carries(row, draft.marker)]
        if found and not ours:
            raise _taken(draft, f"QuickBooks has one that udsync did not write ({found[0]['Id']}).")
        return ours

    def _payload(self, draft: AnyDraft, name: str, symbols: Symbols) -> Mapping[str, object]:
        ids = self._ids(symbols)
        if isinstance(draft, CustomerDraft):
            several = self.lists.company().has_multicurrency
            return customer.payload(draft, name, has_multicurrency=several)
        if isinstance(draft, ItemDraft):
            accounts = self.new_items
            return item.payload(
                draft,
                name,
                income_account_id=accounts.income_account_id,
                expense_account_id=accounts.expense_account_id or None,
            )
        if isinstance(draft, PaymentDraft):
            return payment.payload(draft, ids, symbols.invoice_id)
        return _FORMS[draft.kind](draft, ids)

    def _ids(self, symbols: Symbols) -> BooksIds:
        company = self.lists.company()
        return BooksIds(symbols.customers, symbols.items, company.regime, company.has_multicurrency)

    def _written(self, entity: BookEntity, written: Written, record: str) -> Posted:
        """What a write has made. It is done: an answer that cannot be read is no refusal.

        Raises:
            OutcomeUnknownError: it cannot be read; what was made must be looked up.
        """
        try:
            return self._posted(entity, written)
        except RecordRejectedError as unreadable:
            raise outcome_unknown(About(record, written.intuit_tid)) from unreadable

    def _posted(self, entity: BookEntity, written: Written) -> Posted:
        row = written.row
        receipt = {
            "id": str(row["Id"]),
            "sync_token": str(row.get("SyncToken", "")),
            "intuit_tid": written.intuit_tid,
        }
        target_id = f"{_KINDS[entity]}/{row['Id']}"
        if entity in (BookEntity.CUSTOMER, BookEntity.ITEM):
            return Posted(target_id, _fingerprint(row), receipt=receipt)
        document = read_document(entity, row, self._home_currency)
        return Posted(
            target_id,
            _fingerprint(row),
            document.total.amount,
            document.tax.amount,
            document.total.currency,
            document.number,
            document.is_voided,
            receipt,
            exchange_rate=document.exchange_rate,
            note=document.private_note,
            customer_id=document.customer_id,
            dated_on=document.dated_on,
            account_id=document.account_id,
        )

    def _address(self, target_id: str) -> tuple[BookEntity, str]:
        kind, _, identifier = target_id.partition("/")
        return ENTITIES[kind], identifier

    @property
    def _home_currency(self) -> str:
        return self.lists.company().home_currency


def _entity_of(draft: AnyDraft) -> BookEntity:
    if isinstance(draft, CustomerDraft):
        return BookEntity.CUSTOMER
    if isinstance(draft, ItemDraft):
        return BookEntity.ITEM
    return lookup.ENTITY_OF_KIND[draft.kind]


def _check_ours(draft: AnyDraft, payload: Mapping[str, object], written: Written) -> None:
    """Make sure that an answer is about what was sent, and not about another object.

    One that bears neither its number (its name) nor our marker comes from a cache or a proxy, or
    says what became of another request.

    Raises:
        OutcomeUnknownError: it is about something else; what became of ours must be looked up.
    """
    row = written.row
    names = ("DocNumber", "PaymentRefNum", "DisplayName", "Name")
    sent = next(((name, payload[name]) for name in names if name in payload), None)
    is_named = sent is not None and str(row.get(sent[0], "")).strip() == str(sent[1]).strip()
    marker = getattr(draft, "marker", "")
    if not is_named and not (marker and lookup.carries(row, marker)):
        raise outcome_unknown(About(_record(draft), written.intuit_tid))


def _record(draft: AnyDraft) -> str:
    return draft.source if isinstance(draft, SalesDraft | PaymentDraft) else draft.key


def _fingerprint(row: Row) -> str:
    """16 hexadecimal digits over what a person could change in an object, and nothing else."""
    counted = {name: row[name] for name in _MEMBERS_THAT_COUNT if row.get(name) not in _EMPTY}
    counted |= {name: words for name in _ADDRESSES if (words := _words(row.get(name)))}
    fields = [
        _some(field, "DefinitionId", "StringValue")
        for field in _list(row.get("CustomField"))
        if _some(field, "StringValue")
    ]
    lines = [
        {**_some(line, "Amount", "Description", "LinkedTxn"), "detail": _item_detail(line)}
        for line in _list(row.get("Line"))
        if _some(line, "DetailType") != {"DetailType": "SubTotalLineDetail"}
    ]
    tax = _some(row.get("TxnTaxDetail"), "TotalTax").get("TotalTax")
    text = write_json(_plain([sorted(counted.items()), lines, tax, fields]))
    return hashlib.blake2b(text, digest_size=8).hexdigest()


def _item_detail(line: object) -> Mapping[str, object]:
    detail = _some(line, "SalesItemLineDetail").get("SalesItemLineDetail")
    return _some(detail, "ItemRef", "Qty", "UnitPrice", "TaxCodeRef", "ClassRef", "ServiceDate")


def _words(address: object) -> Sequence[str]:
    """The words of an address, whatever line they stand in."""
    return sorted(" ".join(map(str, _some(address, *_LINES_OF_ADDRESS).values())).split())


def _list(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else ()


def _some(value: object, *names: str) -> dict[str, object]:
    """Those of these members that an object has; none of something that is no object."""
    found = value if isinstance(value, Mapping) else {}
    return {name: found[name] for name in names if name in found}


def _plain(value: object) -> object:
    """A value without what is only shown: the names of what it refers to, closing zeros."""
    if isinstance(value, Mapping):
        if "value" in value:  # a reference: a customer that is renamed changes no document
            return _plain(value["value"])
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return str(Decimal(value).normalize())
    return value


def _conflict(why: str) -> ConflictError:
    return ConflictError(why, code="changed_in_books", platform=PLATFORM)


def _taken(draft: AnyDraft, found: str) -> RecordRejectedError:
    number = getattr(draft, "number", None) or getattr(draft, "reference", "")
    return RecordRejectedError(
        f"The document number {number} is taken: {found}",
        code="number_taken",
        platform=PLATFORM,
        record=_record(draft),
        cure="Look at that document in QuickBooks. If it is this sale, delete one of the two; if "
        "not, give it another number. Then sync again.",
    )
