"""What must be true of a place whatever has happened, read from the platforms and our tables.

Nothing of the engine is asked: the store's own records, the company's own objects and its audit,
and rows of the state database.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

import orjson

from udsync_pipelines.emulators.quickbooks.audit import is_voided
from udsync_pipelines_tests.chaos.shopping import email_of
from udsync_pipelines_tests.chaos.world import Place
from udsync_pipelines_tests.scenarios.books_evidence import (
    ON_ACCOUNT,
    POSTED,
    PREFIX,
    REFUNDS,
    SALES,
    Json,
    by_number,
    rows,
    tax_of,
)

Documents = dict[str, list[Json]]


@dataclass(frozen=True, slots=True)
class Expected:
    """What one document must be. None: the store does not say."""

    number: str
    entity: str
    total: Decimal
    tax: Decimal | None
    currency: str


def judge_books(place: Place, *, is_over: bool) -> list[str]:
    """What is doubled, lost or wrong in the books; empty when all is as it must be.

    An order is there once, equal in total and tax, or it is parked with a reason; never is it
    there twice. When all `is_over`, only orders that somebody has changed may still be parked.
    """
    parked = parked_records(place)
    sales = by_number(place.company, *SALES)
    payments = by_number(place.company, "Payment")
    refunds = by_number(place.company, *REFUNDS)
    found: list[str] = []
    for order in _records(place, "order"):
        judge = _Judge(place, order["id"], parked.get(f"order/{order['id']}"), is_over)
        found += judge.sale(order, sales, payments)
    for refund in _records(place, "refund"):
        order_id = refund["parent_id"]
        judge = _Judge(place, order_id, parked.get(f"refund/{refund['id']}"), is_over)
        found += judge.refund(refund, refunds)
    found += [f"{number} belongs to nothing" for number in (*sales, *payments, *refunds)]
    found += [f"{name} is parked without a reason" for name in _mute(parked)]
    return [*found, *_audited(place, is_open=bool(parked)), *_people(place)]


def judge_state(place: Place) -> list[str]:
    """What our own tables still leave open, or say otherwise than the books."""
    found = place.rows(
        "select role, state from udsync.sync_queue where kind = 'record'"
        " and state not in ('settled', 'superseded', 'rejected')"
    )
    wrong = [f"a write of a {one['role']} is left {one['state']}" for one in found]
    leases = place.rows("select name from udsync.leases where expires_at > now()")
    wrong += [f"the lease {one['name']} is held by nobody" for one in leases]
    return [*wrong, *_bindings(place)]


@dataclass(frozen=True, slots=True)
class _Judge:
    """Judges the documents of one order. `parked` is its parked record, if it is parked."""

    place: Place
    order_id: int
    parked: Json | None
    is_over: bool

    def sale(self, order: Json, sales: Documents, payments: Documents) -> Iterator[str]:
        number = f"{PREFIX}-{order['number']}"
        documents, paid = sales.pop(number, []), payments.pop(number, [])
        name = f"order {order['id']}"
        yield from _too_many(name, documents)
        yield from _too_many(f"the payment of {name}", paid)
        if self.order_id in self.place.touched:
            return
        if order["status"] not in POSTED:
            yield from self._not_due(name, documents)
            return
        if self.parked:
            yield from self._may_be_parked(name)
            return
        is_on_account = order["payment_method"] in ON_ACCOUNT
        entity = "Invoice" if is_on_account else "SalesReceipt"
        yield from _differences(
            Expected(
                name,
                entity,
                Decimal(order["total"]),
                Decimal(order["total_tax"]),
                order["currency"],
            ),
            documents,
        )
        if is_on_account or paid:
            yield from _differences(
                Expected(
                    f"the payment of {name}",
                    "Payment",
                    Decimal(order["total"]) if is_on_account else Decimal(0),
                    None,
                    order["currency"],
                ),
                paid,
            )

    def refund(self, refund: Json, refunds: Documents) -> Iterator[str]:
        order = self.place.store.store.records.document("order", self.order_id)
        assert order is not None
        documents = refunds.pop(f"{PREFIX}-{order['number']}-R{refund['id']}", [])
        name = f"refund {refund['id']} of order {self.order_id}"
        yield from _too_many(name, documents)
        if self.order_id in self.place.touched:
            return
        if order["status"] not in POSTED:
            return
        if self.parked:
            yield from self._may_be_parked(name)
            return
        lines = [line for kind in ("line_items", "shipping_lines") for line in refund[kind]]
        taxes = [Decimal(line["total_tax"]) for line in lines]
        yield from _differences(
            Expected(
                name,
                "CreditMemo"
                if documents and documents[0]["entity"] == "CreditMemo"
                else "RefundReceipt",
                Decimal(refund["amount"]),
                abs(sum(taxes, Decimal(0))) if lines else None,
                order["currency"],
            ),
            documents,
        )

    def _may_be_parked(self, name: str) -> Iterator[str]:
        guest = self.place.guests[self.place.orders.index(self.order_id)]
        is_changed = self.order_id in self.place.changed or guest in self.place.doubled
        if self.is_over and not is_changed:
            yield f"{name} is parked, and nobody has changed anything: {self.parked}"

    def _not_due(self, name: str, documents: list[Json]) -> Iterator[str]:
        standing = [one for one in documents if not is_voided(one)]
        if standing and not self.parked:
            yield f"{name} is not sold any more, and its document stands"


def parked_records(place: Place) -> dict[str, Json]:
    """Every parked record by `entity/id`, with its reason and cure."""
    found = place.rows(
        "select entity, source_id, reason, cure from udsync.sync_queue"
        " where kind = 'parked' and state = 'rejected'"
    )
    return {f"{row['entity']}/{row['source_id']}": dict(row) for row in found}


def _records(place: Place, kind: str) -> list[Json]:
    """The store's own records, as they are kept."""
    store = place.store.store
    with store.lock:
        found = [(row, orjson.loads(body)) for row, body in store.records.each(kind)]
    return [{**one, "parent_id": row.parent} if kind == "refund" else one for row, one in found]


def _too_many(name: str, documents: list[Json]) -> Iterator[str]:
    if len(documents) > 1:
        yield f"{name} is doubled: {len(documents)} documents"


def _differences(expected: Expected, documents: list[Json]) -> Iterator[str]:
    if not documents:
        yield f"{expected.number} is lost"
        return
    document = documents[0]
    actual = {
        "kind": (document["entity"], expected.entity),
        "total": (document["TotalAmt"], expected.total),
        "tax": (tax_of(document), expected.tax),
        "currency": (document["CurrencyRef"]["value"], expected.currency),
    }
    for what, (is_now, should_be) in actual.items():
        if should_be is not None and is_now != should_be:
            yield f"{expected.number} is wrong: its {what} is {is_now} instead of {should_be}"


def _mute(parked: dict[str, Json]) -> Iterator[str]:
    return (name for name, one in parked.items() if not (one["reason"] and one["cure"]))


def _audited(place: Place, *, is_open: bool) -> Iterator[str]:
    """What an auditor finds, but for what is parked or a person has left open by hand."""
    audit = place.company.audit(PREFIX)
    for kind, names in audit["duplicates"].items():
        if names:
            yield f"the audit finds {kind} doubled: {names}"
    yield from (f"the audit finds: {one}" for one in (*audit["orphans"], *audit["unequal"]))
    if not (is_open or place.touched or place.changed):
        yield from (f"payment {key} is not applied" for key in audit["unapplied_payments"])
        yield from (f"invoice {key} is open" for key in audit["open_invoices"])


def _people(place: Place) -> Iterator[str]:
    """Nobody and nothing is entered twice, but for those whom a person has entered too."""
    customers = rows(place.company, "Customer")
    known = {email_of(guest) for guest in place.doubled}
    emails = Counter((one.get("PrimaryEmailAddr") or {}).get("Address", "") for one in customers)
    yield from _doubled("customer", {**emails, **dict.fromkeys(known, 0)}.items())
    skus = Counter(one.get("Sku") or "" for one in rows(place.company, "Item"))
    yield from _doubled("item", skus.items())


def _doubled(what: str, counted: Iterable[tuple[str, int]]) -> Iterator[str]:
    return (f"the {what} {key} is doubled" for key, times in counted if key and times > 1)


def _bindings(place: Place) -> Iterator[str]:
    """Each document of ours is bound once, each binding leads to one that is or was there."""
    bound = Counter(
        str(one["target_id"])
        for one in place.rows(
            "select target_id from udsync.id_mappings where role in ('sale', 'payment', 'refund')"
        )
    )
    yield from (f"{key} is bound {times} times" for key, times in bound.items() if times > 1)
    numbered = by_number(place.company, *SALES, *REFUNDS, "Payment")
    ours = {
        f"{_KINDS[one['entity']]}/{one['Id']}"
        for number, documents in numbered.items()
        if number.startswith(f"{PREFIX}-")
        for one in documents
    }
    yield from (f"{key} is bound to nothing of the shop" for key in ours - bound.keys())
    gone = bound.keys() - ours
    if gone and not place.touched:
        yield from (f"the binding to {key} leads nowhere" for key in gone)


_KINDS = {
    "SalesReceipt": "sales_receipt",
    "Invoice": "invoice",
    "RefundReceipt": "refund_receipt",
    "CreditMemo": "credit_memo",
    "Payment": "payment",
}
