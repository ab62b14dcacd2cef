"""Plans: comparing, showing differences, hashing and approving take values and return values."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.sync.plan import (
    Action,
    Approval,
    Intent,
    IntentState,
    PlannedRecord,
    PlanState,
    SyncOptions,
    classify,
    differences,
    plan_hash,
    state_after_planning,
)

HASH = bytes(16)
OTHER = bytes(range(16))
PLAN = UUID(int=1)

hashes = st.binary(min_size=16, max_size=16)
ids = st.integers(min_value=1, max_value=10**9).map(str)
planned = st.builds(
    PlannedRecord,
    source_id=ids,
    row_hash=hashes,
    is_deleted=st.booleans(),
    action=st.sampled_from(Action),
)
batches = st.builds(
    Intent,
    id=st.uuids(),
    plan_id=st.just(PLAN),
    position=st.just(0),
    entity=st.sampled_from(Entity),
    target_connection_id=st.uuids(),
    state=st.just(IntentState.PLANNED),
    records=st.lists(planned, max_size=4).map(tuple),
    last_seq=st.integers(0, 10**6),
)
plans = st.lists(batches, max_size=4)


def batch(*records: PlannedRecord) -> Intent:
    return Intent(
        id=UUID(int=2),
        plan_id=PLAN,
        position=0,
        entity=Entity.ORDER,
        target_connection_id=UUID(int=3),
        state=IntentState.PLANNED,
        records=records,
        last_seq=1,
    )


@pytest.mark.parametrize(
    ("held", "is_deleted", "action"),
    [
        ({}, False, Action.CREATE),
        ({}, True, Action.SKIP),
        ({"1": HASH}, False, Action.SKIP),
        ({"1": HASH}, True, Action.SKIP),
        ({"1": OTHER}, False, Action.UPDATE),
        ({"1": OTHER}, True, Action.UPDATE),
    ],
)
def test_what_the_destination_holds_decides_what_is_done(
    held: dict[str, bytes], is_deleted: bool, action: Action
) -> None:
    (record,) = classify([PlannedRecord("1", HASH, is_deleted)], held)

    assert record == PlannedRecord("1", HASH, is_deleted, action)


@given(st.lists(planned, unique_by=lambda record: record.source_id))
def test_records_that_have_arrived_need_nothing_the_next_time(
    records: list[PlannedRecord],
) -> None:
    arrived = {record.source_id: record.row_hash for record in records}

    again = classify(records, arrived)

    assert [record.source_id for record in again] == [record.source_id for record in records]
    assert all(record.action is Action.SKIP for record in again)


def test_an_intent_counts_its_records_by_what_it_does_with_them() -> None:
    intent = batch(
        PlannedRecord("1", HASH, action=Action.CREATE),
        PlannedRecord("2", HASH, action=Action.UPDATE),
        PlannedRecord("3", HASH, action=Action.UPDATE),
        PlannedRecord("4", HASH, action=Action.SKIP),
    )

    assert [intent.count(action) for action in Action] == [1, 2, 1]
    assert intent.changes == 3


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (Decimal("10"), Decimal("10.00")),
        (Decimal("1E+2"), Decimal(100)),
        (Decimal("0.00"), Decimal(0)),
        (Decimal("-0.00"), Decimal("0.00")),
        (datetime(2026, 9, 1, 12, tzinfo=UTC), datetime(2026, 9, 1, 12, tzinfo=UTC)),
        (
            datetime(2026, 9, 1, 12, tzinfo=UTC),
            datetime(2026, 9, 1, 6, tzinfo=timezone(timedelta(hours=-6))),
        ),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        (None, None),
        (True, True),
    ],
)
def test_equal_values_in_another_form_are_no_difference(old: object, new: object) -> None:
    assert differences({"column": new}, {"column": old}) == {}


@pytest.mark.parametrize(
    ("old", "new", "shown"),
    [
        (Decimal("10.00"), Decimal("10.01"), ("10", "10.01")),
        (Decimal("1E+30"), Decimal(f"1{1:030}"), (f"1{0:030}", f"1{1:030}")),
        (None, "x", (None, "x")),
        ("", None, ("", None)),
        (True, False, (True, False)),
        (1, 2, (1, 2)),
        (["ä"], [], ('["ä"]', "[]")),
        (date(2026, 9, 1), None, ('"2026-09-01"', None)),
        (
            datetime(2026, 9, 1, tzinfo=UTC),
            datetime(2026, 9, 2, tzinfo=UTC),
            ("2026-09-01T00:00:00+00:00", "2026-09-02T00:00:00+00:00"),
        ),
    ],
)
def test_a_difference_shows_the_old_and_the_new_value(
    old: object, new: object, shown: tuple[object, object]
) -> None:
    assert differences({"column": new}, {"column": old}) == {"column": shown}


def test_a_column_that_the_destination_lacks_counts_as_empty() -> None:
    assert differences({"a": "x", "b": None}, {"c": 1}) == {"a": (None, "x")}


@given(plans, st.text(max_size=20))
def test_the_same_plan_always_has_the_same_hash(intents: list[Intent], version: str) -> None:
    assert plan_hash(intents, version) == plan_hash(iter(list(intents)), version)


@given(plans.filter(bool), st.data())
def test_any_change_of_what_is_written_changes_the_hash(
    intents: list[Intent], data: st.DataObject
) -> None:
    number = data.draw(st.integers(0, len(intents) - 1))
    other = data.draw(batches)
    changed = [*intents[:number], other, *intents[number + 1 :]]

    is_same_write = (
        other.entity is intents[number].entity
        and other.target_connection_id == intents[number].target_connection_id
        and [(r.source_id, r.action, r.row_hash) for r in other.records]
        == [(r.source_id, r.action, r.row_hash) for r in intents[number].records]
    )
    assert (plan_hash(changed, "1") == plan_hash(intents, "1")) is is_same_write


@given(st.lists(planned, min_size=1, max_size=4), st.data())
def test_changing_one_record_of_a_batch_changes_the_hash(
    records: list[PlannedRecord], data: st.DataObject
) -> None:
    number = data.draw(st.integers(0, len(records) - 1))
    record = records[number]
    change = data.draw(
        st.one_of(
            hashes.filter(lambda h: h != record.row_hash).map(lambda h: {"row_hash": h}),
            ids.filter(lambda i: i != record.source_id).map(lambda i: {"source_id": i}),
            st.sampled_from([a for a in Action if a is not record.action]).map(
                lambda a: {"action": a}
            ),
        )
    )
    changed = [*records[:number], replace(record, **change), *records[number + 1 :]]

    assert plan_hash([batch(*changed)], "1") != plan_hash([batch(*records)], "1")
    assert plan_hash([batch(*records[:number])], "1") != plan_hash([batch(*records)], "1")


@given(plans)
def test_another_profile_version_or_order_changes_the_hash(intents: list[Intent]) -> None:
    turned = intents[::-1]
    is_palindrome = [i.digest() for i in turned] == [i.digest() for i in intents]

    assert plan_hash(intents, "1") != plan_hash(intents, "2")
    assert (plan_hash(turned, "1") == plan_hash(intents, "1")) is is_palindrome


def test_the_state_of_an_intent_is_no_part_of_the_hash() -> None:
    intent = batch(PlannedRecord("1", HASH))

    sent = replace(intent, state=IntentState.SENT)

    assert plan_hash([sent], "1") == plan_hash([intent], "1")


@pytest.mark.parametrize(
    ("options", "changes", "state"),
    [
        (SyncOptions(), 10**6, PlanState.APPROVED),
        (SyncOptions(approve=Approval.ask), 0, PlanState.APPROVED),
        (SyncOptions(approve=Approval.ask), 1, PlanState.AWAITING_APPROVAL),
        (SyncOptions(approve=Approval.ask, ask_above=10), 10, PlanState.APPROVED),
        (SyncOptions(approve=Approval.ask, ask_above=10), 11, PlanState.AWAITING_APPROVAL),
        (SyncOptions(dry_run=True), 0, PlanState.DRY_RUN),
        (SyncOptions(dry_run=True, approve=Approval.ask), 5, PlanState.DRY_RUN),
    ],
)
def test_the_options_decide_whether_a_plan_may_run(
    options: SyncOptions, changes: int, state: PlanState
) -> None:
    assert state_after_planning(options, changes) is state
