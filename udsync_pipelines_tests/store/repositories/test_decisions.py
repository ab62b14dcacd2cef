"""Questions about parked records: asked once, decided, carried out, or asked anew."""

from dataclasses import replace

import pytest

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.store.repositories import decisions
from udsync_pipelines.sync.decisions import KEEP_BOOKS, Choice, Question, Standing
from udsync_pipelines.sync.plan import Intent, Parked
from udsync_pipelines.sync.ports import Progress
from udsync_pipelines_tests.store.repositories.book_writes import write_ledger
from udsync_pipelines_tests.store.repositories.syncing import Tenant, parked

pytestmark = pytest.mark.postgres

CHOICES = (Choice("overwrite", "It is written again."), Choice(KEEP_BOOKS, "Nothing changes."))
CHANGED = Question("changed_in_books", CHOICES, "both sides")


def park(tenant: Tenant, question: Question | None, source_id: int = 77) -> None:
    """Park an order, with a question or for a cause that asks nothing."""
    code = "bad_value" if question is None else question.kind
    plan = tenant.plan()
    record: Parked = replace(parked(source_id, code), question=question)
    batch = tenant.batch(plan, parked=[record])
    tenant.ledger.plan_batch(batch, tenant.store, park=True)


def settle(tenant: Tenant, source_id: str = "77") -> None:
    """Finish a batch in which the order has arrived."""
    batch = tenant.batch(tenant.plan())
    write_ledger(tenant).plan_batch(batch, [], park=True)
    write_ledger(tenant).finish_batch(batch, Progress(), [], {source_id: b"content"})


def settle_parked(tenant: Tenant, question: Question, batch: Intent | None = None) -> None:
    """Finish a batch in which the order was tried, and is in question again."""
    tried = batch or tenant.batch(tenant.plan())
    record = replace(parked(77, question.kind), question=question)
    write_ledger(tenant).plan_batch(tried, [], park=True)
    write_ledger(tenant).finish_batch(tried, Progress(), [record], {})


def standing(tenant: Tenant) -> Standing | None:
    return write_ledger(tenant).standing(Entity.ORDER, ["77"]).get("77")


def asked(tenant: Tenant, kind: str | None = None) -> list[decisions.Asked]:
    with tenant.database.tenant(tenant.id) as connection:
        return list(decisions.asked(connection, tenant.id, kind=kind))


def decide(tenant: Tenant, choice: str) -> int:
    ids = [one.id for one in asked(tenant)]
    with tenant.database.tenant(tenant.id) as connection:
        return decisions.decide(connection, tenant.id, ids, choice, "operator")


def test_a_question_is_asked_with_its_sentence_and_its_choices(acme: Tenant) -> None:
    park(acme, CHANGED)

    (question,) = asked(acme)

    assert (question.kind, question.subject) == ("changed_in_books", "order/77")
    assert question.text == "Reason of changed_in_books."
    assert question.choices == CHOICES
    assert question.choice is None
    assert standing(acme) == Standing("changed_in_books", "both sides", None)


def test_a_question_that_stands_is_not_asked_twice_and_keeps_its_decision(acme: Tenant) -> None:
    park(acme, CHANGED)
    decide(acme, "overwrite")

    park(acme, CHANGED)

    (question,) = asked(acme)
    assert question.choice == "overwrite"
    assert standing(acme) == Standing("changed_in_books", "both sides", "overwrite")


@pytest.mark.parametrize(
    "changed",
    [replace(CHANGED, about="one side changed"), replace(CHANGED, kind="voided_in_books")],
    ids=["another state", "another question"],
)
def test_a_question_about_something_else_forgets_what_was_decided(
    acme: Tenant, changed: Question
) -> None:
    park(acme, CHANGED)
    decide(acme, "overwrite")

    park(acme, changed)

    assert standing(acme) == Standing(changed.kind, changed.about, None)
    assert [one.choice for one in asked(acme)] == [None]


def test_a_record_that_is_parked_for_another_cause_is_asked_nothing_more(acme: Tenant) -> None:
    park(acme, CHANGED)

    park(acme, None)

    assert asked(acme) == []
    assert standing(acme) is None


def test_what_was_decided_outlasts_another_cause_until_it_can_be_carried_out(
    acme: Tenant,
) -> None:
    park(acme, CHANGED)
    decide(acme, "overwrite")

    park(acme, None)

    assert standing(acme) == Standing("changed_in_books", "both sides", "overwrite")


def test_a_choice_that_was_carried_out_in_vain_is_asked_for_again(acme: Tenant) -> None:
    park(acme, CHANGED)
    decide(acme, "overwrite")

    settle_parked(acme, CHANGED)

    assert standing(acme) == Standing("changed_in_books", "both sides", None)
    assert [one.choice for one in asked(acme)] == [None]


def test_a_choice_that_was_taken_while_writes_were_under_way_waits_for_the_next_sync(
    acme: Tenant,
) -> None:
    park(acme, CHANGED)
    batch = acme.batch(acme.plan())
    decide(acme, "overwrite")

    settle_parked(acme, CHANGED, batch)

    assert standing(acme) == Standing("changed_in_books", "both sides", "overwrite")


@pytest.mark.parametrize("choice", ["overwrite", None], ids=["carried out", "not needed any more"])
def test_a_settled_record_has_no_question_standing(acme: Tenant, choice: str | None) -> None:
    park(acme, CHANGED)
    if choice:
        decide(acme, choice)

    settle(acme)

    assert standing(acme) is None
    assert asked(acme) == []


def test_a_decision_to_keep_the_books_stands_but_is_shown_no_more(acme: Tenant) -> None:
    park(acme, CHANGED)
    decide(acme, KEEP_BOOKS)

    settle(acme)

    assert standing(acme) == Standing("changed_in_books", "both sides", KEEP_BOOKS)
    assert asked(acme) == []


def test_questions_are_found_by_their_kind_and_decided_together(acme: Tenant) -> None:
    park(acme, CHANGED)
    park(acme, CHANGED, 78)
    park(acme, replace(CHANGED, kind="voided_in_books"), 79)

    changed = asked(acme, "changed_in_books")
    decided = decide(acme, KEEP_BOOKS)

    assert [one.subject for one in changed] == ["order/77", "order/78"]
    assert decided == 3


def test_another_tenant_sees_and_decides_none_of_it(acme: Tenant, other: Tenant) -> None:
    park(acme, CHANGED)
    (question,) = asked(acme)

    with other.database.tenant(other.id) as connection:
        decided = decisions.decide(connection, other.id, [question.id], "overwrite", "operator")

    assert asked(other) == []
    assert decided == 0
    assert standing(acme) == Standing("changed_in_books", "both sides", None)
