"""Notifications are sent as Intuit sends them: together, again until answered, in no order."""

import base64
import hashlib
import hmac
import time
from collections.abc import Iterator
from dataclasses import dataclass

import orjson
import pytest

from udsync_pipelines.emulators.quickbooks import CompanyEmulator
from udsync_pipelines.emulators.quickbooks.webhook_sender import WAITS, WebhookSender
from udsync_pipelines_tests.emulators.quickbooks.books import Books
from udsync_pipelines_tests.emulators.woocommerce.listening import Listener, listening


@dataclass
class App:
    """Two companies of one app, where its events go, and a clock that the test moves."""

    ours: Books
    theirs: Books
    listener: Listener
    now: float = 0.0

    def sender(self, **options: object) -> WebhookSender:
        companies = [self.ours.emulator.company, self.theirs.emulator.company]
        return WebhookSender(companies, self.listener.url, clock=lambda: self.now, **options)  # type: ignore[arg-type] # the test names them


@pytest.fixture
def app() -> Iterator[App]:
    with (
        CompanyEmulator(realm_id="1001", limits_factor=0) as ours,
        CompanyEmulator(realm_id="2002", limits_factor=0) as theirs,
        listening() as listener,
    ):
        yield App(Books(ours), Books(theirs), listener)


def test_events_of_several_companies_come_in_one_signed_delivery(app: App) -> None:
    sender = app.sender()
    app.ours.customer("Ann")
    app.theirs.customer("Bob")

    tried = sender.step()

    (received,) = app.listener.received
    token = app.ours.emulator.options.verifier_token
    digest = hmac.new(token.encode(), received.body, hashlib.sha256).digest()
    events = orjson.loads(received.body)
    assert tried == 1
    assert received.headers["intuit-signature"] == base64.b64encode(digest).decode()
    assert [(one["intuitaccountid"], one["type"]) for one in events] == [
        ("1001", "qbo.customer.created.v1"),
        ("2002", "qbo.customer.created.v1"),
    ]


def test_the_older_form_names_each_company_with_its_changes(app: App) -> None:
    sender = app.sender(form="legacy")
    app.ours.customer("Ann")
    app.theirs.customer("Bob")

    sender.step()

    companies = orjson.loads(app.listener.received[0].body)["eventNotifications"]
    assert [one["realmId"] for one in companies] == ["1001", "2002"]
    assert all(len(one["dataChangeEvent"]["entities"]) == 1 for one in companies)


def test_what_happened_before_the_address_was_set_up_is_not_sent(app: App) -> None:
    app.ours.customer("Ann")

    tried = app.sender().step()

    assert tried == 0


def test_a_delivery_that_fails_comes_again_at_intuits_intervals(app: App) -> None:
    sender = app.sender()
    app.listener.status = 500
    app.ours.customer("Ann")
    sender.step()
    waits = []
    for _ in range(len(WAITS) + 1):
        began = app.now
        while not sender.step():
            app.now += 5
        waits.append(app.now - began)

    assert waits == [10, 20, 30, 300, 1200, 7200, 14400, 21600, 21600]
    assert len({one.body for one in app.listener.received}) == 1


def test_later_events_wait_behind_one_that_is_not_acknowledged(app: App) -> None:
    sender = app.sender()
    app.listener.status = 500
    app.ours.customer("Ann")
    sender.step()
    app.theirs.customer("Bob")
    held_back = sender.step()
    app.listener.status = 200
    app.now += 10

    released = sender.step()

    assert (held_back, released, sender.waiting()) == (0, 2, 0)


def test_only_200_acknowledges_a_delivery(app: App) -> None:
    sender = app.sender()
    app.listener.status = 202
    app.ours.customer("Ann")

    sender.step()

    assert (sender.log[0].status, sender.waiting()) == (202, 1)


def test_a_delivery_may_come_twice_and_in_another_order(app: App) -> None:
    sender = app.sender(duplicate=1.0, reorder=True)
    for number in range(12):
        app.ours.customer(f"Customer {number}")

    sender.step()

    first, second = app.listener.received
    ids = [one["intuitentityid"] for one in orjson.loads(first.body)]
    assert first.body == second.body
    assert ids != sorted(ids, key=int)
    assert len(set(ids)) == 12


def test_on_a_thread_of_its_own_it_delivers_what_happens(app: App) -> None:
    companies = [app.ours.emulator.company]
    sender = WebhookSender(companies, app.listener.url, speed=1000)
    app.listener.status = 500
    sender.start()
    app.ours.customer("Ann")
    deadline = time.monotonic() + 30
    while len(app.listener.received) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    app.listener.status = 200
    while sender.waiting() and time.monotonic() < deadline:
        time.sleep(0.01)
    sender.stop()

    assert sender.waiting() == 0
    assert sender.log[-1].status == 200
