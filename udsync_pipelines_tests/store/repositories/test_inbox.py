"""The inbox: each delivery once, claimed by one run, and no more reads than a storm is worth."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.store.repositories import inbox, inbox_work
from udsync_pipelines.store.repositories.inbox_work import ChangedRecord, LaneWork
from udsync_pipelines.store.tables.states import Platform
from udsync_pipelines.sync.delivery import Delivery, WebhookFormat
from udsync_pipelines_tests.store.repositories.syncing import Tenant

pytestmark = pytest.mark.postgres


def delivery(number: int = 1, **differences: object) -> Delivery:
    """An update of order 77; each number is another event."""
    values: dict[str, object] = {
        "format": WebhookFormat.WOOCOMMERCE,
        "topic": "order.updated",
        "deduplication_key": f"order.updated:77:{number}",
        "body_hash": bytes(32),
        "entity": Entity.ORDER,
        "resource_id": "77",
    }
    return Delivery(**values | differences)  # type: ignore[arg-type] # the test names them


@dataclass(frozen=True)
class Inbox:
    """The inbox as one tenant sees it; `later` moves the clock for what is asked."""

    tenant: Tenant
    later: timedelta = timedelta(0)

    @property
    def now(self) -> datetime:
        return datetime.now(UTC) + self.later

    def receive(self, *deliveries: Delivery) -> int:
        return inbox.receive(
            self.tenant.database, self.tenant.id, self.tenant.store, deliveries or (delivery(),)
        )

    def storm(self, first: int, last: int) -> None:
        self.receive(*[delivery(number) for number in range(first, last + 1)])

    def work(self) -> Sequence[LaneWork]:
        with self.tenant.database.dispatch() as connection:
            return inbox_work.lanes_with_work(connection, now=self.now)

    def claim(self, run: str = "run-1", lane: str = "orders") -> Sequence[ChangedRecord]:
        with self.tenant.database.tenant(self.tenant.id) as connection:
            return inbox_work.claim(connection, self.tenant.id, lane, run, now=self.now)

    def blocks_read_by_a_claim(self) -> int:
        """How many blocks of its tables the server looks at to claim what waits; nothing is."""
        values = {"tenant": self.tenant.id, "entities": ["order"], "run": "run-1", "now": self.now}
        explained = sa.text(f"EXPLAIN (ANALYZE, FORMAT JSON) {inbox_work._CLAIM}")
        with self.tenant.database.tenant(self.tenant.id) as connection:
            found = connection.scalar(explained, {**values, **inbox_work._LIMITS})
            connection.rollback()
        return int(found[0]["Plan"]["Shared Hit Blocks"])

    def finish(self, run: str = "run-1") -> int:
        with self.tenant.database.tenant(self.tenant.id) as connection:
            return inbox_work.finish(connection, self.tenant.id, run)

    def release(self, run: str = "run-1") -> int:
        with self.tenant.database.tenant(self.tenant.id) as connection:
            return inbox_work.release(connection, self.tenant.id, run, "The run died.")

    def move_claims_back(self, *, seconds: float) -> None:
        """As if what was claimed had been claimed so much earlier."""
        with self.tenant.database.tenant(self.tenant.id) as connection:
            connection.exec_driver_sql(
                "UPDATE udsync.webhook_events SET claimed_at = claimed_at"
                f" - make_interval(secs => {seconds})"
            )

    def after(self, **time: float) -> "Inbox":
        return Inbox(self.tenant, self.later + timedelta(**time))


@pytest.fixture
def box(acme: Tenant) -> Inbox:
    return Inbox(acme)


def test_a_delivery_that_comes_again_is_stored_once(box: Inbox) -> None:
    stored = [box.receive(), box.receive(), box.receive(delivery(), delivery(), delivery(2))]

    assert stored == [1, 0, 1]
    assert [work.waiting for work in box.work()] == [2]


def test_the_same_delivery_at_the_same_moment_is_stored_once(box: Inbox) -> None:
    stored: list[int] = []
    together = Barrier(8)

    def receive() -> None:
        together.wait()
        stored.append(box.receive(*[delivery(number) for number in range(20)]))

    threads = [Thread(target=receive) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(stored) == 20


def test_two_tenants_receive_the_same_delivery_each_for_itself(acme: Tenant, other: Tenant) -> None:
    stored = [Inbox(tenant).receive() for tenant in (acme, other, acme)]

    assert stored == [1, 1, 0]
    assert {work.tenant for work in Inbox(acme).work()} == {"acme", "other"}


def test_a_lane_has_one_piece_of_work_however_many_records_changed(box: Inbox) -> None:
    box.receive(*[delivery(number, resource_id=str(number)) for number in range(5)])
    box.receive(delivery(9, entity=Entity.VARIATION, resource_id="3", topic="product.updated"))

    found = box.work()

    assert [(work.lane, work.waiting, work.platform) for work in found] == [
        ("orders", 5, Platform.WOOCOMMERCE),
        ("products", 1, Platform.WOOCOMMERCE),
    ]


def test_events_of_one_record_are_claimed_as_one_changed_record(box: Inbox) -> None:
    box.receive(delivery(1, topic="order.created"), delivery(2), delivery(3, resource_id="78"))

    claimed = box.claim()

    assert [(one.entity, one.source_id, one.events) for one in claimed] == [
        ("order", "77", 2),
        ("order", "78", 1),
    ]
    assert box.work() == []


@pytest.mark.parametrize("records", [1, 1000])
def test_a_storm_is_claimed_with_work_in_proportion_to_its_events(box: Inbox, records: int) -> None:
    def storm(first: int, last: int) -> int:
        events = [delivery(n, resource_id=str(n % records)) for n in range(first, last)]
        box.receive(*events)
        return box.blocks_read_by_a_claim()

    of_some = storm(0, 300)
    of_three_times_as_many = storm(300, 900)

    assert of_three_times_as_many < 5 * of_some


def test_the_newest_event_of_a_record_is_told_whatever_the_order_of_arrival(box: Inbox) -> None:
    noon = datetime(2026, 9, 1, 12, tzinfo=UTC)
    box.receive(
        delivery(1, topic="order.deleted", occurred_at=noon + timedelta(minutes=1)),
        delivery(2, topic="order.updated", occurred_at=noon),
    )

    (claimed,) = box.claim()

    assert (claimed.topic, claimed.occurred_at) == ("order.deleted", noon + timedelta(minutes=1))


def test_a_run_that_asks_again_gets_what_it_claimed_with_what_came_since(box: Inbox) -> None:
    box.receive(delivery(1))
    box.claim()
    box.receive(delivery(2, resource_id="78"))

    again = box.claim()

    assert [one.source_id for one in again] == ["77", "78"]


def test_two_runs_that_claim_together_share_no_row(box: Inbox) -> None:
    box.receive(*[delivery(number, resource_id=str(number)) for number in range(50)])
    claimed: dict[str, set[str]] = {}
    together = Barrier(4)

    def claim(run: str) -> None:
        together.wait()
        claimed[run] = {one.source_id for one in box.claim(run)}

    threads = [Thread(target=claim, args=(f"run-{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(map(len, claimed.values())) == 50
    assert set.union(*claimed.values()) == {str(number) for number in range(50)}


def test_what_a_run_has_finished_is_not_given_to_another_one(box: Inbox) -> None:
    box.receive()
    box.claim()

    finished = box.finish()

    assert finished == 1
    assert box.claim("run-2") == []


def test_rows_of_a_run_that_died_are_claimed_again_after_a_pause(box: Inbox) -> None:
    box.receive()
    box.claim()

    released = box.release()

    assert released == 1
    assert box.work() == []
    assert [one.source_id for one in box.after(seconds=6).claim("run-2")] == ["77"]


def test_the_pause_grows_with_each_attempt_until_the_row_has_failed(box: Inbox) -> None:
    box.receive()
    waits = []
    for attempt in range(inbox_work.MOST_ATTEMPTS):
        box.after(hours=attempt).claim()
        box.release()
        later = [box.after(hours=attempt, seconds=seconds) for seconds in (6, 11, 21, 601)]
        waits.append(sum(not one.work() for one in later))

    with box.tenant.database.dispatch() as connection:
        left = inbox_work.waiting(connection)

    assert waits == [0, 1, 2, 3, 3, 3, 3, 3, 3, 4]
    assert (left.rows, left.failed) == (0, 1)


def test_what_a_run_holds_is_told_so_that_a_dead_one_is_found(box: Inbox) -> None:
    box.receive(delivery(1), delivery(2))
    box.claim("run-9")

    with box.tenant.database.dispatch() as connection:
        (held,) = inbox_work.claims(connection)

    assert (held.tenant, held.run, held.rows) == ("acme", "run-9", 2)


def test_what_is_ignored_never_waits(box: Inbox) -> None:
    box.receive(delivery(1, ignored_because="the body names no record"))

    with box.tenant.database.dispatch() as connection:
        left = inbox_work.waiting(connection)

    assert (left.rows, left.since) == (0, None)
    assert box.claim() == []


def test_a_disabled_tenant_keeps_its_rows_and_starts_no_run(box: Inbox) -> None:
    box.receive()
    with box.tenant.database.dispatch() as connection:
        connection.exec_driver_sql("UPDATE udsync.tenants SET is_enabled = false")

    found = box.work()

    assert found == []


def test_a_storm_of_events_is_read_at_its_beginning_and_at_its_end(box: Inbox) -> None:
    box.receive(delivery(0))
    first = box.claim()
    box.finish()
    box.storm(1, 500)

    during = [box.claim(), box.work()]
    after = box.after(seconds=inbox_work.STORM_PAUSE).claim("run-2")

    assert [one.events for one in first] == [1]
    assert during == [[], []]
    assert [one.events for one in after] == [500]


def test_bursts_of_one_storm_are_read_together(box: Inbox) -> None:
    box.receive(delivery(0))
    box.claim()
    box.finish()
    box.storm(1, 50)
    between = box.after(seconds=inbox_work.STORM_PAUSE - 1).claim("run-2")
    box.storm(51, 100)

    after = box.after(seconds=inbox_work.STORM_PAUSE).claim("run-2")

    assert between == []
    assert [one.events for one in after] == [100]


def test_a_few_events_are_no_storm(box: Inbox) -> None:
    box.receive(delivery(0))
    box.claim()
    box.finish()
    box.storm(1, inbox_work.STORM - 1)

    claimed = box.after(seconds=inbox_work.FIRST_PAUSE).claim("run-2")

    assert [one.events for one in claimed] == [inbox_work.STORM - 1]


def test_a_record_that_was_just_claimed_holds_up_no_other_one(box: Inbox) -> None:
    box.receive(delivery(0))
    box.claim()
    box.finish()
    box.storm(1, 50)
    box.receive(delivery(900, resource_id="78"))

    claimed = box.claim("run-2")

    assert [one.source_id for one in claimed] == ["78"]


def test_a_record_that_was_claimed_long_ago_is_claimed_at_once(box: Inbox) -> None:
    box.receive(delivery(0))
    box.claim()
    box.finish()
    box.move_claims_back(seconds=inbox_work.LATELY)
    box.receive(delivery(1))

    claimed = box.claim("run-2")

    assert [one.events for one in claimed] == [1]


def test_a_shop_that_tells_of_each_read_is_read_ever_more_seldom(box: Inbox) -> None:
    waited = []
    for number in range(8):
        box.receive(delivery(number))
        pauses = (0, 1, 3, 9, 27, 81, 120)
        pause = next(seconds for seconds in pauses if box.after(seconds=seconds).work())
        box.after(seconds=pause).claim(f"run-{number}")
        box.finish(f"run-{number}")
        waited.append(pause)

    assert waited == [0, 1, 3, 9, 27, 81, 120, 120]


def test_a_storm_without_an_end_is_read_every_two_minutes(box: Inbox) -> None:
    box.receive(delivery(0))
    box.claim()
    box.finish()
    box.storm(1, 50)
    with box.tenant.database.tenant(box.tenant.id) as connection:
        connection.exec_driver_sql(
            "UPDATE udsync.webhook_events SET received_at = received_at - interval '2 minutes'"
            " WHERE id = (SELECT id FROM udsync.webhook_events WHERE state = 'pending' LIMIT 1)"
        )

    claimed = box.claim("run-2")

    assert [one.events for one in claimed] == [50]


def test_a_tenant_can_neither_claim_nor_finish_rows_of_another(acme: Tenant, other: Tenant) -> None:
    Inbox(acme).receive()
    Inbox(acme).claim("run-1")
    Inbox(acme).receive(delivery(2, resource_id="78"))

    theirs = Inbox(other)

    assert (theirs.claim("run-1"), theirs.finish("run-1"), theirs.release("run-1")) == ([], 0, 0)
    assert Inbox(acme).finish("run-1") == 1


def test_a_delivery_is_refused_for_a_connection_of_another_tenant(
    acme: Tenant, other: Tenant
) -> None:
    with pytest.raises(Exception, match="foreign key"):
        inbox.receive(acme.database, acme.id, other.store, [delivery()])
    with pytest.raises(Exception, match="foreign key"):
        inbox.receive(acme.database, acme.id, UUID(int=uuid4().int), [delivery()])
