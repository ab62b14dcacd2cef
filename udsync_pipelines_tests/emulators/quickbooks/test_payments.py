"""Payments: what they are applied to, and what is left."""

from typing import Any

from udsync_pipelines_tests.emulators.quickbooks.books import Books, Json


def _payment(customer: str, amount: float, *applied: tuple[str, str, float]) -> Json:
    lines = [
        {"Amount": part, "LinkedTxn": [{"TxnId": record_id, "TxnType": entity}]}
        for entity, record_id, part in applied
    ]
    return {"CustomerRef": {"value": customer}, "TotalAmt": amount, "Line": lines}


def _invoice(books: Books, customer: str, **members: Any) -> Json:
    return books.make("Invoice", books.sale(CustomerRef={"value": customer}, **members))


def test_a_payment_lowers_the_balance_and_moves_the_invoice(books: Books) -> None:
    customer = books.customer()
    invoice = _invoice(books, customer)

    payment = books.make("Payment", _payment(customer, 105, ("Invoice", invoice["Id"], 105)))

    paid = books.read("Invoice", invoice["Id"])
    assert (paid["Balance"], paid["SyncToken"]) == (0, "1")
    assert paid["LinkedTxn"] == [{"TxnId": payment["Id"], "TxnType": "Payment"}]
    assert payment["UnappliedAmt"] == 0


def test_a_payment_without_lines_is_unapplied_credit(books: Books) -> None:
    customer = books.customer()

    payment = books.make("Payment", _payment(customer, 40))

    assert payment["UnappliedAmt"] == 40
    assert books.read("Customer", customer)["Balance"] == -40
    assert books.emulator.audit()["unapplied_payments"] == {payment["Id"]: "40.00"}


def test_a_payment_needs_an_amount(books: Books) -> None:
    error = books.refused("Payment", {"CustomerRef": {"value": books.customer()}})

    assert error["Detail"] == "Business Validation Error: You must set a transaction amount."


def test_a_payment_cannot_be_applied_beyond_the_balance(books: Books) -> None:
    customer = books.customer()
    invoice = _invoice(books, customer)

    too_much = _payment(customer, 200, ("Invoice", invoice["Id"], 105.01))

    assert books.refused("Payment", too_much)["code"] == "6000"


def test_a_payment_cannot_apply_more_than_it_is(books: Books) -> None:
    customer = books.customer()
    invoice = _invoice(books, customer)

    assert books.refused("Payment", _payment(customer, 1, ("Invoice", invoice["Id"], 2)))


def test_a_payment_is_applied_to_the_same_customer_only(books: Books) -> None:
    invoice = _invoice(books, books.customer("Ann"))

    error = books.refused(
        "Payment", _payment(books.customer("Bob"), 5, ("Invoice", invoice["Id"], 5))
    )

    assert error["code"] == "620"


def test_a_payment_to_a_missing_invoice_finds_nothing(books: Books) -> None:
    error = books.refused("Payment", _payment(books.customer(), 5, ("Invoice", "9999", 5)))

    assert error["code"] == "610"


def test_a_payment_to_a_sales_receipt_cannot_be_linked(books: Books) -> None:
    customer = books.customer()
    receipt = books.make("SalesReceipt", books.sale(CustomerRef={"value": customer}))

    error = books.refused("Payment", _payment(customer, 5, ("SalesReceipt", receipt["Id"], 5)))

    assert error["code"] == "620"


def test_a_credit_memo_is_applied_by_a_payment_of_zero(books: Books) -> None:
    customer = books.customer()
    invoice = _invoice(books, customer)
    memo = books.make(
        "CreditMemo", books.sale(books.line("10.00"), CustomerRef={"value": customer})
    )
    applied = (("Invoice", invoice["Id"], 10.5), ("CreditMemo", memo["Id"], 10.5))

    books.make("Payment", _payment(customer, 0, *applied))

    assert books.read("Invoice", invoice["Id"])["Balance"] == 94.5
    assert books.read("CreditMemo", memo["Id"])["RemainingCredit"] == 0
    assert books.read("Customer", customer)["Balance"] == 94.5


def test_a_deleted_payment_opens_the_invoice_again(books: Books) -> None:
    customer = books.customer()
    invoice = _invoice(books, customer)
    payment = books.make("Payment", _payment(customer, 105, ("Invoice", invoice["Id"], 105)))

    books.make("Payment", {"Id": payment["Id"], "SyncToken": "0"}, operation="delete")

    again = books.read("Invoice", invoice["Id"])
    assert (again["Balance"], again["LinkedTxn"]) == (105, [])


def test_a_voided_payment_opens_the_invoice_and_keeps_a_zero(books: Books) -> None:
    customer = books.customer()
    invoice = _invoice(books, customer)
    payment = books.make("Payment", _payment(customer, 105, ("Invoice", invoice["Id"], 105)))

    handle = {"Id": payment["Id"], "SyncToken": "0", "sparse": True}
    voided = books.make("Payment", handle, operation="update", include="void")

    assert (voided["TotalAmt"], voided["UnappliedAmt"]) == (0, 0)
    assert books.read("Invoice", invoice["Id"])["Balance"] == 105


def test_the_payment_of_a_deleted_invoice_becomes_unapplied(books: Books) -> None:
    customer = books.customer()
    invoice = _invoice(books, customer)
    payment = books.make("Payment", _payment(customer, 105, ("Invoice", invoice["Id"], 105)))
    handle = {"Id": invoice["Id"], "SyncToken": "1"}

    books.make("Invoice", handle, operation="delete")

    left = books.read("Payment", payment["Id"])
    assert (left["UnappliedAmt"], left["SyncToken"]) == (105, "1")
    assert books.emulator.audit()["orphans"] == []


def test_an_updated_payment_moves_between_invoices(books: Books) -> None:
    customer = books.customer()
    first, second = _invoice(books, customer), _invoice(books, customer)
    payment = books.make("Payment", _payment(customer, 105, ("Invoice", first["Id"], 105)))
    moved = _payment(customer, 105, ("Invoice", second["Id"], 105))

    books.make("Payment", {**moved, "Id": payment["Id"], "SyncToken": "0"})

    assert books.read("Invoice", first["Id"])["Balance"] == 105
    assert books.read("Invoice", second["Id"])["Balance"] == 0


def test_a_paid_invoice_cannot_shrink_below_what_was_paid(books: Books) -> None:
    customer = books.customer()
    invoice = _invoice(books, customer)
    books.make("Payment", _payment(customer, 105, ("Invoice", invoice["Id"], 105)))
    change = {"Id": invoice["Id"], "SyncToken": "1", "sparse": True}

    error = books.refused("Invoice", {**change, "Line": [books.line("50.00")]})

    assert error["code"] == "6000"


def test_a_payment_goes_to_undeposited_funds_unless_told(books: Books) -> None:
    payment = books.make("Payment", _payment(books.customer(), 5))

    assert payment["DepositToAccountRef"]["name"] == "Undeposited Funds"


def test_a_payment_reference_may_have_21_characters(books: Books) -> None:
    payment = {**_payment(books.customer(), 5), "PaymentRefNum": "9" * 22}

    assert books.refused("Payment", payment)["code"] == "2050"
