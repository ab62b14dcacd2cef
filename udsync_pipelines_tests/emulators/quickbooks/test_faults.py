"""Faults on demand, changes by persons, the audit and the door for tests."""

import base64
import hashlib
import hmac
import json
import time
from typing import Any

import httpx
import pytest

from udsync_pipelines_tests.emulators.quickbooks.books import Books, Json


def test_a_lost_answer_leaves_the_document_behind(books: Books) -> None:
    sale = books.sale(DocNumber="W-1")
    books.emulator.faults.add("lost_answer", path="/salesreceipt", method="POST")

    with pytest.raises(httpx.RemoteProtocolError):
        books.post("SalesReceipt", sale, requestid="abc")

    assert books.query("select * from SalesReceipt where DocNumber = 'W-1'")["totalCount"] == 1
    assert books.make("SalesReceipt", sale, requestid="abc")["DocNumber"] == "W-1"
    assert books.emulator.count("SalesReceipt") == 1


@pytest.mark.parametrize(("after_commit", "made"), [(False, 0), (True, 1)])
def test_a_500_comes_before_or_after_the_commit(
    books: Books, *, after_commit: bool, made: int
) -> None:
    sale = books.sale()
    books.emulator.faults.add("status", status=500, after_commit=after_commit, method="POST")

    answer = books.post("SalesReceipt", sale)

    assert answer.status_code == 500
    assert answer.json()["Fault"]["Error"][0]["code"] == "10000"
    assert books.emulator.count("SalesReceipt") == made


@pytest.mark.parametrize("status", [401, 403, 429, 502, 503, 504])
def test_each_failing_status_has_its_own_form(books: Books, status: int) -> None:
    books.emulator.faults.add("status", status=status, retry_after=7)

    answer = books.ask("select * from Customer")

    json_expected = status < 500
    assert answer.status_code == status
    assert answer.headers["Retry-After"] == "7"
    assert answer.headers["Content-Type"].startswith(
        "application/json" if json_expected else "text/html"
    )


def test_a_fault_can_hide_in_an_answer_of_status_200(books: Books) -> None:
    books.emulator.faults.add("fault_200", code="5010", detail="Stale")

    answer = books.ask("select * from Customer")

    assert answer.status_code == 200
    assert answer.json()["Fault"]["Error"][0]["code"] == "5010"


def test_a_hanging_and_a_closed_connection_give_no_answer(books: Books) -> None:
    books.emulator.faults.add("hang", seconds=0.2)
    books.emulator.faults.add("close", nth=2)

    for _ in range(2):
        with pytest.raises(httpx.RemoteProtocolError):
            books.ask("select * from Customer")
    assert books.ask("select * from Customer").status_code == 200


def test_a_truncated_answer_ends_early(books: Books) -> None:
    books.customer("Ann")
    books.emulator.faults.add("truncated", keep=10)

    with pytest.raises(httpx.RemoteProtocolError):
        books.read("Customer", "1")


def test_an_expired_token_strikes_in_the_middle(books: Books) -> None:
    books.emulator.faults.add("expired_token", nth=2)

    statuses = [books.ask("select * from Customer").status_code for _ in range(3)]

    assert statuses == [200, 401, 401]


def test_a_person_can_edit_between_two_requests(books: Books) -> None:
    customer = books.make("Customer", {"DisplayName": "Ann"})
    edit = {
        "action": "edit",
        "entity": "Customer",
        "record_id": customer["Id"],
        "changes": {"Notes": "by hand"},
    }
    books.emulator.faults.add("act", method="POST", when="before", actions=[edit])
    change = {"Id": customer["Id"], "SyncToken": "0", "sparse": True, "Notes": "by us"}

    assert books.refused("Customer", change)["code"] == "5010"
    assert books.read("Customer", customer["Id"])["Notes"] == "by hand"


def test_a_person_can_void_and_delete(books: Books) -> None:
    first, second = (books.make("Invoice", books.sale())["Id"] for _ in range(2))

    books.emulator.control.void("Invoice", first)
    books.emulator.control.delete("Invoice", second)

    assert books.read("Invoice", first)["TotalAmt"] == 0
    assert books.emulator.count("Invoice") == 1


def test_the_audit_finds_the_same_sale_twice(books: Books) -> None:
    books.make("SalesReceipt", books.sale(DocNumber="W-1", PrivateNote="order 1"))
    books.make("Invoice", books.sale(DocNumber="W-1"))
    books.make("SalesReceipt", books.sale(DocNumber="W-2", PrivateNote="order 1"))

    found = books.emulator.audit()["duplicates"]

    assert found["doc_numbers"] == {"W-1": ["Invoice 103", "SalesReceipt 102"]}
    assert found["private_notes"] == {"order 1": ["SalesReceipt 102", "SalesReceipt 104"]}


def test_the_audit_leaves_voided_documents_out(books: Books) -> None:
    receipt = books.make("SalesReceipt", books.sale(DocNumber="W-1"))
    books.emulator.control.void("SalesReceipt", receipt["Id"])
    books.make("SalesReceipt", books.sale(DocNumber="W-1"))

    found = books.emulator.audit()

    assert found["duplicates"]["doc_numbers"] == {}
    assert (found["voided"], found["counts"]) == (1, {"SalesReceipt": 1})


def test_the_audit_adds_up_exactly_by_currency_and_rate(books: Books) -> None:
    for _ in range(3):
        books.make("SalesReceipt", books.sale(books.line("0.10"), DocNumber="W-1"))
    books.make("SalesReceipt", books.sale(DocNumber="X-1"))

    found = books.emulator.audit(prefix="W-")

    assert found["sums"]["SalesReceipt"]["CAD"] == {
        "count": 3,
        "total": "0.33",
        "tax": "0.03",
        "net": "0.30",
    }
    assert found["tax_rates"]["SalesReceipt"]["CAD"]["GST"] == {"net": "0.30", "tax": "0.03"}
    assert found["unequal"] == []


def test_the_audit_tells_what_is_open(books: Books) -> None:
    customer = books.customer("Ann")
    invoice = books.make("Invoice", books.sale(CustomerRef={"value": customer}))

    found = books.emulator.audit()

    assert found["open_invoices"] == {invoice["Id"]: "105.00"}
    assert found["customer_balances"] == {customer: "105.00"}
    assert found["receivable"] == "105.00"


def test_the_audit_finds_documents_without_a_customer(books: Books) -> None:
    receipt = books.make("SalesReceipt", books.sale(CustomerRef={"value": books.customer()}))
    with books.emulator.company.lock:
        books.emulator.company.table("Customer").clear()

    assert books.emulator.audit()["orphans"] == [f"SalesReceipt {receipt['Id']} has no customer."]


def _admin(books: Books, path: str, body: Json | None = None) -> Json:
    url = f"{books.emulator.url}/__emulator__/{path}"
    answer = httpx.get(url) if body is None else httpx.post(url, json=body)
    document: Json = answer.json()
    return document


def test_the_door_for_tests_adds_faults_and_moves_the_clock(books: Books) -> None:
    fault = {"kind": "status", "status": 503, "match": {"path": "/query"}}

    _admin(books, "faults", fault)
    _admin(books, "clock", {"now": "2026-03-14T10:00:00"})

    assert books.ask("select * from Customer").status_code == 503
    assert _admin(books, "health")["now"] == "2026-03-14T03:00:00-07:00"


def test_the_door_for_tests_does_what_persons_do(books: Books) -> None:
    made = _admin(books, "mutate", {"action": "add_vendor", "name": "Ann"})
    wrong = _admin(books, "mutate", {"action": "dance"})

    assert made == {"result": "1"}
    assert wrong["error"].startswith("There is no action 'dance'. Choose one of: ")


def test_the_door_for_tests_shows_the_audit_and_the_requests(books: Books) -> None:
    books.make("SalesReceipt", books.sale(DocNumber="W-1"), requestid="abc")

    audit = _admin(books, "audit?prefix=W-")
    requests = _admin(books, "requests?path=salesreceipt")

    assert audit["counts"] == {"SalesReceipt": 1}
    assert requests["counts"]["POST /salesreceipt"] == 1
    assert requests["requests"][0]["query"] == "requestid=abc"
    assert requests["metered_reads"] == 0


def test_changes_are_kept_as_signed_notifications(books: Books) -> None:
    books.customer("Ann")
    token = books.emulator.options.verifier_token

    body, headers = books.emulator.notification()
    again, _ = books.emulator.notification()
    old, _ = books.emulator.notification(form="legacy")

    digest = hmac.new(token.encode(), body, hashlib.sha256).digest()
    event = json.loads(body)[0]
    assert headers["intuit-signature"] == base64.b64encode(digest).decode()
    assert (event["type"], event["intuitentityid"]) == ("qbo.customer.created.v1", "1")
    assert event["intuitaccountid"] == books.emulator.realm_id
    assert body == again
    entity = json.loads(old)["eventNotifications"][0]["dataChangeEvent"]["entities"][0]
    assert (entity["name"], entity["operation"]) == ("Customer", "Create")


def test_who_has_an_answer_finds_its_request_in_the_journal(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = books.emulator.requests
    note = journal.note

    def late(*entry: Any) -> None:
        time.sleep(0.2)
        note(*entry)

    monkeypatch.setattr(journal, "note", late)
    before = len(journal)

    books.ask("select * from Customer")

    assert len(journal) == before + 1
