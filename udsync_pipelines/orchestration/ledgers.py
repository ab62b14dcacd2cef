"""Which ledgers a load reports to the asset catalogue: each one once a run, with the whole of it.

Customers are made by the customers' and the orders' lane, items by the products' and the orders'.
In a run of several lanes the last of them reports for all.
"""

from collections.abc import Collection, Mapping, Sequence

from udsync_pipelines.orchestration.posted import LEDGERS, Posted, added, less, posted
from udsync_pipelines.sync.entities import LANES
from udsync_pipelines.sync.plan import Plan

WRITTEN_BY: Mapping[str, Collection[str]] = {
    "customers": ("customer",),
    "products": ("item",),
    "orders": tuple(LEDGERS),
}
"""Lane → the kinds of objects that it writes in the books."""

LEDGER_PLATFORM = "quickbooks"


def to_report(
    before: Plan, after: Plan, of_run: Sequence[Plan], lanes: Collection[str]
) -> dict[str, Posted]:
    """Kind → what this run did to it, of the kinds that no later lane of the run writes.

    `before` and `after` are the plan as it was when its load began and as it is now, `of_run` the
    plans that the run opened and `lanes` the names of the lanes whose loads are part of the run.
    """
    was_loaded = f"seconds.load_to_{LEDGER_PLATFORM}" in before.counts
    done = posted(after.counts)
    own = less(done, posted(before.counts)) if was_loaded else done
    earlier = [posted(plan.counts) for plan in of_run if plan.lane in lanes and plan.id != after.id]
    later = {kind for lane in _after(after.lane) if lane in lanes for kind in WRITTEN_BY[lane]}
    return {
        kind: one
        for kind, one in added([*earlier, own]).items()
        if kind in WRITTEN_BY[after.lane] and kind not in later and one.touched
    }


def _after(lane: str) -> list[str]:
    names = [each.name for each in LANES]
    return names[names.index(lane) + 1 :]
