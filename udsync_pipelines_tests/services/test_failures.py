"""The queue of failed records over a store and an emulated company, failure by failure."""

import pytest

from udsync_pipelines.emulators.woocommerce import StoreEmulator
from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines.services.failures import (
    IN_DOUBT,
    Failures,
    RecordHistory,
    failures_of,
    history_of,
    lanes_of,
    parse_record,
)
from udsync_pipelines.store.repositories.failed_records import Choice
from udsync_pipelines_tests.scenarios.books import (
    ShopWithBooks,
    StartBooks,
    books_installation,
    empty_store,
    sell,
    sell_several,
    shop_with_books,
    start_books,
)

__all__ = ["books_installation", "empty_store", "shop_with_books", "start_books"]

pytestmark = pytest.mark.postgres

RECEIPT = r"/salesreceipt\?"


def failures(shop: ShopWithBooks, limit: int = 50, **choice: str) -> Failures:
    return failures_of(shop.installation, shop.tenant, Choice(**choice), limit)


def history(shop: ShopWithBooks, record: str) -> RecordHistory:
    return history_of(shop.installation, shop.tenant, parse_record(record))


def refuse(shop: ShopWithBooks, path: str = RECEIPT, code: str = "2050", times: int = 1) -> None:
    shop.company.faults.add("fault", path=path, method="POST", code=code, times=times)


def test_a_refused_order_is_named_with_its_sentence_and_what_was_tried(
    shop: ShopWithBooks,
) -> None:
    order = sell(shop.store)
    refuse(shop)
    shop.sync("orders")

    (found,) = failures(shop).records
    (attempt,) = history(shop, f"order/{order}").attempts

    assert (found.name, found.platform, found.code) == (
        f"order/{order}",
        "quickbooks",
        "text_length",
    )
    assert (found.reason or "").startswith("A text of this record is too long")
    assert (found.attempts, found.is_in_doubt, found.lane) == (1, False, "orders")
    assert (attempt.role, attempt.action, attempt.state) == ("sale", "create", "rejected")
    assert attempt.request_id.startswith("u-")
    assert attempt.sent_at is not None
    assert attempt.settled_at is None
    assert lanes_of(shop.installation, shop.tenant, Choice("order", str(order))) == ["orders"]


def test_a_record_that_settles_leaves_the_queue_but_keeps_what_was_tried(
    shop: ShopWithBooks,
) -> None:
    order = sell(shop.store)
    refuse(shop, times=2)
    shop.sync("orders")
    shop.sync("orders")
    (parked,) = failures(shop).records
    shop.sync("orders")

    found = history(shop, f"order/{order}")

    assert parked.attempts == 2
    assert failures(shop).total == 0
    assert found.failures == []
    assert [one.state for one in found.attempts] == ["settled", "rejected", "rejected"]
    assert found.attempts[0].receipt["target_id"].startswith("sales_receipt/")
    assert found.attempts[0].receipt["intuit_tid"] in {
        one.trace for one in shop.company.requests.records(RECEIPT)
    }


def test_a_write_whose_answer_was_lost_is_in_doubt_until_it_is_looked_up(
    shop: ShopWithBooks,
) -> None:
    order = sell(shop.store)
    shop.company.faults.add("close", path=RECEIPT, method="POST")
    shop.sync("orders")

    (found,) = failures(shop, entity="order").records
    shop.sync_until_certain()

    assert (found.name, found.is_in_doubt, found.attempts) == (f"order/{order}", True, 1)
    assert found.reason == "It was sent to the books and the answer was lost."
    assert (found.cure or "").startswith("Nothing: the next sync looks")
    assert failures(shop).total == 0


def test_a_write_of_a_process_that_died_is_in_doubt_once_any_answer_must_have_come(
    shop: ShopWithBooks,
) -> None:
    order = sell(shop.store)
    shop.company.faults.add("close", path=RECEIPT, method="POST")
    shop.sync("orders")
    shop.state("delete from udsync.sync_queue where kind = 'parked' returning id")
    sent_before = (
        "update udsync.sync_queue set state = 'sent', sent_at = now() - interval '{}'"
        " where kind = 'record' and state in ('sent', 'unknown') returning id"
    )

    shop.state(sent_before.format("1 minute"))
    under_way = failures(shop).total
    shop.state(sent_before.format("4 minutes"))
    (left_behind,) = failures(shop).records

    assert under_way == 0
    assert (left_behind.name, left_behind.is_in_doubt) == (f"order/{order}", True)
    assert (left_behind.code, left_behind.role) == (IN_DOUBT, "sale")
    assert left_behind.reason == "Its sale was sent to QuickBooks, and the answer was lost."
    assert (left_behind.cure or "").startswith("Nothing: the next sync looks for it in QuickBooks")


def test_what_waits_for_a_customer_that_is_refused_is_named_with_it(shop: ShopWithBooks) -> None:
    order = sell(shop.store, email="robin@example.org")
    refuse(shop, path=r"/customer\?", code="2040")
    shop.sync("orders")
    (parked,) = failures(shop).records
    (row,) = shop.state("select entity, source_id from udsync.sync_queue where role = 'customer'")

    found = history(shop, f"{row['entity']}/{row['source_id']}")

    assert (parked.name, parked.code) == (f"order/{order}", "waits_for_customer")
    assert [one.code for one in found.attempts] == ["text_invalid"]
    assert [one.name for one in found.waiting] == [f"order/{order}"]


def test_a_refund_that_waits_for_its_order_is_named_with_the_order(shop: ShopWithBooks) -> None:
    order = sell(shop.store)
    refund = shop.store.control.refund_order(order, {"amount": "1.00"})["id"]
    refuse(shop, times=0)
    shop.sync("orders")

    found = history(shop, f"order/{order}")

    assert {one.name for one in failures(shop).records} == {f"order/{order}", f"refund/{refund}"}
    assert [one.name for one in found.waiting] == [f"refund/{refund}"]
    assert history(shop, f"refund/{refund}").waiting == []


def test_the_queue_is_narrowed_by_entity_platform_record_and_number(
    shop: ShopWithBooks,
) -> None:
    orders = sell_several(shop.store, 3)
    refuse(shop, times=0)
    shop.sync("orders")

    shown = failures(shop, limit=2)
    other_platform = failures(shop, platform="supabase")
    other_entity = failures(shop, entity="product")
    one = failures(shop, entity="order", source_id=str(orders[1]), platform="quickbooks")

    assert (len(shown.records), shown.total) == (2, 3)
    assert (other_platform.total, other_entity.total, one.total) == (0, 0, 1)


def test_no_tenant_sees_what_fails_for_another(
    shop: ShopWithBooks, start_books: StartBooks, empty_store: StoreEmulator
) -> None:
    order = sell(shop.store)
    refuse(shop)
    shop.sync("orders")
    other = start_books(empty_store)

    with pytest.raises(ConfigurationError, match="neither parked nor in doubt") as refused:
        history(other, f"order/{order}")

    assert failures(other).total == 0
    assert refused.value.code == "record_not_failed"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("77", "is not written ENTITY/ID"),
        ("order/", "is not written ENTITY/ID"),
        ("", "is not written ENTITY/ID"),
        ("order/7\n7", "is not written ENTITY/ID"),
        ("order/\ud83c", "is not written ENTITY/ID"),
        ("order/" + "7" * 400, "is not written ENTITY/ID"),
        ("/77", "names no entity that is synced"),
        ("orders/77", "Use one of: customer, product, variation, order, refund"),
        ("tax_rate/3", "names no entity that is synced"),
    ],
)
def test_what_names_no_record_is_refused_in_one_short_line(text: str, sentence: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        parse_record(text)

    assert refused.value.code == "usage"
    assert sentence in str(refused.value)
    assert len(str(refused.value)) < 200
    assert "\n" not in str(refused.value)


def test_an_id_may_hold_a_slash_and_any_letters() -> None:
    assert parse_record("customer/guest:zoë/ö") == Choice("customer", "guest:zoë/ö")
