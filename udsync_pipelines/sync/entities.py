"""What is synced, in which order, and where it flows: jobs and choices derive from this table."""

from dataclasses import dataclass

from udsync_pipelines.domain.identity import Entity


@dataclass(frozen=True, slots=True)
class Lane:
    """What one sync job moves: an entity with the records that belong to it, parents first.

    Only one sync of a lane runs for a tenant at a time.
    """

    name: str
    entities: tuple[Entity, ...]

    @property
    def singular(self) -> str:
        """The lane's leading entity, for names such as `resolve_order_conflicts`."""
        return self.entities[0].value


LANES = (
    Lane("customers", (Entity.CUSTOMER,)),
    Lane("products", (Entity.PRODUCT, Entity.VARIATION)),
    Lane("orders", (Entity.ORDER, Entity.REFUND)),
)
"""In the order in which `sync_all` runs them: what orders refer to comes first."""

PARENTS = {Entity.VARIATION: Entity.PRODUCT, Entity.REFUND: Entity.ORDER}
"""Which entity a record of this entity belongs to, where it belongs to one."""

DESTINATIONS = ("supabase", "quickbooks")
"""The platforms that records are loaded into, each with its own load op and its own progress."""


def lane_named(name: str) -> Lane:
    """The lane of this name.

    Raises:
        KeyError: there is none.
    """
    return {lane.name: lane for lane in LANES}[name]
