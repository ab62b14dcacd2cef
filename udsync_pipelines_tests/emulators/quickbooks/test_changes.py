"""Updates, deletions, voids and SyncTokens."""

import time

import pytest

from udsync_pipelines_tests.emulators.quickbooks.books import Books, Json


def _handle(document: Json) -> Json:
    return {"Id": document["Id"], "SyncToken": document["SyncToken"], "sparse": True}


def test_a_stale_sync_token_is_refused(books: Books) -> None:
    customer = books.make("Customer", {"DisplayName": "Ann"})
    books.make("Customer", {**_handle(customer), "Notes": "one"})

    error = books.refused("Customer", {**_handle(customer), "Notes": "two"})

    assert error["code"] == "5010"
    assert error["Detail"].startswith("Stale Object Error : You and ")


def test_an_update_needs_its_sync_token(books: Books) -> None:
    customer = books.make("Customer", {"DisplayName": "Ann"})

    error = books.refused("Customer", {"Id": customer["Id"], "DisplayName": "Bob"})

    assert (error["code"], error["element"]) == ("2020", "SyncToken")


def test_an_unknown_id_is_400_and_610_not_404(books: Books) -> None:
    answer = books.client.get("/invoice/99999")

    assert answer.status_code == 400
    assert answer.json()["Fault"]["Error"][0]["code"] == "610"


def test_a_sparse_update_keeps_what_it_does_not_name(books: Books) -> None:
    customer = books.make("Customer", {"DisplayName": "Ann", "CompanyName": "Ann Ltd"})

    changed = books.make("Customer", {**_handle(customer), "Notes": "new"})

    assert (changed["CompanyName"], changed["Notes"]) == ("Ann Ltd", "new")
    assert changed["SyncToken"] == "1"


def test_a_full_update_empties_what_it_does_not_name(books: Books) -> None:
    customer = books.make("Customer", {"DisplayName": "Ann", "CompanyName": "Ann Ltd"})
    full = {"Id": customer["Id"], "SyncToken": "0", "DisplayName": "Ann"}

    assert "CompanyName" not in books.make("Customer", full)


def test_an_empty_text_in_a_sparse_update_clears_a_member(books: Books) -> None:
    customer = books.make("Customer", {"DisplayName": "Ann", "CompanyName": "Ann Ltd"})

    assert "CompanyName" not in books.make("Customer", {**_handle(customer), "CompanyName": ""})


def test_a_display_name_cannot_be_removed_by_a_sparse_update(books: Books) -> None:
    customer = books.make("Customer", {"DisplayName": "Ann"})

    changed = books.make("Customer", {**_handle(customer), "DisplayName": ""})

    assert changed["DisplayName"] == "Ann"


def test_lines_are_replaced_as_a_whole_even_sparsely(books: Books) -> None:
    invoice = books.make("Invoice", books.sale(books.line("1.00"), books.line("2.00")))
    kept = {**books.line("2.00"), "Id": "2"}

    changed = books.make("Invoice", {**_handle(invoice), "Line": [kept, books.line("3.00")]})

    items = [line for line in changed["Line"] if "Id" in line]
    assert [(line["Id"], line["Amount"]) for line in items] == [("2", 2), ("3", 3)]
    assert changed["TotalAmt"] == 5.25


def test_an_unknown_line_id_makes_a_new_line(books: Books) -> None:
    invoice = books.make("Invoice", books.sale())

    changed = books.make(
        "Invoice", {**_handle(invoice), "Line": [{**books.line("3.00"), "Id": "77"}]}
    )

    assert changed["Line"][0]["Id"] == "2"


def test_a_sparse_update_of_the_note_leaves_the_amounts_alone(books: Books) -> None:
    invoice = books.make("Invoice", books.sale(books.line("10.00", Qty=3)))

    changed = books.make("Invoice", {**_handle(invoice), "PrivateNote": "seen"})

    assert changed["TotalAmt"] == invoice["TotalAmt"]
    assert changed["Line"] == invoice["Line"]


@pytest.mark.parametrize("entity", ["Invoice", "SalesReceipt", "CreditMemo"])
def test_a_deleted_transaction_is_gone_for_good(books: Books, entity: str) -> None:
    document = books.make(entity, books.sale())

    deleted = books.make(entity, _handle(document), operation="delete")

    assert deleted == {"domain": "QBO", "status": "Deleted", "Id": document["Id"]}
    assert books.refused(entity, _handle(document))["code"] == "610"


@pytest.mark.parametrize("entity", ["Customer", "Item", "TaxCode"])
def test_lists_know_no_deletion(books: Books, entity: str) -> None:
    error = books.refused(entity, {"Id": "1", "SyncToken": "0"}, operation="delete")

    assert error["code"] == "500"


def test_tax_codes_cannot_be_made_or_changed(books: Books) -> None:
    assert books.refused("TaxCode", {"Name": "New"})["code"] == "500"
    assert books.refused("TaxRate", {"Id": "1", "SyncToken": "0"})["code"] == "500"


@pytest.mark.parametrize(
    ("entity", "parameters"),
    [
        ("Invoice", {"operation": "void"}),
        ("SalesReceipt", {"operation": "update", "include": "void"}),
    ],
)
def test_a_voided_document_stays_with_zeros_and_a_word_in_its_note(
    books: Books, entity: str, parameters: dict[str, str]
) -> None:
    document = books.make(entity, books.sale(PrivateNote="woo order 1", DocNumber="W-1"))

    voided = books.make(entity, _handle(document), **parameters)

    assert (voided["TotalAmt"], voided["Balance"]) == (0, 0)
    assert voided["PrivateNote"].startswith("Voided")
    assert voided["PrivateNote"].endswith("woo order 1")
    assert voided["DocNumber"] == "W-1"
    assert {line.get("Amount", 0) for line in voided["Line"]} == {0}
    assert voided["TxnTaxDetail"]["TotalTax"] == 0


@pytest.mark.parametrize(
    ("entity", "parameters"),
    [
        ("Invoice", {"operation": "update", "include": "void"}),
        ("SalesReceipt", {"operation": "void"}),
        ("CreditMemo", {"operation": "void"}),
        ("CreditMemo", {"operation": "update", "include": "void"}),
    ],
)
def test_each_form_is_voided_in_its_own_way_only(
    books: Books, entity: str, parameters: dict[str, str]
) -> None:
    document = books.make(entity, books.sale())

    assert books.refused(entity, _handle(document), **parameters)["code"] == "500"


def test_an_inactive_customer_is_changed_only_with_reactivation(books: Books) -> None:
    customer = books.make("Customer", {"DisplayName": "Ann"})
    gone = books.make("Customer", {**_handle(customer), "Active": False})

    error = books.refused("Customer", {**_handle(gone), "Notes": "x"})
    back = books.make("Customer", {**_handle(gone), "Active": True})

    assert error["Detail"].endswith("You cannot modify a list element that has been deleted.")
    assert gone["DisplayName"] == "Ann (deleted)"
    assert back["DisplayName"] == "Ann"


def test_a_refused_payment_update_changes_no_token(books: Books) -> None:
    customer = books.customer()
    invoice = books.make("Invoice", books.sale(CustomerRef={"value": customer}))
    link = [{"TxnId": invoice["Id"], "TxnType": "Invoice"}]
    payment = books.make(
        "Payment",
        {
            "CustomerRef": {"value": customer},
            "TotalAmt": 105,
            "Line": [{"Amount": 105, "LinkedTxn": link}],
        },
    )
    before = books.read("Invoice", invoice["Id"])["SyncToken"]

    books.refused("Payment", {**_handle(payment), "Line": [{"Amount": 106, "LinkedTxn": link}]})

    assert books.read("Invoice", invoice["Id"])["SyncToken"] == before


def test_the_company_remembers_when_each_document_was_written(books: Books) -> None:
    begun = time.time()
    sale = books.make("SalesReceipt", books.sale(DocNumber="WC-77"))
    books.make("SalesReceipt", {**_handle(sale), "PrivateNote": "changed"})

    written = [one for one in books.emulator.control.history() if one["entity"] == "SalesReceipt"]

    assert [one["event"] for one in written] == ["created", "updated"]
    assert {(one["id"], one["number"]) for one in written} == {(sale["Id"], "WC-77")}
    assert begun <= written[0]["at"] <= written[1]["at"] <= time.time()
