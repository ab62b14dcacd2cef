"""Customers, items and the small lists."""

from collections.abc import Callable

import pytest

from udsync_pipelines_tests.emulators.quickbooks.books import Books

OpenBooks = Callable[..., Books]


def test_a_customer_needs_a_name_or_a_part_of_one(books: Books) -> None:
    assert books.refused("Customer", {"CompanyName": "Ltd"})["code"] == "6080"


def test_a_missing_display_name_is_built_of_its_parts(books: Books) -> None:
    customer = books.make("Customer", {"GivenName": "Given", "FamilyName": "Family", "Title": "Dr"})

    assert customer["DisplayName"] == "Dr Given Family"


@pytest.mark.parametrize("again", ["ann", " ANN "])
def test_a_display_name_is_taken_whatever_its_case_and_blanks(books: Books, again: str) -> None:
    books.customer("Ann")

    error = books.refused("Customer", {"DisplayName": again})

    assert error["code"] == "6240"
    assert "Another customer, vendor or employee is already using this name." in error["Detail"]


def test_vendors_and_employees_take_names_from_customers(books: Books) -> None:
    books.emulator.control.add_vendor("Ann")
    books.emulator.control.add_employee("Bob")

    errors = [books.refused("Customer", {"DisplayName": name}) for name in ("Ann", "Bob")]

    assert [error["code"] for error in errors] == ["6240", "6240"]
    assert errors[0]["Detail"] != errors[1]["Detail"]
    assert books.query("select * from Vendor where DisplayName = 'Ann'")["totalCount"] == 1


def test_an_inactive_customer_keeps_its_name(books: Books) -> None:
    books.emulator.control.inactivate("Customer", books.customer("Ann"))

    assert books.refused("Customer", {"DisplayName": "Ann"})["code"] == "6240"


@pytest.mark.parametrize("name", ["Ann: B", "Ann\tB", "Ann\nB"])
def test_names_with_colon_tab_or_newline_are_refused(books: Books, name: str) -> None:
    assert books.refused("Customer", {"DisplayName": name})["code"] == "2040"


@pytest.mark.parametrize(
    ("name", "most"),
    [
        ("DisplayName", 500),
        ("GivenName", 100),
        ("Title", 16),
        ("CompanyName", 100),
        ("Notes", 2000),
    ],
)
def test_names_have_their_lengths(books: Books, name: str, most: int) -> None:
    body = {"DisplayName": "Ann", name: "x" * (most + 1)}

    assert books.refused("Customer", body)["code"] == "2050"
    assert books.make("Customer", {"DisplayName": "Ann", name: "x" * most})


@pytest.mark.parametrize("address", ["nobody", "nobody@nowhere", "a b@example.com"])
def test_an_address_needs_an_at_sign_and_a_dot(books: Books, address: str) -> None:
    body = {"DisplayName": "Ann", "PrimaryEmailAddr": {"Address": address}}

    assert books.refused("Customer", body)["code"] == "2210"


def test_two_customers_may_share_an_address(books: Books) -> None:
    shared = {"PrimaryEmailAddr": {"Address": "a@example.com"}}
    books.customer("Ann", **shared)
    books.customer("Bob", **shared)

    found = books.query("select * from Customer where PrimaryEmailAddr = 'A@example.com'")

    assert found["totalCount"] == 2


def test_address_lines_have_2000_characters_together(books: Books) -> None:
    lines = {f"Line{number}": "x" * 500 for number in range(1, 6)}

    error = books.refused("Customer", {"DisplayName": "Ann", "BillAddr": lines})

    assert (error["code"], error["element"]) == ("2050", "BillAddr")


def test_a_customers_currency_is_fixed_when_it_is_made(open_books: OpenBooks) -> None:
    books = open_books(multicurrency=True)
    customer = books.make("Customer", {"DisplayName": "Ann", "CurrencyRef": {"value": "USD"}})
    change = {"Id": customer["Id"], "SyncToken": "0", "sparse": True}

    error = books.refused("Customer", {**change, "CurrencyRef": {"value": "CAD"}})

    assert customer["CurrencyRef"] == {"value": "USD", "name": "United States Dollar"}
    assert error["code"] == "6000"


def test_a_customer_with_a_balance_cannot_be_made_inactive(books: Books) -> None:
    customer = books.customer("Ann")
    books.make("Invoice", books.sale(CustomerRef={"value": customer}))
    change = {"Id": customer, "SyncToken": "0", "sparse": True, "Active": False}

    error = books.refused("Customer", change)

    assert error["code"] == "6220"
    assert error["Detail"].endswith("because it has a non-zero balance")


def test_sub_customers_add_to_the_balance_with_jobs(books: Books) -> None:
    parent = books.customer("Ann")
    child = books.make(
        "Customer", {"DisplayName": "Roof", "Job": True, "ParentRef": {"value": parent}}
    )
    books.make("Invoice", books.sale(CustomerRef={"value": child["Id"]}))

    above = books.read("Customer", parent)

    assert child["FullyQualifiedName"] == "Ann:Roof"
    assert (above["Balance"], above["BalanceWithJobs"]) == (0, 105)


def test_a_job_needs_a_parent_and_five_levels_are_enough(books: Books) -> None:
    parent = books.customer("Level 1")
    for level in range(2, 6):
        child = {"DisplayName": f"Level {level}", "Job": True, "ParentRef": {"value": parent}}
        parent = books.make("Customer", child)["Id"]
    deeper = {"DisplayName": "Level 6", "Job": True, "ParentRef": {"value": parent}}

    assert books.refused("Customer", {"DisplayName": "Lost", "Job": True})["code"] == "6150"
    assert books.refused("Customer", deeper)["code"] == "6180"


def test_a_tax_number_is_masked_when_it_is_read(books: Books) -> None:
    customer = books.customer("Ann", PrimaryTaxIdentifier="123456789")

    assert books.read("Customer", customer)["PrimaryTaxIdentifier"] == "XXXXX6789"


def test_read_only_members_are_not_heard(books: Books) -> None:
    customer = books.make("Customer", {"DisplayName": "Ann", "Balance": 5, "Level": 3})

    assert customer["Balance"] == 0
    assert "Level" not in customer


@pytest.mark.parametrize("name", ["Name", "Type", "IncomeAccountRef", "ExpenseAccountRef"])
def test_an_item_needs_name_type_and_accounts(books: Books, name: str) -> None:
    body = books.item_body()
    del body[name]

    error = books.refused("Item", body)

    assert (error["code"], error["element"]) == ("2020", name)


@pytest.mark.parametrize("kind", ["Group", "Bundle", "Widget"])
def test_bundles_and_unknown_types_cannot_be_made(books: Books, kind: str) -> None:
    assert books.refused("Item", books.item_body(Type=kind))["code"] == "2170"


def test_an_item_name_is_unique_and_a_sku_is_not(books: Books) -> None:
    books.item("Board", Sku="B-1")
    books.item("Board 2", Sku="B-1")

    error = books.refused("Item", books.item_body("BOARD"))

    assert error["code"] == "6240"
    assert "Another product or service" in error["Detail"]
    assert books.query("select * from Item where Sku = 'B-1'")["totalCount"] == 2


def test_an_item_name_has_100_characters_and_no_colon(books: Books) -> None:
    assert books.refused("Item", books.item_body("x" * 101))["code"] == "2050"
    assert books.refused("Item", books.item_body("A:B"))["code"] == "2040"


def test_accounts_of_items_must_be_of_their_types(books: Books) -> None:
    wrong = books.item_body(IncomeAccountRef=books.account("Chequing"))

    assert books.refused("Item", wrong)["code"] == "6430"


def test_inventory_needs_the_preference_and_its_members(open_books: OpenBooks) -> None:
    off, on = open_books(), open_books(inventory=True)
    body = on.item_body(Type="Inventory", TrackQtyOnHand=True, QtyOnHand=1)
    asset = {"AssetAccountRef": on.account("Inventory Asset")}

    assert off.refused("Item", {**body, **asset})["code"] == "5030"
    assert on.refused("Item", {**body, **asset})["element"] == "InvStartDate"
    assert on.refused("Item", {**body, "InvStartDate": "2026-01-01"})["element"] == (
        "AssetAccountRef"
    )


def test_inventory_cannot_turn_back_and_its_quantity_is_not_edited(open_books: OpenBooks) -> None:
    books = open_books(inventory=True)
    body = books.item_body(
        Type="Inventory",
        TrackQtyOnHand=True,
        QtyOnHand=5,
        InvStartDate="2026-01-01",
        AssetAccountRef=books.account("Inventory Asset"),
    )
    item = books.make("Item", body)
    change = {"Id": item["Id"], "SyncToken": "0", "sparse": True}

    assert books.refused("Item", {**change, "Type": "Service"})["code"] == "6000"
    assert books.make("Item", {**change, "QtyOnHand": 50})["QtyOnHand"] == 5


def test_a_category_has_no_price_and_stays_active(books: Books) -> None:
    category = books.make("Item", {"Name": "Wood", "Type": "Category"})
    change = {"Id": category["Id"], "SyncToken": "0", "sparse": True}

    assert books.refused("Item", {"Name": "Iron", "Type": "Category", "UnitPrice": 5})
    assert books.refused("Item", {**change, "Active": False})["code"] == "6000"
    child = books.make("Item", books.item_body(SubItem=True, ParentRef={"value": category["Id"]}))
    assert child["FullyQualifiedName"] == "Wood:Board"


def test_a_payment_method_has_31_characters_and_two_types(books: Books) -> None:
    assert books.refused("PaymentMethod", {"Name": "x" * 32})["code"] == "2050"
    assert books.refused("PaymentMethod", {"Name": "Coins", "Type": "COIN"})["code"] == "2170"
    assert books.make("PaymentMethod", {"Name": "Coins"})["Type"] == "NON_CREDIT_CARD"


def test_an_account_has_a_unique_name_and_a_known_type(books: Books) -> None:
    body = {"Name": "Stripe fees", "AccountType": "Expense"}
    account = books.make("Account", body)

    assert account["Classification"] == "Expense"
    assert books.refused("Account", body)["code"] == "6240"
    assert books.refused("Account", {"Name": "Odd", "AccountType": "Odd"})["code"] == "2170"


@pytest.mark.parametrize("entity", ["Class", "Department"])
def test_classes_and_departments_need_their_preference(open_books: OpenBooks, entity: str) -> None:
    off, on = open_books(), open_books(track_classes=True, track_departments=True)

    assert off.refused(entity, {"Name": "North"})["code"] == "5030"
    assert on.make(entity, {"Name": "North"})["FullyQualifiedName"] == "North"


def test_a_company_address_is_read_back_with_a_three_letter_country(books: Books) -> None:
    document = books.read("CompanyInfo", books.emulator.realm_id)

    assert document["CompanyAddr"]["Country"] == "CAN"
    assert document["DefaultTimeZone"] == "America/Edmonton"
    assert {"Name": "SubscriptionStatus", "Value": "SUBSCRIBED"} in document["NameValue"]


def test_preferences_tell_how_the_company_is_set_up(open_books: OpenBooks) -> None:
    books = open_books(country="US", doc_number_custom=False, book_close_date="2025-12-31")

    preferences = books.client.get("/preferences").json()["Preferences"]

    assert preferences["SalesFormsPrefs"]["CustomTxnNumbers"] is False
    assert preferences["TaxPrefs"] == {"UsingSalesTax": True, "PartnerTaxEnabled": True}
    assert preferences["CurrencyPrefs"]["HomeCurrency"] == {"value": "USD"}
    assert preferences["AccountingInfoPrefs"]["BookCloseDate"] == "2025-12-31"


def test_a_canadian_company_has_the_codes_of_its_provinces(books: Books) -> None:
    codes = books.query("select * from TaxCode maxresults 1000")["TaxCode"]
    rates = {rate["Id"]: rate for rate in books.query("select * from TaxRate")["TaxRate"]}

    found = {
        code["Name"]: [
            rates[detail["TaxRateRef"]["value"]]["RateValue"]
            for detail in code["SalesTaxRateList"]["TaxRateDetail"]
        ]
        for code in codes
    }

    assert found["GST/QST QC - 9.975"] == [5, 9.975]
    assert found["HST NS 2025"] == [14]
    assert found["Zero-rated"] == [0]
    assert len(found) == 14


def test_a_french_company_shows_french_names(open_books: OpenBooks) -> None:
    codes = open_books(french=True).query("select * from TaxCode")["TaxCode"]

    assert {"TPS", "Exonéré", "Détaxé"} <= {code["Name"] for code in codes}


def test_undeposited_funds_are_found_by_type_and_subtype(books: Books) -> None:
    found = books.query(
        "select * from Account where AccountType = 'Other Current Asset'"
        " and AccountSubType = 'UndepositedFunds'"
    )

    assert [account["Name"] for account in found["Account"]] == ["Undeposited Funds"]


@pytest.mark.parametrize("country", ["CA", "US", "GB", "AU"])
def test_a_company_prepared_for_a_shop_has_its_service_items(
    open_books: OpenBooks, country: str
) -> None:
    books = open_books(country=country, sales_items=True)

    items = books.query("select * from Item")["Item"]

    income = {item["Name"]: item["IncomeAccountRef"]["name"] for item in items}
    assert income["Shipping"] == "Shipping Income"
    assert income["Rounding"] == "Rounding"
    assert {"Fees", "Other sales", "Refunds"} < set(income)
    assert {item["Type"] for item in items} == {"Service"}
