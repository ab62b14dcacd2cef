"""The first live run posts nothing while the books hold what somebody must decide about."""

from datetime import UTC, datetime, timedelta

import pytest

from udsync_pipelines.emulators.woocommerce import StoreEmulator
from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines.services import policies
from udsync_pipelines.store.tables.states import PostingPolicyState
from udsync_pipelines_tests.scenarios.books import StartBooks, sell
from udsync_pipelines_tests.scenarios.books import books_installation as books_installation
from udsync_pipelines_tests.scenarios.books import empty_store as empty_store
from udsync_pipelines_tests.scenarios.books import start_books as start_books
from udsync_pipelines_tests.scenarios.books_evidence import by_number, rows, writes
from udsync_pipelines_tests.scenarios.typed_in import check, decide, enter

pytestmark = pytest.mark.postgres


def test_an_order_that_a_person_entered_by_hand_is_posted_once_for_all(
    empty_store: StoreEmulator, start_books: StartBooks
) -> None:
    by_hand, unlike, new = (sell(empty_store, email=f"{n}@example.org") for n in range(3))
    empty_store.control.refund_order(by_hand, {"amount": "5.00"})
    shop = start_books(empty_store)
    today = datetime.now(UTC).date().isoformat()
    for order in (by_hand, unlike):
        enter(shop, "20.99", today, DocNumber=f"WEB{order}", PrivateNote=f"Order {order}")

    with pytest.raises(ConfigurationError) as refused:
        shop.sync()
    before = writes(shop.company)
    found = {one.subject: one.choice for one in check(shop).undecided}
    decide(shop, f"order/{by_hand}", "ours")
    decide(shop, f"order/{unlike}", "post_anyway")
    report = shop.sync()
    empty_store.control.edit_order(by_hand, {"customer_note": "later"})
    shop.sync()

    assert refused.value.code == "preflight_undecided"
    assert before == []
    assert found == {f"order/{by_hand}": None, f"order/{unlike}": None}
    numbers = set(by_number(shop.company, "SalesReceipt"))
    assert {f"WC-{unlike}", f"WC-{new}"} <= numbers
    assert f"WC-{by_hand}" not in numbers
    assert rows(shop.company, "RefundReceipt") == []
    assert shop.parked() == {}
    assert report.plan.counts["quickbooks.sales_receipt.created"] == 2


def test_a_choice_that_nobody_made_is_mended_before_the_first_run(
    empty_store: StoreEmulator, start_books: StartBooks
) -> None:
    order = sell(empty_store, email="a@example.org")
    shop = start_books(empty_store)
    chosen = policies.show(shop.installation, shop.tenant.name, PostingPolicyState.ACTIVE)
    shop.change_policy(items__shipping="")

    with pytest.raises(ConfigurationError) as refused:
        shop.sync()
    asked = check(shop).undecided
    shop.change_policy(items__shipping=chosen.policy.items.shipping)
    mended = check(shop)
    shop.sync()

    assert refused.value.code == "preflight_undecided"
    assert [(one.kind, one.subject) for one in asked] == [
        ("preflight.policy_incomplete", "items.shipping")
    ]
    assert [choice.name for choice in asked[0].choices] == ["park"]
    assert mended.undecided == ()
    assert set(by_number(shop.company, "SalesReceipt")) == {f"WC-{order}"}


def test_orders_that_the_books_cannot_hold_are_parked_once_that_is_decided(
    empty_store: StoreEmulator, start_books: StartBooks
) -> None:
    held, foreign = sell(empty_store, email="a@example.org"), sell(empty_store, currency="USD")
    shop = start_books(empty_store)

    with pytest.raises(ConfigurationError, match="1 orders are in USD"):
        shop.sync()
    decide(shop, "preflight.currency_off", "park", every=True)
    shop.sync()

    assert set(by_number(shop.company, "SalesReceipt")) == {f"WC-{held}"}
    assert set(shop.parked()) == {f"order/{foreign}"}


def test_an_unknown_subject_or_choice_is_refused_with_what_there_is(
    empty_store: StoreEmulator, start_books: StartBooks
) -> None:
    order = sell(empty_store, email="a@example.org")
    shop = start_books(empty_store)
    enter(shop, "20.99", datetime.now(UTC).date().isoformat(), PrivateNote=f"Order {order}")
    shop.sync(dry_run=True)
    check(shop)

    with pytest.raises(ConfigurationError, match="Nothing is asked about order/1"):
        decide(shop, "order/1", "ours")
    with pytest.raises(ConfigurationError, match="not one of the choices") as refused:
        decide(shop, f"order/{order}", "delete")

    assert "ours, post_anyway" in str(refused.value.cure)


def test_another_connector_and_old_money_are_decided_before_the_first_run_only(
    empty_store: StoreEmulator, start_books: StartBooks
) -> None:
    sell(empty_store, email="a@example.org")
    shop = start_books(empty_store)
    now = datetime.now(UTC).date()
    old = (now - timedelta(days=60)).isoformat()
    enter(shop, "90.00", old)
    banked = enter(shop, "70.00", old)
    shop.company.control.deposit([banked])
    enter(shop, "3.00", now.isoformat(), PrivateNote="Synced by MyWorks")

    with pytest.raises(ConfigurationError):
        shop.sync()
    asked = {one.kind: one for one in check(shop).undecided}
    decide(shop, "preflight.other_connector", "stopped", every=True)
    decide(shop, asked["preflight.clearing_balance"].subject, "go_on")
    shop.sync()
    enter(shop, "4.00", now.isoformat(), PrivateNote="Synced by Webgility")
    sell(empty_store, email="b@example.org")
    shop.sync()

    assert set(asked) == {"preflight.other_connector", "preflight.clearing_balance"}
    assert asked["preflight.other_connector"].subject == "MyWorks"
    assert "holds 93" in asked["preflight.clearing_balance"].text
    assert len([one for one in by_number(shop.company, "SalesReceipt") if "WC-" in one]) == 2
    later = check(shop)
    assert later.has_posted
    assert later.undecided == ()


def test_a_company_without_sales_is_checked_with_few_metered_reads_and_never_asked(
    empty_store: StoreEmulator, start_books: StartBooks
) -> None:
    sell(empty_store, email="a@example.org")
    shop = start_books(empty_store)
    shop.sync(dry_run=True)
    shop.company.requests.clear()
    before = shop.company.limits.reads

    found = check(shop)

    assert found.undecided == ()
    assert found.orders == 1
    assert shop.company.limits.reads - before <= 12


def test_a_dry_run_asks_nothing_and_shows_what_it_would_post(
    empty_store: StoreEmulator, start_books: StartBooks
) -> None:
    order = sell(empty_store, email="a@example.org")
    shop = start_books(empty_store)
    enter(shop, "20.99", datetime.now(UTC).date().isoformat(), PrivateNote=f"Order {order}")

    report = shop.sync(dry_run=True)

    assert report.plan.counts["quickbooks.sales_receipt.create"] == 1


def test_an_open_question_goes_when_what_it_was_about_goes(
    empty_store: StoreEmulator, start_books: StartBooks
) -> None:
    order = sell(empty_store, email="a@example.org")
    shop = start_books(empty_store)
    today = datetime.now(UTC).date().isoformat()
    receipt = enter(shop, "20.99", today, PrivateNote=f"Order {order}")
    shop.sync(dry_run=True)
    first = check(shop)

    shop.company.control.delete("SalesReceipt", receipt)

    assert [one.subject for one in first.undecided] == [f"order/{order}"]
    assert check(shop).undecided == ()


def test_without_a_policy_there_is_nothing_to_check(
    empty_store: StoreEmulator, start_books: StartBooks
) -> None:
    shop = start_books(empty_store, accept=False)

    with pytest.raises(ConfigurationError, match="No posting policy is in force"):
        check(shop)
