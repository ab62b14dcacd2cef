"""A shop, the books of a company and an engine between them, put together for tests."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID, uuid4

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.mapping import Profile
from udsync_pipelines.posting.exchange import NO_RATES, Rates
from udsync_pipelines.posting.policy import PostingPolicy
from udsync_pipelines.sync.books.target import BooksTarget, no_question
from udsync_pipelines.sync.books.writes import Key, Role, Write
from udsync_pipelines.sync.engine import SyncEngine, SyncReport
from udsync_pipelines.sync.plan import Intent, Parked, Plan, SyncOptions
from udsync_pipelines.sync.records import Window
from udsync_pipelines.sync.target import Target
from udsync_pipelines_tests.posting.books import POLICY
from udsync_pipelines_tests.sync.books.company import MemoryBooks, key_of
from udsync_pipelines_tests.sync.books.memory import BooksLedger, MemoryWatch, MemoryWrites
from udsync_pipelines_tests.sync.books.shop import BooksShop
from udsync_pipelines_tests.sync.memory import MemoryArchive, Process

FULL = SyncOptions(window=Window(full=True))
DRY = SyncOptions(dry_run=True)
HORIZON = timedelta(minutes=5)
EVERY = timedelta(hours=1)
"""How often the books are followed."""


@dataclass
class BooksWorld:
    """A shop and one company, with an engine that can be run, killed, and run again."""

    process: Process = field(default_factory=Process)
    shop: BooksShop = field(default_factory=BooksShop)
    policy: PostingPolicy | None = POLICY
    policy_version: str = "policy-1"
    profiles: Mapping[Entity, Profile] = field(default_factory=dict)
    workers: int = 1
    source_id: UUID = field(default_factory=uuid4)
    target_id: UUID = field(default_factory=uuid4)
    others: Sequence[Target] = ()
    rates: Rates = NO_RATES
    before_first_posting: Callable[[], None] = no_question
    left_to_books: Collection[str] = ()
    trigger: str = "manual"

    def __post_init__(self) -> None:
        self.archive = MemoryArchive(self.process)
        self.ledger = BooksLedger(self.process)
        self.books = MemoryBooks(self.process, lambda: self.ledger.now)
        self.writes = MemoryWrites(self.ledger, self.source_id)
        self.watch = MemoryWatch(self.ledger)

    def target(self) -> BooksTarget:
        """The books as they would be opened now; the policy may differ between syncs."""
        return BooksTarget(
            connection_id=self.target_id,
            platform="quickbooks",
            books=self.books,
            ledger=self.writes,
            policy=self.policy,
            policy_version=self.policy_version,
            profiles=self.profiles,
            horizon=HORIZON,
            watch=self.watch,
            clock=lambda: self.ledger.now,
            follow_every=EVERY,
            workers=self.workers,
            rates=self.rates,
            before_first_posting=self.before_first_posting,
            left_to_books=self.left_to_books,
        )

    def engine(self) -> SyncEngine:
        """An engine, as every process makes its own."""
        return SyncEngine(
            source=self.shop,
            source_connection_id=self.source_id,
            archive=self.archive,
            ledger=self.ledger,
            targets=[self.target(), *self.others],
            reached=self.process.reached,
            counted_every=0.0,
        )

    def planned(self, options: SyncOptions | None = None, lane: str = "orders") -> Plan:
        """A sync up to its plan."""
        engine = self.engine()
        plan = engine.open(lane, options or SyncOptions(), trigger=self.trigger)
        engine.extract(plan.id)
        engine.map(plan.id)
        return engine.resolve(plan.id)

    def load(self, plan: Plan) -> SyncReport:
        """What is left of a sync once it is planned; may be repeated."""
        engine = self.engine()
        for target in engine.targets:
            engine.load(plan.id, target.platform)
        return engine.close(plan.id)

    def sync(self, options: SyncOptions | None = None, lane: str = "orders") -> SyncReport:
        """One whole sync of a lane."""
        return self.load(self.planned(options, lane))

    def restart(self) -> None:
        """A new process takes over; it sees what was written."""
        self.process.is_dead = False
        self.process.dies_at, self.process.dies_where = 0, ""
        self.process.passed.clear()

    def die_at(self, point: str, passage: int = 1) -> None:
        """Let the process die at the nth passage of a point."""
        self.process.passed.clear()
        self.process.dies_where, self.process.dies_at = point, passage

    def wait(self, time: timedelta = HORIZON) -> None:
        """Let time pass."""
        self.ledger.now += time

    def counts(self, report: SyncReport) -> dict[str, object]:
        """What a sync counted about the books, but for zeros."""
        return {
            name.removeprefix("quickbooks."): number
            for name, number in report.plan.counts.items()
            if name.startswith("quickbooks.") and number
        }

    def parked(self) -> dict[str, Parked]:
        """What is parked, by `entity/id`."""
        return {
            f"{entity}/{source_id}": parked
            for (_, _, entity, source_id), (parked, _) in self.ledger.parked.items()
        }

    def codes(self) -> dict[str, str]:
        """Why each parked record is, by `entity/id`."""
        return {name: parked.code for name, parked in self.parked().items()}

    def plan_writes(self, plan: Plan) -> list[Write]:
        """The writes of a plan."""
        return self.ledger.of_plan(plan.id)

    def batches(self, plan: Plan) -> list[Intent]:
        """The batches of a plan."""
        return list(self.ledger.intents(plan.id))


def sale_of(source_id: int) -> Key:
    """The key of an order's sale."""
    return Key(Entity.ORDER, str(source_id), Role.SALE)


def markers(world: BooksWorld, kind: str = "sales_receipt") -> list[str]:
    """The records, as `order/1`, that documents of a kind stand for, whatever their issue."""
    names = (key_of(one.draft).rpartition(":")[2] for one in world.books.of(kind))
    return [name.partition("#")[0] for name in names]
