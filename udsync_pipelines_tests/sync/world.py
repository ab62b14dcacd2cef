"""A shop, an engine and its destinations, put together for tests."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from uuid import UUID, uuid4

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.mapping import Profile, load_profile
from udsync_pipelines.sync.engine import SyncEngine, SyncReport
from udsync_pipelines.sync.plan import Intent, Plan, SyncOptions
from udsync_pipelines.sync.records import MappedRecord, Row
from udsync_pipelines.sync.rows import RowTarget
from udsync_pipelines_tests.sync.memory import (
    MemoryArchive,
    MemoryDestination,
    MemoryLedger,
    Process,
)
from udsync_pipelines_tests.sync.shop import Shop

TO_ROWS = "woocommerce_to_rows"


@cache
def profile(entity: Entity, **targets: str) -> Profile:
    """A profile with one table: target column → source path."""
    rules = [{"target": target, "source": source} for target, source in targets.items()]
    table = {"table": f"{entity}s", "rules": rules}
    return load_profile({"entity": entity.value, "directions": {TO_ROWS: [table]}})


def order_profile(**more: str) -> Profile:
    """The profile of orders, with more columns."""
    return profile(Entity.ORDER, id="id", total="total.amount", **more)


def refund_profile() -> Profile:
    """The profile of refunds."""
    return profile(Entity.REFUND, id="id", order_id="order_id", amount="amount.amount")


def default_rows() -> dict[Entity, Profile]:
    """The profiles of the lane `orders`."""
    return {Entity.ORDER: order_profile(), Entity.REFUND: refund_profile()}


@dataclass
class World:
    """A shop and one destination, with an engine that can be run, killed, and run again."""

    process: Process = field(default_factory=Process)
    shop: Shop = field(default_factory=Shop)
    profiles: Mapping[Entity, Profile] = field(default_factory=default_rows)
    source_id: UUID = field(default_factory=uuid4)
    target_id: UUID = field(default_factory=uuid4)
    others: list[RowTarget] = field(default_factory=list)
    counted_every: float = 0.0

    def __post_init__(self) -> None:
        self.archive = MemoryArchive(self.process)
        self.ledger = MemoryLedger(self.process)
        self.destination = MemoryDestination(self.process)

    def engine(self) -> SyncEngine:
        """The engine as it is now; profiles may differ from one sync to the next."""
        target = RowTarget(self.target_id, "supabase", self.destination, self.profiles)
        return SyncEngine(
            source=self.shop,
            source_connection_id=self.source_id,
            archive=self.archive,
            ledger=self.ledger,
            targets=[target, *self.others],
            reached=self.process.reached,
            counted_every=self.counted_every,
        )

    def sync(self, options: SyncOptions | None = None) -> SyncReport:
        """One whole sync of orders and their refunds."""
        engine = self.engine()
        plan = self.planned(options)
        for target in engine.targets:
            engine.load(plan.id, target.platform)
        return engine.close(plan.id)

    def planned(self, options: SyncOptions | None = None) -> Plan:
        """A sync up to its plan."""
        engine = self.engine()
        plan = engine.open("orders", options or SyncOptions())
        engine.extract(plan.id)
        engine.map(plan.id)
        return engine.resolve(plan.id)

    def restart(self) -> None:
        """A new process takes over; it sees what was written."""
        self.process.is_dead = False
        self.process.dies_at, self.process.dies_where = 0, ""
        self.process.passed.clear()

    def intents(self, plan: Plan) -> list[Intent]:
        """The batches of a plan."""
        return list(self.ledger.intents(plan.id))

    def row(self, entity: Entity, source_id: int) -> Row | None:
        """The root row that the destination holds."""
        found: MappedRecord | None = self.destination.held.get((entity, str(source_id)))
        return None if found is None else found.root

    def totals(self) -> dict[str, str]:
        """The destination's orders that are not marked as deleted, with their totals."""
        return {
            source_id: str(record.root["total"])
            for (entity, source_id), record in self.destination.held.items()
            if entity is Entity.ORDER and record.deleted_at is None
        }
