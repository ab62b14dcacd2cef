"""Never silent: each fault of the list ends named and not green, or healed and wholly proven.

The tables are in `silent_faults.py`. The cases of a platform share a shop: each brings something
new, so that what a fault hides is missed. Afterwards, with the fault lifted, everything is there
once, also in books that forget request ids.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from udsync_pipelines.emulators.woocommerce import StoreEmulator
from udsync_pipelines.errors import UdsyncError
from udsync_pipelines.services.databases import create_supabase_database, plain_url
from udsync_pipelines.services.embedded_postgres import EmbeddedPostgres
from udsync_pipelines.services.installation import Installation, open_installation
from udsync_pipelines_tests.scenarios.books import (
    ShopWithBooks,
    open_shop,
    sell,
    settings_of,
)
from udsync_pipelines_tests.scenarios.books_evidence import Json, rows, unequal_books
from udsync_pipelines_tests.scenarios.evidence import listed
from udsync_pipelines_tests.scenarios.reruns import differences_of_orders
from udsync_pipelines_tests.scenarios.shops import ConnectedShop, connect_shop
from udsync_pipelines_tests.scenarios.silent_faults import (
    BOOKS_QUESTIONS,
    BOOKS_WRITES,
    HEALED,
    STORE_LISTS,
    STORE_RECORDS,
    SilentFault,
)
from udsync_pipelines_tests.store.databases import StateTemplate

pytestmark = pytest.mark.postgres

GREEN = "green"
SHIPPING = [{"method_id": "flat_rate", "method_title": "Flat", "total": "5.00"}]


def test_the_list_holds_at_least_thirty_faults_of_both_platforms() -> None:
    of_store, of_books = {**STORE_LISTS, **STORE_RECORDS}, {**BOOKS_WRITES, **BOOKS_QUESTIONS}

    sentences = {one.what for one in (*of_store.values(), *of_books.values())}

    assert min(len(of_store), len(of_books)) >= 30
    assert len(sentences) >= 50


# --- lists of the store -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def impatient(
    state_template: StateTemplate, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """An installation that gives up soon; the tests of this module share it."""
    folder = tmp_path_factory.mktemp("silent")
    with state_template.clone() as url:
        settings = settings_of(url, folder, retry_budget_seconds=0.7)
        with open_installation(settings) as opened:
            yield opened


@pytest.fixture(scope="module")
def silent_database(postgres_server: EmbeddedPostgres) -> str:
    """A database that looks like one of Supabase, as its owner."""
    return plain_url(create_supabase_database(postgres_server.url(), "supabase_silent"))


@pytest.fixture(scope="module")
def listed_shop(impatient: Installation, silent_database: str) -> Iterator[ConnectedShop]:
    """A shop of two pages of orders, synced into a database once."""
    with StoreEmulator(recorded=False, customers=0, products=0) as store:
        store.control.insert_orders(120, "2026-01-05T10:00:00")
        shop = connect_shop(impatient, store, silent_database, "lists", name="lists")
        shop.sync()
        yield shop


@pytest.mark.parametrize("name", STORE_LISTS)
def test_a_silent_fault_of_a_list_is_named_or_everything_lands(
    listed_shop: ConnectedShop, name: str
) -> None:
    case = STORE_LISTS[name]
    sell(listed_shop.store, last=name)
    fault = listed_shop.store.faults.add(**case.fault)

    outcome = attempt(listed_shop, full=True)
    left = differences_of_orders(listed_shop)
    listed_shop.store.faults.clear()
    listed_shop.sync()

    assert fault.struck
    assert_said(case, outcome, left)
    assert differences_of_orders(listed_shop) == []


# --- single records of the store ------------------------------------------------------------------


@dataclass(frozen=True)
class Struck:
    """What became of a sync in which each case struck one order, and afterwards."""

    orders: Mapping[str, int]
    told: Mapping[str, str]
    left: list[str]
    left_at_the_end: list[str]
    parked_at_the_end: Mapping[str, Json]
    struck: Mapping[str, int]


@pytest.fixture(scope="module")
def struck_records(impatient: Installation, silent_database: str) -> Iterator[Struck]:
    """Each case has changed one order on its way from the store to the database and the books."""
    with open_shop(impatient, supabase=(silent_database, "records"), requestid=False) as shop:
        shop.agree_to_park()
        orders = sold_for(STORE_RECORDS, shop)
        edits = [{**case.fault, "rows": [orders[name]]} for name, case in STORE_RECORDS.items()]
        fault = shop.store.faults.add("changed_answer", path=r"/orders\?", times=0, edits=edits)
        yield struck(shop, orders, dict.fromkeys(STORE_RECORDS, fault))


@pytest.mark.parametrize("name", STORE_RECORDS)
def test_a_record_that_the_store_falsifies_is_named(struck_records: Struck, name: str) -> None:
    assert_struck(STORE_RECORDS[name], struck_records, name)


def test_records_are_whole_once_the_store_says_the_truth(struck_records: Struck) -> None:
    assert struck_records.left_at_the_end == []
    assert struck_records.parked_at_the_end == {}


# --- single writes to the books ----------------------------------------------------------------


@pytest.fixture(scope="module")
def struck_writes(impatient: Installation) -> Iterator[Struck]:
    """Each case has struck the write of one order; what was wrong in the books was corrected."""
    with open_shop(impatient, requestid=False) as shop:
        good = sell(shop.store, last="First", email="f@example.org", shipping_lines=SHIPPING)
        shop.sync()
        orders = sold_for(BOOKS_WRITES, shop)
        sell(shop.store, last="Beside", email="beside@example.org")
        yield struck(
            shop,
            orders,
            {
                name: shop.company.faults.add(**case.fault, body=f'"WC-{orders[name]}"')
                for name, case in BOOKS_WRITES.items()
            },
            correct=(good, {name for name, case in BOOKS_WRITES.items() if case.correct}),
        )


@pytest.mark.parametrize("name", BOOKS_WRITES)
def test_a_silent_fault_of_a_write_is_named_or_its_document_found(
    struck_writes: Struck, name: str
) -> None:
    assert_struck(BOOKS_WRITES[name], struck_writes, name)


def test_books_are_whole_once_the_wrong_documents_are_corrected(struck_writes: Struck) -> None:
    assert list(struck_writes.left_at_the_end) == []
    assert struck_writes.parked_at_the_end == {}


# --- questions to the books --------------------------------------------------------------------


@pytest.fixture(scope="module")
def asking_shop(impatient: Installation) -> Iterator[ShopWithBooks]:
    """Forgetful books with a few customers."""
    with open_shop(impatient, requestid=False) as shop:
        sell(shop.store, last="First", email="first@example.org")
        sell(shop.store, last="Second", email="second@example.org")
        shop.sync()
        yield shop


@pytest.mark.parametrize("name", BOOKS_QUESTIONS)
def test_a_silent_fault_of_a_question_is_named_and_makes_nothing_twice(
    asking_shop: ShopWithBooks, name: str
) -> None:
    case = BOOKS_QUESTIONS[name]
    sell(asking_shop.store, last=f"One {name}", email=f"{name}@example.org")
    sell(
        asking_shop.store,
        first="Again",
        last=f"Other {name}",
        email="second@example.org",
        product=unsold(asking_shop),
    )
    fault = asking_shop.company.faults.add(**case.fault)

    outcome = attempt(asking_shop)
    left = unequal_books(asking_shop.store, asking_shop.company)
    asking_shop.company.faults.clear()
    asking_shop.sync_until_certain()

    assert fault.struck
    assert_said(case, outcome, left)
    assert unequal_books(asking_shop.store, asking_shop.company) == []
    assert asking_shop.parked() == {}
    assert len(sharing(asking_shop, "second@example.org")) == 1


def unsold(shop: ShopWithBooks) -> int:
    """A product that the books do not have; the last one when they have them all."""
    known = {one.get("Sku") for one in rows(shop.company, "Item")}
    products = [
        one
        for one in listed(shop.store, "woo_products").values()
        if one["type"] == "simple" and one["status"] == "publish" and one["price"]
    ]
    return int(next((one for one in products if one["sku"] not in known), products[-1])["id"])


def sharing(shop: ShopWithBooks, email: str) -> list[Json]:
    """The customers of the books with this address."""
    return [
        one
        for one in rows(shop.company, "Customer")
        if one.get("PrimaryEmailAddr", {}).get("Address") == email
    ]


# --- what they share ---------------------------------------------------------------------------


def attempt(shop: ConnectedShop, *, full: bool = False) -> str:
    """Sync once; `green`, or everything that the run says: its error, what is parked, in doubt."""
    try:
        report = shop.sync(full=full)
    except UdsyncError as error:
        return str(error)
    return GREEN if report.parked == report.in_doubt == 0 else "\n".join(told(shop).values())


def told(shop: ConnectedShop) -> dict[str, str]:
    """Why each record that has not arrived is parked or in doubt, by `entity/id`."""
    found = shop.state(
        "select entity, source_id, reason from udsync.sync_queue where (kind = 'parked' and"
        " state = 'rejected') or (kind = 'record' and state in ('sent', 'unknown'))"
    )
    return {
        name: f"{name}: {one['reason']}"
        for one in found
        if (name := f"{one['entity']}/{one['source_id']}")
    }


def sold_for(cases: Mapping[str, SilentFault], shop: ShopWithBooks) -> dict[str, int]:
    """An order of a customer of its own for each case."""
    return {
        name: sell(
            shop.store, last=f"Of {name}", email=f"{name}@example.org", shipping_lines=SHIPPING
        )
        for name in cases
    }


def struck(
    shop: ShopWithBooks,
    orders: Mapping[str, int],
    faults: Mapping[str, Any],
    *,
    correct: tuple[int, set[str]] = (0, set()),
) -> Struck:
    """Sync with the faults in force, lift them, have a person correct the books, sync again."""
    attempt(shop)
    said = told(shop)
    for fake in (shop.store, shop.company):
        fake.faults.clear()
    left = differences_of(shop)
    good, wrong = correct
    for name in wrong:
        correct_document(shop, good, orders[name])
    for full in (True, False, False):
        attempt(shop, full=full)
    shop.sync_until_certain()
    return Struck(
        orders,
        {name: said.get(f"order/{order}", "") for name, order in orders.items()},
        left,
        differences_of(shop),
        shop.parked(),
        {name: fault.struck for name, fault in faults.items()},
    )


def differences_of(shop: ShopWithBooks) -> list[str]:
    """What differs in the books, and in the database where the shop has one."""
    found = unequal_books(shop.store, shop.company)
    return found + (differences_of_orders(shop) if shop.schema else [])


def correct_document(shop: ShopWithBooks, good: int, order: int) -> None:
    """Bring a document to what it should be, as a bookkeeper may; `good` is one like it."""
    documents = rows(shop.company, "SalesReceipt")
    model = next(one for one in documents if one["DocNumber"] == f"WC-{good}")
    wrong = next(one for one in documents if spoken_of(one, order))
    customer = sharing(shop, f"{name_of(shop, order)}@example.org")[0]
    kept = ("Line", "TxnDate", "PaymentMethodRef", "DepositToAccountRef")
    shop.company.control.edit(
        "SalesReceipt",
        wrong["Id"],
        {
            **{name: model[name] for name in kept if name in model},
            "DocNumber": f"WC-{order}",
            "PrivateNote": model["PrivateNote"].replace(f"order/{good}", f"order/{order}"),
            "CustomerRef": {"value": customer["Id"]},
        },
    )


def spoken_of(document: Json, order: int) -> bool:
    """Whether a document is an order's, by its number or its note."""
    note = document.get("PrivateNote", "")
    return document.get("DocNumber") == f"WC-{order}" or f"order/{order}" in note


def name_of(shop: ShopWithBooks, order: int) -> str:
    """What an order was sold for."""
    with shop.store.store.lock:
        document = shop.store.store.records.document("order", order)
    assert document is not None
    return str(document["billing"]["email"]).partition("@")[0]


def assert_said(case: SilentFault, outcome: str, left: list[str]) -> None:
    """Named and not green, or green and everything there."""
    if case.named == HEALED:
        assert (outcome, left) == (GREEN, [])
        return
    assert outcome != GREEN
    assert re.search(case.named, outcome), outcome


def assert_struck(case: SilentFault, found: Struck, name: str) -> None:
    """The same of one record of a sync that many cases share."""
    order = found.orders[name]
    mine = [line for line in found.left if re.search(rf"\b{order}\b", line)]
    assert found.struck[name]
    if case.named == HEALED:
        assert (found.told[name], mine) == ("", [])
        return
    assert re.search(case.named, found.told[name]), (found.told[name], mine)
