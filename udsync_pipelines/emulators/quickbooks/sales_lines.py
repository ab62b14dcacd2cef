"""The lines of sales forms: which are allowed, and how their amounts are made."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from udsync_pipelines.emulators.quickbooks.amounts import ZERO, cents, number, price
from udsync_pipelines.emulators.quickbooks.company import Company
from udsync_pipelines.emulators.quickbooks.references import linked, reference, resolved
from udsync_pipelines.emulators.quickbooks.refusals import business, missing, refuse

Json = dict[str, Any]

SHIPPING = "SHIPPING_ITEM_ID"
GRATUITY = "GRATUITY_ITEM_ID"
_KINDS = {
    "SalesItemLineDetail",
    "DiscountLineDetail",
    "SubTotalLineDetail",
    "DescriptionOnly",
    "GroupLineDetail",
}
_MOST_LINES = 10_000


@dataclass(slots=True)
class Entry:
    """A line that carries money.

    Attributes:
        line: the line as it will be stored; its Amount may still turn from gross to net.
        detail: its detail, where the tax code is.
        amount: what it adds to the document, negative for a discount; as sent, so gross when
            tax is included.
        element: where it is, for messages.
    """

    line: Json
    detail: Json
    amount: Decimal
    element: str


def read_lines(
    company: Company, lines: list[Json], txn_date: str
) -> tuple[list[Json], list[Entry]]:
    """Return all lines as they are stored, and those that carry money.

    Subtotal lines are the platform's own: those sent are left out.

    Raises:
        RefusedError: no line, too many lines, or a line that is not allowed.
    """
    if not lines:
        raise missing("Line")
    if len(lines) > _MOST_LINES:
        raise business("A transaction can have 10,000 lines at most.")
    stored: list[Json] = []
    entries: list[Entry] = []
    for line in lines:
        kind = line.get("DetailType") or ""
        if not kind:
            raise missing("Line.DetailType")
        if kind not in _KINDS:
            raise refuse("2170", f"Invalid Enumeration : {kind}", "Line.DetailType")
        if kind == "SubTotalLineDetail":
            continue
        entry = _entry(company, line, kind, txn_date)
        stored.append(entry.line)
        if entry.detail:
            entries.append(entry)
    if not stored:
        raise missing("Line")
    _check_discounts(company, entries)
    return stored, entries


def _entry(company: Company, line: Json, kind: str, txn_date: str) -> Entry:
    if kind == "SalesItemLineDetail":
        return _item_line(company, line, txn_date)
    if kind == "DiscountLineDetail":
        return _discount_line(company, line)
    if kind == "GroupLineDetail":
        group = line.get("GroupLineDetail") or {}
        resolved(company, "Item", reference(group, "GroupItemRef"), "Line.GroupItemRef")
        raise refuse("5030", "Bundles are not set up in this company.", "Line")
    return _note_line(line)


def _note_line(line: Json) -> Entry:
    kept = _kept(line, "DescriptionOnly")
    kept["DescriptionLineDetail"] = line.get("DescriptionLineDetail") or {}
    return Entry(kept, {}, ZERO, "Line")


def _item_line(company: Company, line: Json, txn_date: str) -> Entry:
    sent = line.get("SalesItemLineDetail")
    if sent is None:
        raise missing("Line.SalesItemLineDetail")
    item_id = reference(sent, "ItemRef")
    if not item_id:
        # A line without an item is a note: what it says of an amount is not heard.
        return _note_line(line)
    if line.get("Amount") is None:
        raise missing("Line.Amount")
    element = "Line.SalesItemLineDetail"
    detail = {name: value for name, value in sent.items() if value is not None}
    for name in ("DiscountAmt", "DiscountRate"):
        if detail.pop(name, None):
            raise refuse("5030", f"{name} is not supported for this company.", f"{element}.{name}")
    if not detail.get("TaxInclusiveAmt"):
        detail.pop("TaxInclusiveAmt", None)
    if item_id in (SHIPPING, GRATUITY):
        amount = _special_amount(company, line, detail, item_id)
    else:
        item = resolved(company, "Item", item_id, f"{element}.ItemRef")
        _check_item(item, detail, txn_date)
        detail["ItemRef"] = linked(company, "Item", sent, "ItemRef", f"{element}.")
        amount = _item_amount(line["Amount"], detail)
    _check_class(company, detail, element)
    kept = _kept(line, "SalesItemLineDetail")
    kept["Amount"] = amount
    kept["SalesItemLineDetail"] = detail
    return Entry(kept, detail, amount, element)


def _check_item(item: Json, detail: Json, txn_date: str) -> None:
    if item["Type"] == "Category":
        raise refuse("2500", "Invalid Reference Id : a category cannot be sold", "Line.ItemRef")
    if item["Type"] != "Inventory":
        return
    if detail.get("Qty") is None:
        raise refuse("6520", "An inventory item needs a quantity.", "Line.Qty")
    if txn_date < item["InvStartDate"]:
        text = "The transaction date is prior to the start date of an inventory item."
        raise refuse("6270", text, "TxnDate")


def _special_amount(company: Company, line: Json, detail: Json, item_id: str) -> Decimal:
    allowed = item_id == SHIPPING and company.preferences["SalesFormsPrefs"]["AllowShipping"]
    if not allowed:
        detail_text = f"Invalid Reference Id : Items element id {item_id} not found"
        raise refuse("2500", detail_text, "Line.SalesItemLineDetail.ItemRef")
    if detail.get("Qty") or detail.get("UnitPrice"):
        raise business("The shipping line takes an amount, no quantity and no price.")
    detail.pop("Qty", None)
    detail.pop("UnitPrice", None)
    return cents(line["Amount"])


def _item_amount(sent: Decimal, detail: Json) -> Decimal:
    amount = cents(sent)
    quantity, unit_price = detail.get("Qty"), detail.get("UnitPrice")
    if unit_price is not None:
        detail["UnitPrice"] = price(unit_price)
        product = cents(detail["UnitPrice"] * (Decimal(1) if quantity is None else quantity))
        if product != amount:
            text = f"Amount is not equal to UnitPrice * Qty. Supplied value:{sent:,}"
            raise refuse("6070", text, "Line.Amount")
    elif quantity:
        detail["UnitPrice"] = price(amount / quantity)
    return amount


def _discount_line(company: Company, line: Json) -> Entry:
    sent = line.get("DiscountLineDetail") or {}
    detail = {name: value for name, value in sent.items() if value is not None}
    percent_based = bool(detail.get("PercentBased"))
    given = detail.get("DiscountPercent") if percent_based else line.get("Amount")
    if given is None:
        raise refuse("6090", "A discount line needs an amount or a percentage.", "Line")
    if "DiscountAccountRef" in detail:
        detail["DiscountAccountRef"] = linked(
            company, "Account", detail, "DiscountAccountRef", "Line.DiscountLineDetail."
        )
    kept = _kept(line, "DiscountLineDetail")
    kept["DiscountLineDetail"] = detail
    kept["Amount"] = cents(number(line.get("Amount")))
    return Entry(kept, detail, -kept["Amount"], "Line.DiscountLineDetail")


def _check_discounts(company: Company, entries: list[Entry]) -> None:
    discounts = [one for one in entries if one.line["DetailType"] == "DiscountLineDetail"]
    if not discounts:
        return
    if company.options.french:
        raise business("Whole-document discounts are not available. Use line discounts.")
    if not company.preferences["SalesFormsPrefs"]["AllowDiscount"]:
        raise refuse("5030", "Discounts are turned off for this company.", "Line")
    if len(discounts) > 1:
        raise business("A transaction can have one discount line only.")
    base = sum((one.amount for one in entries if one is not discounts[0]), ZERO)
    discount = discounts[0]
    if discount.detail.get("PercentBased"):
        amount = cents(base * discount.detail["DiscountPercent"] / 100)
        discount.line["Amount"] = amount
        discount.amount = -amount


def _check_class(company: Company, detail: Json, element: str) -> None:
    if not reference(detail, "ClassRef"):
        detail.pop("ClassRef", None)
        return
    if not company.options.track_classes:
        raise refuse("5030", "Class tracking is turned off.", f"{element}.ClassRef")
    detail["ClassRef"] = linked(company, "Class", detail, "ClassRef", f"{element}.")


def _kept(line: Json, kind: str) -> Json:
    kept: Json = {}
    for name in ("Id", "LineNum", "Description"):
        if line.get(name) not in (None, ""):
            kept[name] = line[name]
    kept["DetailType"] = kind
    return kept
