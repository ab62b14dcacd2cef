"""Questions to a person about parked records, and what was decided, in the tenant's transaction.

Rows of `integration_sync_conflicts`. Of a record at most one question stands: it is open, or
decided and not carried out yet. `keep_books` stands until one of the two sides changes.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.sync.decisions import KEEP_BOOKS, Choice, Question, Standing
from udsync_pipelines.sync.plan import Intent, Parked

STANDS = "(state = 'open' OR (state = 'decided' AND NOT details ? 'carried_out'))"

_STANDING = sa.text(f"""
    SELECT subject, kind, details ->> 'about' AS about, decision ->> 'choice' AS choice
    FROM udsync.integration_sync_conflicts
    WHERE tenant_id = :tenant AND connection_id = :target AND subject = ANY(:subjects) AND {STANDS}
""")

# A question that stands already keeps its row, and with it the decision.
_DROP_OTHERS = sa.text(f"""
    UPDATE udsync.integration_sync_conflicts SET state = 'dismissed'
    WHERE tenant_id = :tenant AND connection_id = :target AND subject = :subject AND {STANDS}
      AND (kind <> :kind OR details ->> 'about' <> :about)
""")

_ASK = sa.text(f"""
    INSERT INTO udsync.integration_sync_conflicts
        (tenant_id, id, connection_id, plan_id, kind, subject, question, choices, details, state)
    SELECT :tenant, gen_random_uuid(), :target, :plan, :kind, :subject, :question,
        CAST(:choices AS jsonb), jsonb_build_object('about', CAST(:about AS text)), 'open'
    WHERE NOT EXISTS (
        SELECT FROM udsync.integration_sync_conflicts
        WHERE tenant_id = :tenant AND connection_id = :target AND subject = :subject AND {STANDS})
""")

_DISMISS = sa.text("""
    UPDATE udsync.integration_sync_conflicts SET state = 'dismissed'
    WHERE tenant_id = :tenant AND connection_id = :target AND subject = ANY(:subjects)
      AND state = 'open'
""")

_CARRIED_OUT = sa.text(f"""
    UPDATE udsync.integration_sync_conflicts
    SET state = CASE state WHEN 'open' THEN 'dismissed' ELSE state END,
        details = CASE state WHEN 'open' THEN details ELSE details || '{{"carried_out": true}}' END
    WHERE tenant_id = :tenant AND connection_id = :target AND subject = ANY(:subjects) AND {STANDS}
      AND decision ->> 'choice' IS DISTINCT FROM :keep_books
""")

# Not one that was taken while the writes were under way: nobody has tried that yet.
_TRIED = sa.text(f"""
    UPDATE udsync.integration_sync_conflicts
    SET details = details || '{{"carried_out": true}}'
    WHERE tenant_id = :tenant AND connection_id = :target AND subject = ANY(:subjects) AND {STANDS}
      AND decision ->> 'choice' <> :keep_books
      AND decided_at < (SELECT created_at FROM udsync.plans
                        WHERE tenant_id = :tenant AND id = :plan)
""")

_ASKED = sa.text(f"""
    SELECT id, kind, subject, question, choices, decision ->> 'choice' AS choice
    FROM udsync.integration_sync_conflicts AS asked
    WHERE tenant_id = :tenant AND {STANDS}
      AND (CAST(:subject AS text) IS NULL OR subject = :subject)
      AND (CAST(:kind AS text) IS NULL OR kind = :kind)
      AND EXISTS (
        SELECT FROM udsync.sync_queue AS parked
        WHERE parked.tenant_id = :tenant AND parked.target_connection_id = asked.connection_id
          AND parked.kind = 'parked' AND parked.state = 'rejected'
          AND parked.entity || '/' || parked.source_id = asked.subject)
    ORDER BY created_at, subject
""")

_DECIDE = sa.text(f"""
    UPDATE udsync.integration_sync_conflicts
    SET state = 'decided', decision = jsonb_build_object('choice', CAST(:choice AS text)),
        decided_by = :by, decided_at = now()
    WHERE tenant_id = :tenant AND id = ANY(:ids) AND {STANDS}
""")


_ASK_BEFORE = sa.text(f"""
    INSERT INTO udsync.integration_sync_conflicts
        (tenant_id, id, connection_id, kind, subject, question, choices, details, state)
    SELECT :tenant, gen_random_uuid(), :target, :kind, :subject, :question,
        CAST(:choices AS jsonb), jsonb_build_object('about', CAST(:about AS text)), 'open'
    WHERE NOT EXISTS (
        SELECT FROM udsync.integration_sync_conflicts
        WHERE tenant_id = :tenant AND connection_id = :target AND kind = :kind
          AND subject = :subject AND details ->> 'about' = :about AND {STANDS})
""")

_NOT_FOUND_ANY_MORE = sa.text("""
    UPDATE udsync.integration_sync_conflicts SET state = 'dismissed'
    WHERE tenant_id = :tenant AND connection_id = :target AND state = 'open'
      AND kind LIKE 'preflight.%'
      AND NOT (kind || ' ' || subject || ' ' || (details ->> 'about') = ANY(:found))
""")

_ASKED_BEFORE = sa.text(f"""
    SELECT id, kind, subject, question, choices, decision ->> 'choice' AS choice
    FROM udsync.integration_sync_conflicts
    WHERE tenant_id = :tenant AND connection_id = :target AND kind LIKE 'preflight.%' AND {STANDS}
    ORDER BY kind, subject
""")

_BEFORE = "preflight/"  # so that no parked record closes what was asked before the first posting


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as a person sees it; `choice` is what was decided and not carried out yet."""

    id: UUID
    kind: str
    subject: str
    text: str
    choices: tuple[Choice, ...]
    choice: str | None


@dataclass(frozen=True, slots=True)
class Ask:
    """A question to be asked: about what, in which state of it, and how it can be decided."""

    subject: str
    text: str
    choices: tuple[Choice, ...]
    about: str = ""


def subject_of(entity: Entity, source_id: str) -> str:
    """How a record is called in questions: `order/77`."""
    return f"{entity.value}/{source_id}"


def standing(
    connection: sa.Connection, tenant_id: UUID, target: UUID, entity: Entity, ids: Collection[str]
) -> Mapping[str, Standing]:
    """What stands about these records, by source id."""
    subjects = {subject_of(entity, one): one for one in ids}
    rows = connection.execute(_STANDING, _about(tenant_id, target, subjects))
    return {subjects[row.subject]: Standing(row.kind, row.about, row.choice) for row in rows}


def ask(
    connection: sa.Connection, tenant_id: UUID, intent: Intent, parked: Sequence[Parked]
) -> None:
    """Ask what these parked records bring with them; a question that stands is not asked again.

    A record that is parked for another cause by now is asked nothing any more.
    """
    without = [subject_of(intent.entity, one.source_id) for one in parked if one.question is None]
    if without:
        values = _about(tenant_id, intent.target_connection_id, without)
        connection.execute(_DISMISS, values)
    for record in parked:
        if record.question is not None:
            values = _question(tenant_id, intent, record, record.question)
            connection.execute(_DROP_OTHERS, values)
            connection.execute(_ASK, values)


def try_out(
    connection: sa.Connection, tenant_id: UUID, intent: Intent, parked: Sequence[Parked]
) -> None:
    """What was decided about these records was tried, and they are in question again.

    So a choice is carried out once, and the question is asked anew.
    """
    subjects = [subject_of(intent.entity, one.source_id) for one in parked if one.question]
    values = _about(tenant_id, intent.target_connection_id, subjects)
    connection.execute(_TRIED, values | {"plan": intent.plan_id, "keep_books": KEEP_BOOKS})


def close(
    connection: sa.Connection, tenant_id: UUID, target: UUID, entity: Entity, ids: Collection[str]
) -> None:
    """These records are settled: what was decided is carried out, what was open is not asked."""
    subjects = [subject_of(entity, one) for one in ids]
    values = _about(tenant_id, target, subjects) | {"keep_books": KEEP_BOOKS}
    connection.execute(_CARRIED_OUT, values)


def asked(
    connection: sa.Connection,
    tenant_id: UUID,
    *,
    subject: str | None = None,
    kind: str | None = None,
) -> Sequence[Asked]:
    """The questions that stand about parked records, oldest first."""
    rows = connection.execute(_ASKED, {"tenant": tenant_id, "subject": subject, "kind": kind})
    return [_asked(row) for row in rows]


def ask_before(
    connection: sa.Connection, tenant_id: UUID, target: UUID, found: Mapping[str, Sequence[Ask]]
) -> Sequence[Asked]:
    """Ask what was found before the first posting, by kind; return all that stands now.

    What stands already keeps its decision; what is open and was not found again is dismissed.
    """
    for kind, questions in found.items():
        for one in questions:
            choices = [{"name": c.name, "consequence": c.consequence} for c in one.choices]
            values = {
                "tenant": tenant_id,
                "target": target,
                "kind": kind,
                "about": one.about,
                "subject": f"{_BEFORE}{one.subject}",
                "question": one.text,
                "choices": orjson.dumps(choices).decode(),
            }
            connection.execute(_ASK_BEFORE, values)
    keys = [
        f"{kind} {_BEFORE}{one.subject} {one.about}" for kind, each in found.items() for one in each
    ]
    gone = {"tenant": tenant_id, "target": target, "found": keys}
    connection.execute(_NOT_FOUND_ANY_MORE, gone)
    return asked_before(connection, tenant_id, target)


def asked_before(connection: sa.Connection, tenant_id: UUID, target: UUID) -> Sequence[Asked]:
    """The questions of the pre-flight that stand, decided ones too; subjects as they were found."""
    rows = connection.execute(_ASKED_BEFORE, {"tenant": tenant_id, "target": target})
    asked_rows = [_asked(row) for row in rows]
    return [replace(one, subject=one.subject.removeprefix(_BEFORE)) for one in asked_rows]


def decide(
    connection: sa.Connection, tenant_id: UUID, ids: Collection[UUID], choice: str, by: str
) -> int:
    """Take the same choice for these questions; return for how many it was still to be taken."""
    values = {"tenant": tenant_id, "ids": list(ids), "choice": choice, "by": by}
    return connection.execute(_DECIDE, values).rowcount


def _asked(row: Any) -> Asked:
    choices = tuple(Choice(one["name"], one["consequence"]) for one in row.choices)
    return Asked(row.id, row.kind, row.subject, row.question, choices, row.choice)


def _about(tenant_id: UUID, target: UUID, subjects: Collection[str]) -> dict[str, Any]:
    return {"tenant": tenant_id, "target": target, "subjects": list(subjects)}


def _question(
    tenant_id: UUID, intent: Intent, record: Parked, question: Question
) -> dict[str, Any]:
    choices = [{"name": one.name, "consequence": one.consequence} for one in question.choices]
    return {
        "tenant": tenant_id,
        "target": intent.target_connection_id,
        "plan": intent.plan_id,
        "kind": question.kind,
        "subject": subject_of(intent.entity, record.source_id),
        "question": record.reason,
        "choices": orjson.dumps(choices).decode(),
        "about": question.about,
    }
