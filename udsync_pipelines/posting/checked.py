"""Which orders were looked for in the books before they were posted."""

from dataclasses import dataclass
from datetime import datetime

from udsync_pipelines.domain.order import Order
from udsync_pipelines.posting.compose import reason_to_skip
from udsync_pipelines.posting.policy import PostingPolicy


@dataclass(frozen=True, slots=True)
class Checked:
    """How far the orders of a shop were checked against what the books hold already.

    `through` is the last change of an order that was seen, by its number in the archive, and
    `policy` the one that said which of them would be posted. Nobody has typed in by hand, or
    brought by another program that is switched off since, what was sold after `live_since`.
    """

    through: int
    live_since: datetime
    policy: PostingPolicy

    def covers(self, order: Order, change: int) -> bool:
        """Whether an order as of this change need not be looked for in the books any more.

        What a former policy left out was not looked for: it is when a new one lets it in.
        """
        if order.created_at >= self.live_since:
            return True
        return change <= self.through and reason_to_skip(order, self.policy) is None

    def begins_at(self, policy: PostingPolicy) -> int:
        """After which change orders are that may not be covered under this policy."""
        return self.through if policy == self.policy else 0
