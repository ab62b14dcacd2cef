"""Webhooks of a store: complete after each registration, whatever was done to them before."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from udsync_pipelines.connectors.woocommerce.webhook import TOPICS
from udsync_pipelines.connectors.woocommerce.webhook_registry import Finding
from udsync_pipelines.emulators.woocommerce import StoreEmulator
from udsync_pipelines.errors import ConfigurationError, RetryableError
from udsync_pipelines.services.databases import Databases
from udsync_pipelines.services.installation import Installation
from udsync_pipelines.services.store_webhooks import (
    check_store,
    public_address,
    register_store,
)
from udsync_pipelines.settings import Settings
from udsync_pipelines.store.repositories import tenants
from udsync_pipelines.store.tenancy import StateDatabase
from udsync_pipelines_tests.api.intake import Api, api_server
from udsync_pipelines_tests.emulators.woocommerce.listening import listening
from udsync_pipelines_tests.services.webhook_places import Place, connect
from udsync_pipelines_tests.store_fixtures import store_emulator

__all__ = ["store_emulator"]

pytestmark = pytest.mark.postgres

_numbers = itertools.count(1)
THERE = {"topic": "order.updated", "delivery_url": "https://erp.example/in", "secret": "theirs"}


@pytest.fixture(scope="module")
def installation(
    module_state_database: StateDatabase, tmp_path_factory: pytest.TempPathFactory
) -> Installation:
    home: Path = tmp_path_factory.mktemp("home")
    settings = Settings(home=home, retry_budget_seconds=1, http_timeout_seconds=5)
    nowhere = Databases(*[sa.make_url("postgresql://none")] * 3)
    return Installation(settings, nowhere, module_state_database)


@pytest.fixture(scope="module")
def api(installation: Installation) -> Iterator[Api]:
    with api_server(installation.state, installation.keys) as served:
        yield served


@pytest.fixture
def place(
    installation: Installation, api: Api, store_emulator: Callable[..., StoreEmulator]
) -> Place:
    """A tenant whose store delivers when the test says so; nothing is registered yet."""
    store = store_emulator(webhooks_held=True)
    with installation.state.dispatch() as connection:
        tenant = tenants.create(connection, f"shop-{next(_numbers)}")
    return Place(installation, api, tenant, store, connect(installation, tenant, store))


@pytest.fixture
def ready(place: Place) -> Place:
    """The same with all webhooks registered."""
    place.register(place.base_url)
    return place


def test_a_store_delivers_to_the_inbox_after_its_webhooks_were_registered(place: Place) -> None:
    report = place.register(place.base_url)

    answers = place.change_an_order("paid")

    assert place.is_complete()
    assert sorted(report.done) == sorted(f"{topic}: created" for topic in TOPICS)
    assert (answers, place.received()) == ([200], [("order.updated", "116")])


def test_registering_again_makes_and_changes_nothing(ready: Place) -> None:
    before = ready.listed()

    report = ready.register()

    assert (report.done, report.problems) == ((), [])
    assert ready.listed() == before


def test_a_webhook_that_the_store_gave_up_is_made_anew_and_begins_at_zero(place: Place) -> None:
    with listening() as down:
        place.register(down.url)
        down.status = 500
        for number in range(7):
            place.change_an_order(str(number))
        given_up = [one.topic for one in place.check().problems]
        down.status = 200
        report = place.register()
        down.status = 500
        place.change_an_order("one failure more")

        after = place.by_topic()["order.updated"]["status"]

    assert given_up == ["order.updated"]
    assert report.done == ("order.updated: created anew",)
    assert after == "active"


def test_a_webhook_that_was_deleted_by_hand_is_made_again(ready: Place) -> None:
    ready.ask("DELETE", f"webhooks/{ready.by_topic()['product.updated']['id']}")

    found = [(one.topic, one.finding) for one in ready.check().problems]
    ready.register()

    assert found == [("product.updated", Finding.MISSING)]
    assert ready.is_complete()


def test_webhooks_of_others_stay_exactly_as_they_are(place: Place) -> None:
    paused = place.ask("POST", "webhooks", {**THERE, "status": "paused"})
    active = place.ask("POST", "webhooks", THERE)
    alike = place.ask(
        "POST",
        "webhooks",
        {**THERE, "delivery_url": "https://erp.example/api/webhooks/woocommerce?connection=other"},
    )

    place.register(place.base_url)
    place.register(rotate=True)

    listed = {one["id"]: one for one in place.listed()}
    assert [listed[one["id"]] for one in (paused, active, alike)] == [paused, active, alike]
    assert len(listed) == len(TOPICS) + 3


def test_of_webhooks_that_are_there_twice_the_superfluous_ones_are_removed(ready: Place) -> None:
    second = {"topic": "order.updated", "delivery_url": ready.delivery_url, "secret": "unknown"}
    ready.ask("POST", "webhooks", second)
    ready.ask("POST", "webhooks", {**second, "topic": "coupon.updated"})

    report = ready.register()

    assert sorted(report.done) == [
        "coupon.updated: superfluous one removed",
        "order.updated: superfluous one removed",
    ]
    assert ready.is_complete()
    assert ready.change_an_order("once") == [200]


def test_webhooks_move_to_another_address_and_keep_their_ids(ready: Place) -> None:
    before = {one["topic"]: one["id"] for one in ready.listed()}

    with listening() as elsewhere:
        ready.register(elsewhere.url)
        moved = {one["topic"]: one["id"] for one in ready.listed()}
        addresses = {one["delivery_url"] for one in ready.listed()}

    assert moved == before
    assert addresses == {
        f"{elsewhere.url}/api/webhooks/woocommerce?connection={ready.connection_id}"
    }


def test_a_webhook_that_somebody_has_taken_over_is_left_to_them(ready: Place) -> None:
    taken = ready.by_topic()["order.updated"]["id"]
    theirs = ready.ask("PUT", f"webhooks/{taken}", {"delivery_url": "https://erp.example/in"})

    found = [(one.topic, one.finding) for one in ready.check().problems]
    ready.register()

    assert found == [("order.updated", Finding.TAKEN)]
    assert theirs in ready.listed()
    assert ready.is_complete()


def test_a_paused_webhook_is_told_by_a_check_and_set_right_by_registering(ready: Place) -> None:
    ready.ask("PUT", f"webhooks/{ready.by_topic()['order.created']['id']}", {"status": "paused"})

    found = [(one.topic, one.finding) for one in ready.check().problems]
    ready.register()

    assert found == [("order.created", Finding.PAUSED)]
    assert ready.is_complete()


def test_a_webhook_of_ours_that_we_do_not_know_gets_a_secret_that_we_do(place: Place) -> None:
    unknown = {"topic": "order.updated", "delivery_url": place.delivery_url, "secret": "lost"}
    made = place.ask("POST", "webhooks", unknown)

    place.register(place.base_url)

    assert place.by_topic()["order.updated"]["id"] == made["id"]
    assert place.change_an_order("known now") == [200]


@pytest.mark.parametrize("times", [1, 3])
def test_a_lost_answer_to_a_creation_leaves_no_second_webhook(place: Place, times: int) -> None:
    place.store.faults.add("lost_answer", method="POST", path="/webhooks", times=times)

    place.register(place.base_url)

    assert place.is_complete()
    assert len(place.listed()) == len(TOPICS)
    assert place.change_an_order("signed with the recorded secret") == [200]


def test_a_store_that_fails_now_and_then_ends_complete(place: Place) -> None:
    place.store.faults.add("status", method="POST", path="/webhooks", times=4, status=500)
    place.store.faults.add(
        "status", method="POST", path="/webhooks", times=3, nth=3, status=502, after_commit=True
    )

    place.register(place.base_url)

    assert place.is_complete()
    assert len(place.listed()) == len(TOPICS)


def test_a_store_that_does_not_do_what_is_asked_is_an_error(place: Place) -> None:
    place.store.faults.add("status", method="POST", path="/webhooks", times=0, status=500)

    with pytest.raises(RetryableError):
        place.register(place.base_url)


def test_new_secrets_sign_at_once_and_the_former_ones_end_after_an_hour(ready: Place) -> None:
    ready.change_an_order("before")
    report = ready.register(rotate=True)
    ready.change_an_order("after")

    with ready.installation.state.tenant(ready.tenant.id) as connection:
        ends = connection.execute(
            sa.text(
                "SELECT former_until - now() <= interval '1 hour' AND former_until > now() AS ends,"
                " sealed_former_secret <> sealed_secret AS differs FROM udsync.webhook_configs"
            )
        ).all()

    assert len(report.done) == len(TOPICS)
    assert [one["status"] for one in ready.store.control.webhook_deliveries()] == [200, 200]
    assert [tuple(row) for row in ends] == [(True, True)] * len(TOPICS)


def test_a_lost_answer_to_a_new_secret_loses_no_delivery(ready: Place) -> None:
    ready.store.faults.add("lost_answer", method="PUT", path="/webhooks", times=2)
    ready.store.faults.add("status", method="PUT", path="/webhooks", times=2, status=500)

    ready.register(rotate=True)

    assert ready.change_an_order("whichever secret signs") == [200]


def test_a_rotation_that_was_cut_off_leaves_the_secret_that_holds(ready: Place) -> None:
    ready.store.faults.add("status", method="PUT", path="/webhooks", times=0, status=500)
    for _ in range(2):
        with pytest.raises(RetryableError):
            ready.register(rotate=True)
    ready.api.services.intake.secrets.forget()

    answers = ready.change_an_order("signed as before")

    assert answers == [200]


def test_a_key_that_may_only_read_is_told_to_the_operator(
    place: Place, installation: Installation
) -> None:
    options = place.store.options
    connect(
        installation,
        place.tenant,
        place.store,
        consumer_key=options.read_key,
        consumer_secret=options.read_secret,
    )

    with pytest.raises(ConfigurationError) as caught:
        place.register(place.base_url)

    assert caught.value.code == "key_cannot_write"


def test_without_a_store_there_is_nothing_to_register(installation: Installation) -> None:
    with installation.state.dispatch() as connection:
        tenant = tenants.create(connection, f"shop-{next(_numbers)}")

    found = (
        register_store(installation, tenant, "https://udsync.example"),
        check_store(installation, tenant),
    )

    assert found == (None, None)


def test_a_store_that_was_never_set_up_misses_all_of_its_webhooks(place: Place) -> None:
    found = place.check()

    assert found.url == ""
    assert [one.finding for one in found.problems] == [Finding.MISSING] * len(TOPICS)


def test_the_first_registration_needs_an_address(place: Place) -> None:
    with pytest.raises(ConfigurationError) as caught:
        place.register()

    assert caught.value.code == "webhook_url_missing"


@pytest.mark.parametrize(
    "url", ["", "udsync.example", "http://udsync.example", "ftp://x", "https://x?a=b", "http://["]
)
def test_an_address_that_stores_cannot_deliver_to_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        public_address(url)

    assert caught.value.code == "webhook_url_invalid"


@pytest.mark.parametrize(
    ("url", "read"),
    [
        ("https://sync.example.com/", "https://sync.example.com"),
        ("https://example.com/udsync", "https://example.com/udsync"),
        ("http://127.0.0.1:3071", "http://127.0.0.1:3071"),
    ],
)
def test_an_address_keeps_its_path_and_loses_its_last_slash(url: str, read: str) -> None:
    assert public_address(url) == read
