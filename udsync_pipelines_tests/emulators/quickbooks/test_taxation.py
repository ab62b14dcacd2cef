"""Tax arithmetic: rounded per line and per rate, then summed (reference, section 11)."""

from collections.abc import Callable

import pytest

from udsync_pipelines_tests.emulators.quickbooks.books import (
    EXEMPT,
    GST,
    GST_PST_BC,
    GST_QST,
    Books,
    Json,
)

OpenBooks = Callable[..., Books]


def test_tax_is_rounded_on_each_line_before_it_is_summed(books: Books) -> None:
    code = books.emulator.control.add_tax_code("Twelve", ["12"])
    lines = [books.line("17.49", code, Qty=11, UnitPrice=1.59) for _ in range(2)]
    lines += [books.line("1.59", code) for _ in range(29)]

    receipt = books.make("SalesReceipt", books.sale(*lines))

    assert receipt["TxnTaxDetail"]["TotalTax"] == 9.71


def test_three_small_lines_bring_three_cents_of_tax(books: Books) -> None:
    receipt = books.make("SalesReceipt", books.sale(*[books.line("0.10") for _ in range(3)]))

    assert receipt["TxnTaxDetail"]["TotalTax"] == 0.03
    assert receipt["TotalAmt"] == 0.33


def test_each_rate_of_a_code_is_rounded_by_itself(books: Books) -> None:
    receipt = books.make("SalesReceipt", books.sale(books.line("0.10", GST_QST)))

    amounts = [line["Amount"] for line in receipt["TxnTaxDetail"]["TaxLine"]]
    assert amounts == [0.01, 0.01]
    assert receipt["TxnTaxDetail"]["TotalTax"] == 0.02


def test_two_rates_are_reported_once_each_with_their_net(books: Books) -> None:
    receipt = books.make(
        "SalesReceipt", books.sale(books.line("60.00", GST_PST_BC), books.line("40.00", GST_PST_BC))
    )

    assert receipt["TxnTaxDetail"] == {
        "TotalTax": 12,
        "TaxLine": [
            {
                "Amount": amount,
                "DetailType": "TaxLineDetail",
                "TaxLineDetail": {
                    "TaxRateRef": {"value": rate},
                    "PercentBased": True,
                    "TaxPercent": amount,
                    "NetAmountTaxable": 100,
                },
            }
            for amount, rate in ((5, "1"), (7, "10"))
        ],
    }


@pytest.mark.parametrize(
    ("amounts", "tax"), [(["20.00"], 3.33), (["4.00"] * 5, 3.35)], ids=["one line", "five lines"]
)
def test_included_tax_is_taken_out_of_each_line_by_itself(
    open_books: OpenBooks, amounts: list[str], tax: float
) -> None:
    books = open_books(country="GB")
    lines = [books.line(amount, "2") for amount in amounts]

    receipt = books.make("SalesReceipt", books.sale(*lines, GlobalTaxCalculation="TaxInclusive"))

    assert receipt["TxnTaxDetail"]["TotalTax"] == tax
    assert receipt["TotalAmt"] == 20


def test_a_document_with_tax_included_survives_a_full_update(books: Books) -> None:
    sale = books.sale(books.line("21.00", Qty=2), GlobalTaxCalculation="TaxInclusive")
    receipt = books.make("SalesReceipt", sale)
    del receipt["TxnTaxDetail"]

    again = books.make("SalesReceipt", receipt)

    assert again["TotalAmt"] == 21
    assert again["TxnTaxDetail"]["TotalTax"] == 1


@pytest.mark.parametrize(
    ("detail", "amount", "tax"),
    [({"UnitPrice": 37.37499999, "Qty": 1}, 37.38, 4.49), ({}, 37.37, 4.48)],
    ids=["as a price", "as an amount"],
)
def test_a_price_is_rounded_to_seven_decimals_and_then_to_cents(
    books: Books, detail: Json, amount: float, tax: float
) -> None:
    code = books.emulator.control.add_tax_code("Twelve", ["12"])
    line = {**books.line("0", code, **detail), "Amount": amount if detail else 37.37499999}

    receipt = books.make("SalesReceipt", books.sale(line))

    assert receipt["Line"][0]["Amount"] == amount
    assert receipt["TxnTaxDetail"]["TotalTax"] == tax


def test_an_exempt_line_reports_its_net_at_zero(books: Books) -> None:
    receipt = books.make("SalesReceipt", books.sale(books.line("10.00", EXEMPT)))

    line = receipt["TxnTaxDetail"]["TaxLine"][0]
    assert (line["Amount"], line["TaxLineDetail"]["NetAmountTaxable"]) == (0, 10)


def test_a_negative_line_brings_negative_tax(books: Books) -> None:
    receipt = books.make("SalesReceipt", books.sale(books.line("10.00"), books.line("-0.10")))

    assert receipt["TxnTaxDetail"]["TotalTax"] == 0.49
    assert receipt["TotalAmt"] == 10.39


def test_not_applicable_means_no_tax_and_no_codes(books: Books) -> None:
    sale = books.sale(books.line("10.00", ""), GlobalTaxCalculation="NotApplicable")

    receipt = books.make("SalesReceipt", sale)

    assert "TxnTaxDetail" not in receipt
    assert receipt["TotalAmt"] == 10


def test_not_applicable_refuses_tax_details(books: Books) -> None:
    sale = books.sale(GlobalTaxCalculation="NotApplicable", TxnTaxDetail={"TotalTax": 1})

    assert books.refused("SalesReceipt", sale)["code"] == "6170"


def test_an_unknown_calculation_is_no_enumeration(books: Books) -> None:
    sale = books.sale(GlobalTaxCalculation="Included")

    error = books.refused("SalesReceipt", sale)

    assert (error["code"], error["Detail"]) == ("2170", "Invalid Enumeration : Included")


@pytest.mark.parametrize(("country", "name"), [("CA", "GST/HST"), ("GB", "VAT"), ("AU", "GST")])
def test_a_line_without_a_tax_code_is_refused_in_the_words_of_the_country(
    open_books: OpenBooks, country: str, name: str
) -> None:
    books = open_books(country=country)

    error = books.refused("SalesReceipt", books.sale(books.line("10.00", "")))

    wanted = f"Make sure all your transactions have a {name} rate before you save."
    assert error["code"] == "6000"
    assert error["Detail"] == f"Business Validation Error: {wanted}"


def test_tax_is_dropped_silently_where_sales_tax_is_not_set_up(open_books: OpenBooks) -> None:
    books = open_books(using_sales_tax=False)

    receipt = books.make("SalesReceipt", books.sale(TxnTaxDetail={"TotalTax": 5}))

    assert "TxnTaxDetail" not in receipt
    assert receipt["TotalAmt"] == 100


def _own_tax(amount: float) -> Json:
    detail = {"TaxRateRef": {"value": "1"}, "PercentBased": True, "TaxPercent": 5}
    line = {"Amount": amount, "DetailType": "TaxLineDetail", "TaxLineDetail": detail}
    return {"TotalTax": amount, "TaxLine": [line]}


def test_an_override_is_ignored_unless_the_company_honours_it(books: Books) -> None:
    receipt = books.make("SalesReceipt", books.sale(TxnTaxDetail=_own_tax(4.99)))

    assert receipt["TxnTaxDetail"]["TotalTax"] == 5
    assert receipt["TotalAmt"] == 105


def test_an_honoured_override_reports_its_difference(open_books: OpenBooks) -> None:
    books = open_books(tax_override=True)

    receipt = books.make("SalesReceipt", books.sale(TxnTaxDetail=_own_tax(4.99)))

    line = receipt["TxnTaxDetail"]["TaxLine"][0]
    assert receipt["TotalAmt"] == 104.99
    assert line["TaxLineDetail"]["OverrideDeltaAmount"] == -0.01


def test_an_override_must_list_all_rates_in_use(open_books: OpenBooks) -> None:
    books = open_books(tax_override=True)
    sale = books.sale(books.line("100.00", GST_PST_BC), TxnTaxDetail=_own_tax(4.99))

    assert books.refused("SalesReceipt", sale)["code"] == "2020"


def test_a_read_only_rate_refuses_an_override(open_books: OpenBooks) -> None:
    books = open_books(tax_override=True, read_only_rates=("GST",))

    assert books.refused("SalesReceipt", books.sale(TxnTaxDetail=_own_tax(4)))["code"] == "6000"


def test_a_tax_line_without_its_type_is_refused(books: Books) -> None:
    detail = _own_tax(5)
    del detail["TaxLine"][0]["DetailType"]

    error = books.refused("SalesReceipt", books.sale(TxnTaxDetail=detail))

    assert error["Detail"] == "TxnTaxDetail.TaxLine.DetailTypeEnum is missing in the request"


def test_an_update_that_carries_tax_details_keeps_the_old_tax(books: Books) -> None:
    invoice = books.make("Invoice", books.sale())
    invoice["Line"] = [books.line("200.00")]

    changed = books.make("Invoice", invoice)

    assert changed["TxnTaxDetail"]["TotalTax"] == 5
    assert changed["TotalAmt"] == 205


def test_an_update_without_tax_details_computes_the_tax_anew(books: Books) -> None:
    invoice = books.make("Invoice", books.sale())
    del invoice["TxnTaxDetail"]
    invoice["Line"] = [books.line("200.00")]

    assert books.make("Invoice", invoice)["TotalAmt"] == 210


def test_an_inactive_tax_code_can_be_used_no_more(books: Books) -> None:
    books.emulator.control.inactivate("TaxCode", GST)

    assert books.refused("SalesReceipt", books.sale())["code"] == "2500"


def test_american_lines_take_tax_or_non_only(open_books: OpenBooks) -> None:
    books = open_books(country="US")

    error = books.refused("SalesReceipt", books.sale(books.line("10.00", "8")))

    assert error["code"] == "6100"
    assert error["element"] == "Line.SalesItemLineDetail.TaxCodeRef"
    assert error["Detail"].endswith("Supplied value: 8")


def test_an_american_code_taxes_the_document_as_a_whole(open_books: OpenBooks) -> None:
    books = open_books(country="US", automated_sales_tax=False)
    lines = [books.line("10.00", "TAX"), books.line("10.00", "TAX"), books.line("5.00", "NON")]
    sale = books.sale(*lines, TxnTaxDetail={"TxnTaxCodeRef": {"value": "2"}})

    receipt = books.make("SalesReceipt", sale)

    assert receipt["TxnTaxDetail"]["TotalTax"] == 1.55
    assert receipt["TotalAmt"] == 26.55
    assert "GlobalTaxCalculation" not in receipt


def test_automated_sales_tax_replaces_the_code_and_ignores_the_total(open_books: OpenBooks) -> None:
    books = open_books(country="US")
    home = {"CountrySubDivisionCode": "CA"}
    sale = books.sale(books.line("100.00", "TAX"), TxnTaxDetail={"TotalTax": 1}, ShipAddr=home)

    receipt = books.make("SalesReceipt", sale)

    assert receipt["TxnTaxDetail"]["TotalTax"] == 7.75
    assert receipt["TxnTaxDetail"]["TxnTaxCodeRef"] == {"value": "2"}


def test_automated_sales_tax_taxes_nothing_sent_elsewhere(open_books: OpenBooks) -> None:
    books = open_books(country="US")
    away = {"CountrySubDivisionCode": "OR"}

    receipt = books.make("SalesReceipt", books.sale(books.line("100.00", "TAX"), ShipAddr=away))

    assert receipt["TotalAmt"] == 100
