"""What happens in the shop: sales, refunds and changes, done to the emulated store."""

from decimal import Decimal

from udsync_pipelines_tests.chaos.schedule import Change, Doing, Edit, Refund, Sale
from udsync_pipelines_tests.chaos.world import Place
from udsync_pipelines_tests.scenarios.books import sell
from udsync_pipelines_tests.scenarios.books_evidence import Json

_SHIPPING = [{"method_id": "flat_rate", "method_title": "Flat", "total": "12.00"}]


def do(place: Place, doing: Doing) -> None:
    """Do it in the store."""
    match doing:
        case Sale():
            _sell(place, doing)
        case Refund():
            _refund(place, doing)
        case Edit():
            _edit(place, doing)


def name_of(guest: int) -> str:
    """The last name of a guest; everybody's first name is Robin."""
    return f"Guest {guest}"


def email_of(guest: int) -> str:
    """The e-mail address of a guest who has one."""
    return f"guest{guest}@example.org"


def _sell(place: Place, sale: Sale) -> None:
    more: Json = {"shipping_lines": _SHIPPING} if sale.is_shipped else {}
    order = sell(
        place.store,
        last=name_of(sale.guest),
        email=email_of(sale.guest) if sale.has_email else "",
        product=sale.product,
        quantity=sale.quantity,
        payment_method="cheque" if sale.is_on_account else "stripe",
        **more,
    )
    place.orders.append(order)
    place.guests.append(sale.guest)


def _refund(place: Place, refund: Refund) -> None:
    order = _order(place, refund.order)
    body = _amount(refund.cents) if refund.cents else _first_line(order)
    place.store.control.refund_order(order["id"], body)


def _amount(cents: int) -> Json:
    return {"amount": str(Decimal(cents) / 100)}


def _first_line(order: Json) -> Json:
    line = order["line_items"][0]
    taxes = [{"id": one["id"], "refund_total": one["total"]} for one in line["taxes"]]
    returned = {
        "id": line["id"],
        "quantity": line["quantity"],
        "refund_total": line["total"],
        "refund_tax": taxes,
    }
    amount = Decimal(line["total"]) + Decimal(line["total_tax"])
    return {"amount": str(amount), "line_items": [returned]}


def _edit(place: Place, edit: Edit) -> None:
    order = _order(place, edit.order)
    place.changed.add(order["id"])
    place.store.control.edit_order(order["id"], _changes(order, edit.change))


def _changes(order: Json, change: Change) -> Json:
    line = order["line_items"][0]
    price = str(Decimal(line["total"]) + Decimal("1.10"))
    changes: dict[Change, Json] = {
        Change.NOTE: {"customer_note": f"ring {len(order['customer_note']) + 1} times"},
        Change.PRICE: {"line_items": [{"id": line["id"], "total": price, "subtotal": price}]},
        Change.COMPLETED: {"status": "completed"},
        Change.CANCELLED: {"status": "cancelled"},
    }
    return changes[change]


def _order(place: Place, number: int) -> Json:
    order = place.store.store.records.document("order", place.orders[number])
    assert order is not None
    return order
