"""Where records flow: every destination connection plans, compares and loads in its own way."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeAlias
from uuid import UUID

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.sync.plan import Plan
from udsync_pipelines.sync.ports import Archive, Ledger, Source

Reached: TypeAlias = Callable[[str], None]
"""Told the name of each point between two commits; crash tests stop the process there."""

Counts: TypeAlias = Mapping[str, int]
"""Numbers to be added to the plan's, by a dotted name that ends in what was counted."""


@dataclass(frozen=True, slots=True)
class Sync:
    """One sync as its targets see it: the plan, and what it reads from and writes to."""

    plan: Plan
    entities: tuple[Entity, ...]
    source: Source
    archive: Archive
    ledger: Ledger
    reached: Reached


class Target(Protocol):
    """A destination connection. Each step may be repeated; what it did is in the ledger."""

    @property
    def connection_id(self) -> UUID:
        """The connection that is written to."""

    @property
    def platform(self) -> str:
        """The platform's name; one target of a platform takes part in a sync."""

    @property
    def version(self) -> str:
        """Changes with the rules (profiles, policy) by which records become writes."""

    def check_writable(self) -> None:
        """Refuse before anything is read when the connection may only be read.

        Raises:
            ConfigurationError: the connection is read-only.
        """

    def map(self, sync: Sync, position: int) -> Iterator[tuple[int, Counts]]:
        """Store what is due as planned intents, numbered from `position`.

        Yields the next free position with counts, as often as something was stored.
        """

    def resolve(self, sync: Sync) -> Iterator[Counts]:
        """Compare the planned intents with the destination and store what is to be done."""

    def digests(self, plan_id: UUID) -> Iterator[bytes]:
        """What, beside the batches themselves, the plan's hash must cover, in order."""

    def load(self, sync: Sync) -> Iterator[Counts]:
        """Carry out the plan's approved intents."""
