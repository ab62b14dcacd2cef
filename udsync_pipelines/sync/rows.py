"""A target that takes rows: records are mapped by profiles and written in whole batches."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.mapping.profile import Profile
from udsync_pipelines.sync.load import Loader
from udsync_pipelines.sync.mapped import Mapper
from udsync_pipelines.sync.plan import Action, Intent, IntentState, Plan
from udsync_pipelines.sync.planning import Planner
from udsync_pipelines.sync.ports import Destination
from udsync_pipelines.sync.target import Counts, Sync


@dataclass(frozen=True, slots=True)
class RowTarget:
    """A destination of rows with the mapping profiles that lead to it."""

    connection_id: UUID
    platform: str
    destination: Destination
    profiles: Mapping[Entity, Profile]

    @property
    def version(self) -> str:
        """The versions of all its profiles."""
        return "|".join(profile.version for profile in self.profiles.values())

    def check_writable(self) -> None:
        """Refuse when the destination may only be read."""
        self.destination.check_writable()

    def map(self, sync: Sync, position: int) -> Iterator[tuple[int, Counts]]:
        """Map what is due into planned batches; park what cannot be mapped."""
        for entity in self._entities(sync):
            yield position, {f"{entity}.parked": 0, f"{entity}.mapped": 0}
            for intent, newly_parked in self._planner(sync, entity).plan_batches(position):
                position = intent.position + 1
                mapped = len(intent.records)
                yield position, {f"{entity}.parked": newly_parked, f"{entity}.mapped": mapped}

    def resolve(self, sync: Sync) -> Iterator[Counts]:
        """Compare each batch with the rows that the destination holds."""
        for entity in self._entities(sync):
            planner = self._planner(sync, entity)
            yield {f"{entity}.{action}": 0 for action in Action}
            for intent in self._batches(sync, entity, IntentState.PLANNED):
                resolved = planner.resolve(intent)
                yield {f"{entity}.{action}": resolved.count(action) for action in Action}

    def digests(self, plan_id: UUID) -> Iterator[bytes]:
        """Nothing: the batches say it all."""
        yield from ()

    def load(self, sync: Sync) -> Iterator[Counts]:
        """Write each approved batch in one transaction."""
        for entity in self._entities(sync):
            # A load that is taken up again goes on counting.
            yield {
                f"{entity}.{name}": counted(sync.plan, f"{entity}.{name}")
                for name in ("created", "updated", "refused")
            }
            loader = self._loader(sync, entity)
            for intent in self._batches(sync, entity, IntentState.APPROVED, IntentState.SENT):
                receipt, newly_parked = loader.load(intent)
                yield {
                    f"{entity}.created": receipt.created,
                    f"{entity}.updated": receipt.updated,
                    f"{entity}.refused": newly_parked,
                }

    def _entities(self, sync: Sync) -> Iterator[Entity]:
        return (entity for entity in sync.entities if entity in self.profiles)

    def _batches(self, sync: Sync, entity: Entity, *states: IntentState) -> Iterator[Intent]:
        for intent in sync.ledger.intents(sync.plan.id, *states):
            if intent.entity is entity and intent.target_connection_id == self.connection_id:
                yield intent

    def _planner(self, sync: Sync, entity: Entity) -> Planner:
        return Planner(
            plan=sync.plan,
            entity=entity,
            target_connection_id=self.connection_id,
            archive=sync.archive,
            ledger=sync.ledger,
            mapper=Mapper(sync.source, self.profiles[entity]),
            destination=self.destination,
            reached=sync.reached,
        )

    def _loader(self, sync: Sync, entity: Entity) -> Loader:
        return Loader(
            source_connection_id=sync.plan.source_connection_id,
            archive=sync.archive,
            ledger=sync.ledger,
            mapper=Mapper(sync.source, self.profiles[entity]),
            destination=self.destination,
            reached=sync.reached,
        )


def counted(plan: Plan, name: str) -> int:
    """What the plan had counted under this name before."""
    number = plan.counts.get(name)
    return number if isinstance(number, int) else 0
