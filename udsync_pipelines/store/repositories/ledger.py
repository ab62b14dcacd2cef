"""The ledger: plans, their batches, and how far each destination has been loaded."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import orjson
import sqlalchemy as sa

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines.store.repositories import batches, bindings, parked_records
from udsync_pipelines.store.repositories.intent_rows import intent_of
from udsync_pipelines.store.tenancy import TenantDatabase
from udsync_pipelines.sync.plan import (
    Approval,
    Intent,
    IntentState,
    Parked,
    Plan,
    PlanState,
    SyncOptions,
)
from udsync_pipelines.sync.ports import Outcome, Progress
from udsync_pipelines.sync.records import JSON, Window

UNFINISHED = ("planning", "planned", "awaiting_approval", "approved", "applying")
FINISHED = (PlanState.APPLIED, PlanState.DRY_RUN, PlanState.FAILED, PlanState.SUPERSEDED)


@dataclass(frozen=True, slots=True)
class PostgresLedger:
    """Implements `sync.ports.Ledger` for one tenant."""

    database: TenantDatabase
    tenant_id: UUID

    def open_plan(
        self,
        lane: str,
        source_connection_id: UUID,
        options: SyncOptions,
        *,
        trigger: str,
        run_id: str | None,
    ) -> Plan:
        """Start a sync of a lane; unfinished plans of the same lane become superseded."""
        plan_id = uuid4()
        with self._transaction() as connection:
            # A dry run takes nothing over: the plan that waits for approval goes on waiting.
            if not options.dry_run:
                _supersede(connection, self.tenant_id, lane)
            connection.execute(
                sa.text(
                    "INSERT INTO udsync.plans (tenant_id, id, lane, source_connection_id, trigger,"
                    " options, is_dry_run, state, counts, run_id, created_at)"
                    " VALUES (:tenant, :id, :lane, :source, :trigger, CAST(:options AS jsonb),"
                    " :dry_run, 'planning', '{}', :run_id, now())"
                ),
                {
                    "tenant": self.tenant_id,
                    "id": plan_id,
                    "lane": lane,
                    "source": source_connection_id,
                    "trigger": trigger,
                    "options": _json(asdict(options)),
                    "dry_run": options.dry_run,
                    "run_id": run_id,
                },
            )
        return self.plan(plan_id)

    def plan(self, plan_id: UUID) -> Plan:
        """The plan of this id.

        Raises:
            ConfigurationError: there is none for this tenant.
        """
        found = self.find_plan(plan_id)
        if found is None:
            raise ConfigurationError(
                f"there is no plan {plan_id} for this tenant.",
                cure="Look at the id in the last sync's output.",
                code="plan_unknown",
            )
        return found

    def find_plan(self, plan_id: UUID) -> Plan | None:
        """The plan of this id, or None when this tenant has none."""
        found = self._plans("id = :id", {"id": plan_id})
        return found[0] if found else None

    def plans_of_run(self, run_id: str) -> Sequence[Plan]:
        """The plans that a Dagster run opened, oldest first."""
        return self._plans("run_id = :run_id", {"run_id": run_id})

    def plans_of_runs(self, run_ids: Collection[str], named: Collection[str]) -> Sequence[Plan]:
        """The plans that these runs opened, and those of these ids, oldest first."""
        return self._plans(
            "(run_id = ANY(:run_ids) OR id::text = ANY(:named))",
            {"run_ids": list(run_ids), "named": list(named)},
        )

    def latest_plan(self, lane: str, trigger: str) -> Plan | None:
        """The newest plan of a lane that something of this kind has started."""
        found = self._plans(
            "lane = :lane AND trigger = :trigger AND created_at = (SELECT max(created_at)"
            " FROM udsync.plans WHERE tenant_id = :tenant AND lane = :lane AND trigger = :trigger)",
            {"lane": lane, "trigger": trigger},
        )
        return found[0] if found else None

    def move_plan(
        self,
        plan_id: UUID,
        state: PlanState,
        *,
        plan_hash: str | None = None,
        error: Mapping[str, JSON] | None = None,
    ) -> None:
        """Record where the plan stands now."""
        with self._transaction() as connection:
            connection.execute(
                sa.text(
                    "UPDATE udsync.plans SET state = :state, error = CAST(:error AS jsonb),"
                    " plan_hash = coalesce(:plan_hash, plan_hash),"
                    " finished_at = CASE WHEN :finished THEN now() END"
                    " WHERE tenant_id = :tenant AND id = :id"
                ),
                {
                    "tenant": self.tenant_id,
                    "id": plan_id,
                    "state": state.value,
                    "error": None if error is None else _json(error),
                    "plan_hash": plan_hash,
                    "finished": state in FINISHED,
                },
            )

    def count(self, plan_id: UUID, counts: Mapping[str, JSON]) -> None:
        """Merge these counts into the plan's, key by key."""
        with self._transaction() as connection:
            connection.execute(
                sa.text(
                    "UPDATE udsync.plans SET counts = counts || CAST(:counts AS jsonb)"
                    " WHERE tenant_id = :tenant AND id = :id"
                ),
                {"tenant": self.tenant_id, "id": plan_id, "counts": _json(counts)},
            )

    def progress(self, target_connection_id: UUID, source: UUID, entity: Entity) -> Progress:
        """How far this destination has been loaded from this source."""
        with self._transaction() as connection:
            found = connection.execute(
                sa.text(
                    "SELECT bookmark FROM udsync.sync_state WHERE tenant_id = :tenant"
                    " AND connection_id = :target AND entity = :entity AND purpose = :purpose"
                ),
                {
                    "tenant": self.tenant_id,
                    "target": target_connection_id,
                    "entity": entity.value,
                    "purpose": batches.loaded_from(source),
                },
            ).scalar()
        return Progress(**found) if found else Progress()

    def parked_ids(self, target_connection_id: UUID, source: UUID, entity: Entity) -> Sequence[str]:
        """The records that are parked for this destination, ascending."""
        with self._transaction() as connection:
            return parked_records.ids(
                connection, self.tenant_id, target_connection_id, source, entity
            )

    def discard_batches(self, plan_id: UUID) -> None:
        """Forget what a step that is repeated had planned before."""
        with self._transaction() as connection:
            connection.execute(
                sa.text(
                    "DELETE FROM udsync.sync_queue WHERE tenant_id = :tenant"
                    " AND plan_id = :id AND (kind = 'batch' OR kind = 'record'"
                    " AND state IN ('planned', 'approved', 'rejected'))"
                ),
                {"tenant": self.tenant_id, "id": plan_id},
            )

    def plan_batch(self, intent: Intent, source: UUID, *, park: bool) -> int:
        """Store one planned batch and park its records; return how many are parked newly."""
        with self._transaction() as connection:
            batches.insert(connection, self.tenant_id, source, intent)
            if not park:
                return len(intent.parked)
            return parked_records.park(connection, self.tenant_id, source, intent, intent.parked)

    def resolve_batch(self, intent: Intent) -> None:
        """Store what comparing the batch with the destination decided: actions, differences."""
        with self._transaction() as connection:
            batches.update(connection, self.tenant_id, intent)

    def approve(self, plan_id: UUID, by: str, *, with_questions: bool = True) -> None:
        """Let the plan, each of its batches and each of its writes take effect."""
        unasked = "" if with_questions else " AND coalesce(payload -> 'question', 'null') = 'null'"
        with self._transaction() as connection:
            values = {"tenant": self.tenant_id, "id": plan_id, "by": by}
            connection.execute(
                sa.text(
                    "UPDATE udsync.plans SET state = 'approved', approved_at = now(),"
                    " approved_by = :by WHERE tenant_id = :tenant AND id = :id"
                ),
                values,
            )
            connection.execute(
                sa.text(
                    "UPDATE udsync.sync_queue SET state = 'approved' WHERE tenant_id = :tenant"
                    " AND plan_id = :id AND kind IN ('batch', 'record') AND state = 'planned'"
                    + unasked
                ),
                values,
            )

    def intents(self, plan_id: UUID, *states: IntentState) -> Iterator[Intent]:
        """The plan's batches in these states (none named: all), by position, one at a time."""
        position = -1
        while True:
            with self._transaction() as connection:
                row = connection.execute(
                    sa.text(
                        "SELECT * FROM udsync.sync_queue WHERE tenant_id = :tenant"
                        " AND plan_id = :plan AND kind = 'batch' AND position > :position"
                        " AND state = ANY(:states) ORDER BY position LIMIT 1"
                    ),
                    {
                        "tenant": self.tenant_id,
                        "plan": plan_id,
                        "position": position,
                        "states": [state.value for state in states or IntentState],
                    },
                ).one_or_none()
            if row is None:
                return
            position = row.position
            yield intent_of(row)

    def move_intent(self, intent: Intent, state: IntentState) -> None:
        """Record where the intent stands now."""
        with self._transaction() as connection:
            connection.execute(
                sa.text(
                    "UPDATE udsync.sync_queue SET state = :state,"
                    " attempts = attempts + CASE WHEN :is_sent THEN 1 ELSE 0 END,"
                    " sent_at = CASE WHEN :is_sent THEN now() ELSE sent_at END"
                    " WHERE tenant_id = :tenant AND id = :id"
                ),
                {
                    "tenant": self.tenant_id,
                    "id": intent.id,
                    "state": state.value,
                    "is_sent": state is IntentState.SENT,
                },
            )

    def settle(self, intent: Intent, source: UUID, progress: Progress, outcome: Outcome) -> int:
        """In one transaction: the intent is settled, its records bound, the progress moved."""
        with self._transaction() as connection:
            batches.settle(connection, self.tenant_id, intent, _receipt(outcome))
            batches.move_progress(connection, self.tenant_id, source, intent, progress)
            bindings.bind(connection, self.tenant_id, source, intent, outcome.arrived)
            bindings.bind_found(connection, self.tenant_id, source, intent, outcome.root_table)
            self._release(connection, intent, outcome)
            return parked_records.park(connection, self.tenant_id, source, intent, outcome.parked)

    def parked_by(self, plan_id: UUID, limit: int) -> Sequence[tuple[Entity, Parked]]:
        """The records that this plan was the first to park, and that still are."""
        with self._transaction() as connection:
            return parked_records.first_parked_by(connection, self.tenant_id, plan_id, limit)

    def count_parked_by(self, plan_id: UUID) -> int:
        """How many records this plan was the first to park, each once, that still are."""
        with self._transaction() as connection:
            return parked_records.count_first_parked_by(connection, self.tenant_id, plan_id)

    def parked(self, source: UUID, entity: Entity, limit: int) -> Sequence[Parked]:
        """The records of this entity that are parked now, whichever sync has parked them."""
        with self._transaction() as connection:
            return parked_records.list_live(connection, self.tenant_id, source, entity, limit)

    def count_parked(self, source: UUID, entity: Entity) -> int:
        """How many records of this entity are parked now, each once whatever parked it."""
        with self._transaction() as connection:
            return parked_records.count(connection, self.tenant_id, source, entity)

    def count_in_doubt(self, lane: str, source: UUID) -> int:
        """How many writes of this lane were sent and their answers lost."""
        with self._transaction() as connection:
            counted: int = connection.execute(
                sa.text(
                    "SELECT count(*) FROM udsync.sync_queue WHERE tenant_id = :tenant"
                    " AND source_connection_id = :source AND kind = 'record'"
                    " AND state IN ('sent', 'unknown') AND plan_id IN"
                    " (SELECT id FROM udsync.plans WHERE tenant_id = :tenant AND lane = :lane)"
                ),
                {"tenant": self.tenant_id, "source": source, "lane": lane},
            ).scalar_one()
        return counted

    def _release(self, connection: sa.Connection, intent: Intent, outcome: Outcome) -> None:
        """What arrived, or needed no write, is no longer parked."""
        refused = {parked.source_id for parked in (*intent.parked, *outcome.parked)}
        arrived = {record.source_id for record in intent.records} - refused
        parked_records.release(
            connection, self.tenant_id, intent.target_connection_id, intent.entity, arrived
        )

    def _plans(self, condition: str, values: Mapping[str, Any]) -> list[Plan]:
        with self._transaction() as connection:
            rows = connection.execute(
                sa.text(
                    "SELECT * FROM udsync.plans WHERE tenant_id = :tenant AND "
                    + condition
                    + " ORDER BY created_at"
                ),
                {"tenant": self.tenant_id, **values},
            )
            return [_plan(row) for row in rows]

    def _transaction(self) -> Any:
        return self.database.tenant(self.tenant_id)


def _supersede(connection: sa.Connection, tenant_id: UUID, lane: str) -> None:
    """Unfinished plans of the lane will not go on: what they left is planned anew."""
    values = {"tenant": tenant_id, "lane": lane, "unfinished": list(UNFINISHED)}
    superseded = (
        connection.execute(
            sa.text(
                "UPDATE udsync.plans SET state = 'superseded', finished_at = now()"
                " WHERE tenant_id = :tenant AND lane = :lane AND state = ANY(:unfinished)"
                " RETURNING id"
            ),
            values,
        )
        .scalars()
        .all()
    )
    connection.execute(
        sa.text(
            "UPDATE udsync.sync_queue SET state = 'superseded' WHERE tenant_id = :tenant"
            " AND plan_id = ANY(:plans) AND kind = 'batch'"
            " AND state IN ('planned', 'approved', 'sent')"
        ),
        {"tenant": tenant_id, "plans": list(superseded)},
    )
    _end_writes(connection, tenant_id, lane)


def _end_writes(connection: sa.Connection, tenant_id: UUID, lane: str) -> None:
    """What no process works on any more: not sent is planned anew, sent is looked for.

    The lane is held, so that nobody else can be sending now.
    """
    connection.execute(
        sa.text(
            "UPDATE udsync.sync_queue SET state = CASE state WHEN 'sent' THEN 'unknown'"
            " ELSE 'superseded' END WHERE tenant_id = :tenant AND kind = 'record'"
            " AND state IN ('planned', 'approved', 'sent') AND plan_id IN"
            " (SELECT id FROM udsync.plans WHERE tenant_id = :tenant AND lane = :lane"
            " AND NOT is_dry_run)"
        ),
        {"tenant": tenant_id, "lane": lane},
    )


def _plan(row: Any) -> Plan:
    return Plan(
        id=row.id,
        tenant_id=row.tenant_id,
        lane=row.lane,
        source_connection_id=row.source_connection_id,
        options=_options(row.options),
        trigger=row.trigger,
        state=PlanState(row.state),
        plan_hash=row.plan_hash,
        approved_by=row.approved_by,
        counts=row.counts,
        run_id=row.run_id,
        error=row.error,
        created_at=row.created_at,
        finished_at=row.finished_at,
    )


def _options(stored: Mapping[str, Any]) -> SyncOptions:
    window = stored["window"]
    return SyncOptions(
        window=Window(
            full=window["full"],
            since=_instant(window["since"]),
            until=_instant(window["until"]),
            accept_deletions=window["accept_deletions"],
            of_creation=window.get("of_creation", False),
        ),
        dry_run=stored["dry_run"],
        approve=Approval(stored["approve"]),
        ask_above=stored["ask_above"],
    )


def _instant(stored: str | None) -> datetime | None:
    return None if stored is None else datetime.fromisoformat(stored)


def _receipt(outcome: Outcome) -> Mapping[str, int]:
    receipt = outcome.receipt
    return {
        "created": receipt.created,
        "updated": receipt.updated,
        "unchanged": receipt.unchanged,
        "refused": len(receipt.rejected),
    }


def _json(value: object) -> str:
    return orjson.dumps(value).decode()
