"""The silent faults: what goes wrong without an error, and what a sync must make of each.

Every one of them ends in a run that is not green and names the record or the list, or is healed
by asking again, and then everything is there. Tables only; `test_silent_faults.py` injects them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

HEALED = ""
"""It ends green, and everything has arrived."""


@dataclass(frozen=True, slots=True)
class SilentFault:
    """A fault and how a sync ends that meets it.

    Attributes:
        what: the fault in plain words.
        fault: what the emulator injects: its kind and settings.
        named: regular expression of what the run names; HEALED when everything arrives.
        correct: whether a person has to correct the document in the books afterwards.
    """

    what: str
    fault: Mapping[str, Any]
    named: str = HEALED
    correct: bool = False


def last_page(kind: str, **settings: Any) -> Mapping[str, Any]:
    """A fault that strikes the second and last page of orders for as long as it is in force."""
    return {"kind": kind, "path": r"/orders\?.*status=any.*offset=99", "times": 0, **settings}


def every_order(kind: str, **settings: Any) -> Mapping[str, Any]:
    """A fault that strikes every answer about orders for as long as it is in force."""
    return {"kind": kind, "path": r"/orders\?", "times": 0, **settings}


STORE_LISTS: Mapping[str, SilentFault] = {
    "page_missing": SilentFault(
        "an empty page in the middle of a list", last_page("empty_page"), "orders"
    ),
    "page_repeated": SilentFault(
        "the page before once more", last_page("duplicated_page"), "orders"
    ),
    "page_short": SilentFault(
        "a page that lacks its last rows", last_page("missing_rows", rows=2), "orders"
    ),
    "list_ends_early": SilentFault(
        "an empty page that says it is beyond the end", last_page("early_end")
    ),
    "page_of_a_cache": SilentFault(
        "a cached page of another part of the list", last_page("answer_before")
    ),
    "total_missing": SilentFault("a list without X-WP-Total", last_page("no_total")),
    "total_too_small": SilentFault(
        "X-WP-Total smaller than the list", last_page("wrong_total", total=100)
    ),
    "total_too_small_everywhere": SilentFault(
        "X-WP-Total of every page names the rows of the first page",
        every_order("wrong_total", total=100), "orders",
    ),
    "total_too_large": SilentFault(
        "X-WP-Total larger than the list", last_page("wrong_total", total=900), "orders"
    ),
    "total_missing_page_short": SilentFault(
        "a PHP warning, no X-WP-Total", last_page("warning")
    ),
    "body_cut": SilentFault("half a JSON, announced as the whole", last_page("cut"), "orders"),
    "body_broken_off": SilentFault(
        "a body that breaks off before its announced length", last_page("truncated"), "orders"
    ),
    "body_broken_off_unannounced": SilentFault(
        "a body of no announced length that breaks off",
        last_page("truncated", unannounced=True), "orders"
    ),
    "body_empty": SilentFault("status 200 and no body", last_page("empty_body"), "orders"),
    "no_content": SilentFault("status 204", last_page("empty_body", status=204), "orders"),
    "object_for_list": SilentFault("`{}` instead of a list", last_page("empty_object"), "orders"),
    "web_page": SilentFault("a web page with status 200", last_page("html_200"), "orders"),
    "sign_in": SilentFault("a redirect to a sign-in page", last_page("redirect"), "redirects"),
    "gzip_broken": SilentFault(
        "a body that cannot be unpacked", last_page("broken_gzip"), "orders"
    ),
    "type_wrong": SilentFault("the wrong content type", last_page("wrong_content_type")),
    "hung": SilentFault("a socket that says nothing", last_page("hang", seconds=9), "orders"),
    "keys_twice": SilentFault(
        "a member that an object holds twice", last_page("duplicate_keys")
    ),
}  # fmt: skip


def receipt(kind: str, **settings: Any) -> Mapping[str, Any]:
    """A fault that strikes the write of one order's sales receipt."""
    return {"kind": kind, "path": r"/salesreceipt\?", "method": "POST", **settings}


BOOKS_WRITES: Mapping[str, SilentFault] = {
    "fault_200": SilentFault(
        "status 200 with a fault", receipt("fault_200", code="6000", detail="no"), "no"
    ),
    "write_without_body": SilentFault("a write answered with nothing", receipt("empty_body")),
    "write_no_content": SilentFault(
        "a write answered with 204", receipt("empty_body", status=204)
    ),
    "write_empty_object": SilentFault("a write answered with `{}`", receipt("empty_object")),
    "write_web_page": SilentFault("a write answered with a web page", receipt("html_200")),
    "write_sign_in": SilentFault("a write answered with a redirect", receipt("redirect")),
    "write_cut": SilentFault("a write answered with half a JSON", receipt("cut")),
    "write_gzip": SilentFault("a write answered with broken gzip", receipt("broken_gzip")),
    "write_unannounced": SilentFault(
        "a write answered in part, its length not told", receipt("truncated", unannounced=True)
    ),
    "write_type": SilentFault("a write answered as text", receipt("wrong_content_type")),
    "write_keys_twice": SilentFault(
        "an answer that holds a member twice", receipt("duplicate_keys")
    ),
    "other_object": SilentFault(
        "the answer to another write", receipt("answer_before")
    ),
    "other_realm": SilentFault(
        "an answer about an object nobody asked for",
        receipt("changed_answer", changes={
            "SalesReceipt.Id": "9999", "SalesReceipt.DocNumber": "X-1",
            "SalesReceipt.PrivateNote": "of another company"}),
    ),
    "total_answered": SilentFault(
        "an answer with another total than the books hold",
        receipt("changed_answer", changes={"SalesReceipt.TotalAmt": 1}),
        "came out at",
    ),
    "total_unreadable": SilentFault(
        "an answer whose total is no number",
        receipt("changed_answer", changes={"SalesReceipt.TotalAmt": "much"}),
    ),
    "lines_unreadable": SilentFault(
        "an answer whose lines are no list",
        receipt("changed_answer", changes={"SalesReceipt.Line": 7}),
    ),
    "number_not_answered": SilentFault(
        "an answer without the DocNumber that the books hold",
        receipt("changed_answer", changes={"SalesReceipt.DocNumber": None}),
        "its number",
    ),
    "number_dropped": SilentFault(
        "a DocNumber that QuickBooks drops",
        receipt("changed_request", changes={"DocNumber": None}), "its number", correct=True,
    ),
    "line_dropped": SilentFault(
        "a line that QuickBooks drops", receipt("changed_request", changes={"Line.1": None}),
        "came out at", correct=True,
    ),
    "amount_changed": SilentFault(
        "an amount that QuickBooks changes",
        receipt("changed_request", changes={
            "Line.0.Amount": 5, "Line.0.SalesItemLineDetail.UnitPrice": 5,
            "Line.0.SalesItemLineDetail.Qty": 1}),
        "came out at", correct=True,
    ),
    "tax_ignored": SilentFault(
        "a tax code that QuickBooks changes",
        receipt("changed_request", changes={
            "Line.0.SalesItemLineDetail.TaxCodeRef.value": "2", "TxnTaxDetail": None}),
        "tax", correct=True,
    ),
    "customer_changed": SilentFault(
        "a customer that QuickBooks changes",
        receipt("changed_request", changes={"CustomerRef.value": "1"}),
        "stands on customer", correct=True,
    ),
    "note_dropped": SilentFault(
        "a note that QuickBooks drops",
        receipt("changed_request", changes={"PrivateNote": None}), "in its note", correct=True,
    ),
}  # fmt: skip


def question(kind: str, entity: str, **settings: Any) -> Mapping[str, Any]:
    """A fault that strikes every question for the objects of an entity, in a batch too."""
    return {"kind": kind, "path": rf"/query\?.*FROM.{entity}|/batch\?", "times": 0, **settings}


BOOKS_QUESTIONS: Mapping[str, SilentFault] = {
    "fault_in_response": SilentFault(
        "a fault with status 200 instead of the list",
        question("fault_200", "Customer", code="10000", detail="x"), "Customer"
    ),
    "list_empty": SilentFault(
        "an empty list of customers where there are some", question("empty_list", "Customer"),
        "Customer"
    ),
    "list_short": SilentFault(
        "a list of customers that lacks its last rows",
        question("missing_rows", "Customer", rows=2), "Customer"
    ),
    "items_short": SilentFault(
        "a list of items that lacks its last rows", question("missing_rows", "Item", rows=2), "Item"
    ),
    "other_question": SilentFault(
        "the answer to another question", question("answer_before", "Customer"), "Customer"
    ),
    "question_empty_object": SilentFault(
        "`{}` instead of a list", question("empty_object", "Customer"), "Customer"
    ),
    "question_empty_body": SilentFault(
        "status 200 and no body", question("empty_body", "Customer"), "Customer"
    ),
    "question_no_content": SilentFault(
        "status 204", question("empty_body", "Customer", status=204), "Customer"
    ),
    "question_web_page": SilentFault(
        "a web page with status 200", question("html_200", "Customer"), "Customer"
    ),
    "question_sign_in": SilentFault(
        "a redirect to a sign-in page", question("redirect", "Customer"), "Customer"
    ),
    "question_cut": SilentFault("half a JSON", question("cut", "Customer"), "Customer"),
    "question_gzip": SilentFault(
        "a body that cannot be unpacked", question("broken_gzip", "Customer"), "Customer"
    ),
    "question_hung": SilentFault(
        "a socket that says nothing", question("hang", "Customer", seconds=9), "Customer"
    ),
    "question_keys_twice": SilentFault(
        "a member that an object holds twice", question("duplicate_keys", "Customer")
    ),
    "question_type": SilentFault(
        "the wrong content type", question("wrong_content_type", "Customer")
    ),
}  # fmt: skip


def row(**changes: Any) -> Mapping[str, Any]:
    """A change of one order in every answer of the store."""
    return {"changes": changes}


STORE_RECORDS: Mapping[str, SilentFault] = {
    "total_changed": SilentFault("an order with another total", row(total="1.00"), "add up"),
    "tax_changed": SilentFault("an order with another tax", row(total_tax="0.00"), "order/"),
    "line_amount_changed": SilentFault(
        "a line with another amount", row(**{"line_items.0.total": "1.00"}), "add up"
    ),
    "line_left_out": SilentFault(
        "an order without one of its lines", row(**{"line_items.0": None}), "add up"
    ),
    "lines_empty": SilentFault("an order without lines", row(line_items=[]), "add up"),
    "lines_missing": SilentFault(
        "an order without its list of lines", row(line_items=None), "line_items"
    ),
    "currency_changed": SilentFault("an order in another currency", row(currency="EUR"), "EUR"),
    "currency_missing": SilentFault("an order without a currency", row(currency=None), "currency"),
    "number_missing": SilentFault("an order without its number", row(number=None), "number"),
    "total_null": SilentFault("an order whose total is not there", row(total=None), "total"),
    "status_unknown": SilentFault(
        "an order whose status is another type", row(status=7), "status"
    ),
    "billing_missing": SilentFault("an order without a customer", row(billing=None), "billing"),
}  # fmt: skip
