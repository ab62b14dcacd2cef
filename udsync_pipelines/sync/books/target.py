"""The books as a target of syncs: plan what they lack, match, post, and prove it.

In reading order: `drafting` and `planning` (map), `matching` and `resolving` (resolve),
`carrying_out` (load).
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines.mapping.profile import Profile
from udsync_pipelines.posting.exchange import NO_RATES, Rates
from udsync_pipelines.posting.policy import PostingPolicy
from udsync_pipelines.sync.books.carrying_out import Poster
from udsync_pipelines.sync.books.drafting import Drafter
from udsync_pipelines.sync.books.following import Follower, Watch
from udsync_pipelines.sync.books.matching import Matcher
from udsync_pipelines.sync.books.planning import BatchPlanner, Planned
from udsync_pipelines.sync.books.ports import Books, WriteLedger
from udsync_pipelines.sync.books.resolving import Resolver
from udsync_pipelines.sync.books.writes import Key
from udsync_pipelines.sync.due import Due
from udsync_pipelines.sync.plan import Action, Intent, IntentState, Parked
from udsync_pipelines.sync.rows import counted
from udsync_pipelines.sync.target import Counts, Sync

IN_FLIGHT = 9
"""Writes at a time; one of the ten requests that a company may have in flight is left free."""

BY_POLICY = (Entity.ORDER, Entity.REFUND)
"""What the posting policy may leave out."""

ALLOWANCE_SPENT = "allowance_spent"
"""The code of books that may be written to and not read for the rest of the month."""

OLDEST_FOR_PARKED = timedelta(hours=6)
"""How old the lists may be with which a run that nobody started by hand tries parked records."""

DOCUMENT_COUNTS = (
    *("created", "updated", "voided", "linked", "found", "kept", "rejected", "unknown"),
)


def no_question() -> None:
    """Nothing has to be decided before orders are posted."""


@dataclass(frozen=True, slots=True)
class BooksTarget:
    """A company's books as a target.

    Counts are named `platform.kind.count`: kinds are `customer`, `item` and the kinds of
    document, and, for records that are planned or parked, the shop's entities. `cents.CAD` counts
    the money posted. `before_first_posting` is called before orders are posted and may refuse;
    the orders of `left_to_books` are in the books by another hand, and never posted.
    """

    connection_id: UUID
    platform: str
    books: Books
    ledger: WriteLedger
    policy: PostingPolicy | None
    policy_version: str
    profiles: Mapping[Entity, Profile]
    horizon: timedelta
    watch: Watch
    clock: Callable[[], datetime]
    follow_every: timedelta
    workers: int = IN_FLIGHT
    rates: Rates = NO_RATES
    before_first_posting: Callable[[], None] = no_question
    left_to_books: Collection[str] = frozenset()

    @property
    def version(self) -> str:
        """The versions of the posting policy and of the mapping profiles."""
        profiles = (profile.version for profile in self.profiles.values())
        return "|".join((self.policy_version, *profiles))

    def check_writable(self) -> None:
        """Refuse when the company may only be read."""
        self.books.check_writable()

    def map(self, sync: Sync, position: int) -> Iterator[tuple[int, Counts]]:
        """Compose what is due; plan the documents and the customers and items that they need.

        Writes of earlier syncs whose answer was lost are looked up first, and finished: what was
        posted to be compared, and came out otherwise, is deleted then, as its own load would have.

        Raises:
            ConfigurationError: no posting policy was accepted.
        """
        policy = self._policy()
        planned = Planned(position)
        doubts = self._settle_doubts(sync)
        planned.in_doubt = frozenset(doubts)
        self._follow(sync)
        self._renew(sync)
        yield position, self._zeros(sync)
        for entity in sync.entities:
            for batch, newly_parked, counts in self._plan(sync, entity, policy, planned, doubts):
                yield (
                    planned.position,
                    self._named(
                        entity.value,
                        {"parked": newly_parked, "mapped": len(batch.records), **counts},
                    ),
                )

    def resolve(self, sync: Sync) -> Iterator[Counts]:
        """Match new customers and items with the books; decide what each batch will do."""
        resolver = Resolver(Matcher(self.books, self.ledger, self._policy()))
        for batch in self._batches(sync, IntentState.PLANNED):
            writes = self.ledger.writes(batch.id, IntentState.PLANNED)
            resolved, decided, newly = resolver.resolve(batch, writes)
            newly_parked = self.ledger.resolve_batch(
                resolved, decided, newly, park=not sync.plan.options.dry_run
            )
            sync.reached("books.planned")
            counts = Counter(
                f"{self.platform}.{write.kind}.{write.action}"
                for write in decided
                if write.state is not IntentState.REJECTED
            )
            counts[f"{self.platform}.{batch.entity}.unmatched"] += newly_parked
            counts[f"{self.platform}.{batch.entity}.skip"] += resolved.count(Action.SKIP)
            yield counts

    def digests(self, plan_id: UUID) -> Iterator[bytes]:
        """The digest of every write."""
        return self.ledger.digests(plan_id)

    def load(self, sync: Sync) -> Iterator[Counts]:
        """Post the approved batches, compare each answer, and bind what arrived."""
        yield {
            name: counted(sync.plan, name)
            for name in sync.plan.counts
            if name.startswith(f"{self.platform}.") and _is_of_load(name)
        }
        poster = self._poster(sync)
        is_free = Entity.ORDER not in sync.entities
        for batch in self._batches(sync, IntentState.APPROVED, IntentState.SENT):
            if not is_free and self.ledger.writes(batch.id, IntentState.APPROVED):
                self.before_first_posting()
                is_free = True
            sync.ledger.move_intent(batch, IntentState.SENT)
            try:
                counts, newly_parked = poster.load(batch)
            except BaseException:
                yield self._prefixed(poster.take_counts())
                raise
            yield {
                **self._prefixed(counts),
                f"{self.platform}.{batch.entity}.refused": newly_parked,
            }

    def _plan(
        self,
        sync: Sync,
        entity: Entity,
        policy: PostingPolicy,
        planned: Planned,
        doubts: Mapping[Key, Parked],
    ) -> Iterator[tuple[Intent, int, Counts]]:
        deviations = self.watch.deviations(entity)
        # The refunds of an order that was posted before follow every change of it.
        edited = planned.edited if entity is Entity.REFUND else ()
        children = sync.archive.children(entity, edited) if edited else ()
        also = {key.source_id for key in deviations} | {one.source_id for one in children}
        # Another policy may post what the former one left out; what is posted stays as it is.
        rules = self.policy_version if entity in BY_POLICY else None
        due = Due(sync.plan, entity, self.connection_id, sync.archive, sync.ledger, rules, also)
        doubted = {key.source_id: one for key, one in doubts.items() if key.entity is entity}
        for records, last_seq in due.batches():
            company = self.books.company()
            left = [record for record in records if record.source_id not in doubted]
            drafter = Drafter(
                sync.source,
                sync.archive,
                policy,
                company,
                self.profiles,
                left,
                self.rates,
                self.left_to_books,
            )
            planner = BatchPlanner(
                sync,
                entity,
                self.connection_id,
                self.books,
                self.ledger,
                drafter,
                planned,
                deviations,
            )
            batch, writes = planner.plan(left, last_seq)
            if not sync.plan.options.dry_run:
                self.watch.agree(planner.agreed)
            # Parked, it stays due until it is known what became of it.
            waiting = [
                replace(doubted[record.source_id], content_hash=record.content_hash)
                for record in records
                if record.source_id in doubted
            ]
            batch = replace(batch, parked=(*batch.parked, *waiting))
            newly_parked = self.ledger.plan_batch(batch, writes, park=not sync.plan.options.dry_run)
            sync.reached("books.mapped")
            yield batch, newly_parked, planner.counts

    def _follow(self, sync: Sync) -> None:
        """See what others did to our documents, but in a dry run, which remembers nothing."""
        if sync.plan.options.dry_run:
            return
        follower = Follower(
            self.books, self.watch, self.ledger.last_draft, self.clock(), self.follow_every
        )
        try:
            seen = follower.follow()
        except ConfigurationError as error:
            if error.code != ALLOWANCE_SPENT:
                raise
            seen = Counter(skipped=1)  # what needs no look into the books is posted nevertheless
        sync.ledger.count(
            sync.plan.id,
            {f"{self.platform}.followed.{name}": number for name, number in seen.items()},
        )

    def _renew(self, sync: Sync) -> None:
        """What keeps a record parked may have been cured in the books: a person looks at once."""
        source = sync.plan.source_connection_id
        if any(sync.ledger.parked_ids(self.connection_id, source, one) for one in sync.entities):
            self.books.renew(timedelta(0) if sync.plan.is_by_hand else OLDEST_FOR_PARKED)

    def _settle_doubts(self, sync: Sync) -> Mapping[Key, Parked]:
        """Look for every write whose answer was lost, but in a dry run; the records that wait."""
        poster = self._poster(sync)
        settle = poster.in_doubt if sync.plan.options.dry_run else poster.settle_doubt
        found = {write.key: settle(write) for write in self.ledger.doubts(sync.plan.lane)}
        sync.ledger.count(sync.plan.id, self._prefixed(poster.take_counts()))
        return {key: parked for key, parked in found.items() if parked is not None}

    def _poster(self, sync: Sync) -> Poster:
        return Poster(
            self.books,
            self.ledger,
            self.watch,
            sync.reached,
            self.horizon,
            self.workers,
            self.policy_version,
        )

    def _policy(self) -> PostingPolicy:
        if self.policy is None:
            raise ConfigurationError(
                "no posting policy was accepted, so nothing can be posted to the books.",
                code="policy_missing",
                platform=self.platform,
                cure="udsync policy propose --tenant …; look at it; then udsync policy accept.",
            )
        return self.policy

    def _batches(self, sync: Sync, *states: IntentState) -> Iterator[Intent]:
        for batch in sync.ledger.intents(sync.plan.id, *states):
            if batch.target_connection_id == self.connection_id:
                yield batch

    def _zeros(self, sync: Sync) -> Counts:
        names = ("parked", "mapped")
        return {f"{self.platform}.{one}.{name}": 0 for one in sync.entities for name in names}

    def _named(self, kind: str, counts: Counts) -> Counts:
        return {f"{self.platform}.{kind}.{name}": number for name, number in counts.items()}

    def _prefixed(self, counts: Counts) -> dict[str, int]:
        return {f"{self.platform}.{name}": number for name, number in counts.items()}


def _is_of_load(name: str) -> bool:
    """Whether a load counts this: one that is taken up again goes on counting."""
    return ".cents." in name or name.rpartition(".")[2] in (*DOCUMENT_COUNTS, "refused", "unequal")
