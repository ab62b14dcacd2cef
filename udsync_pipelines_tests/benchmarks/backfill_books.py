"""Whether the books hold each order of a shop once: its archived orders beside the books' audit."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from udsync_pipelines_tests.benchmarks.backfill_watch import ask
from udsync_pipelines_tests.benchmarks.posting_place import PostingPlace

POSTED_STATUSES = ("processing", "completed", "refunded")
_ORDERS = """
    select count(*) filter (where is_due), count(*) filter (where is_bound),
        count(*) filter (where is_due and not is_bound and not is_parked),
        coalesce(sum((raw ->> 'total')::numeric) filter (where is_bound), 0),
        coalesce(sum((raw ->> 'total_tax')::numeric) filter (where is_bound), 0)
    from (
        select raw.raw, raw.raw ->> 'status' in ('processing', 'completed', 'refunded') as is_due,
            exists (select from udsync.id_mappings bound where bound.entity = 'order'
                and bound.source_id = one.source_id and bound.role = 'sale') as is_bound,
            exists (select from udsync.sync_queue parked where parked.kind = 'parked'
                and parked.state = 'rejected' and parked.entity = 'order'
                and parked.source_id = one.source_id) as is_parked
        from udsync.source_records one
        join udsync.raw_records raw on raw.seq = one.archived_seq
        where one.entity = 'order') orders
"""
_REFUNDS = "select count(*) from udsync.id_mappings where entity = 'refund' and role = 'refund'"


@dataclass(frozen=True)
class Compared:
    """The shop's orders and what the books hold of them; totals and taxes of all together.

    `due` orders have a status that is posted, `bound` ones are posted, `lost` ones are due and
    neither posted nor parked.
    """

    due: int
    bound: int
    lost: int
    refunds: int
    sold: tuple[Decimal, Decimal]
    in_books: tuple[Decimal, Decimal]
    sales: int
    refund_documents: int
    audit: Mapping[str, Any]

    def problems(self) -> Iterator[str]:
        """What is not as it should be, a sentence each."""
        if self.lost:
            yield f"{self.lost} orders are neither posted nor parked"
        if self.bound != self.sales or self.refunds != self.refund_documents:
            yield (
                f"the books hold {self.sales:,} sales for {self.bound:,} orders, and "
                f"{self.refund_documents:,} refunds for {self.refunds:,}"
            )
        if self.sold != self.in_books:
            yield f"total and tax are {self.in_books} in the books and {self.sold} in the shop"
        parts = ("orphans", "unequal", "unapplied_payments")
        unclean = [part for part in parts if self.audit.get(part)]
        if any(self.audit["duplicates"].values()):
            unclean.append("duplicates")
        if unclean:
            yield f"the audit finds {', '.join(unclean)}"

    def line(self) -> str:
        """The figures for a person."""
        return (
            f"books: {self.sales:,} sales for {self.bound:,} orders of {self.due:,} that are due "
            f"({self.due - self.bound - self.lost:,} parked, {self.lost} lost), "
            f"{self.refund_documents:,} refunds for {self.refunds:,}; totals "
            f"{self.in_books[0]:,} and {self.sold[0]:,}, tax {self.in_books[1]:,} and "
            f"{self.sold[1]:,}"
        )


def compare(place: PostingPlace) -> Compared:
    """Count and add up both sides."""
    ((due, bound, lost, total, tax),) = ask(place, _ORDERS)
    ((refunds,),) = ask(place, _REFUNDS)
    audit = place.company.audit()
    sales = _sum(audit, "SalesReceipt", "Invoice")
    return Compared(
        due,
        bound,
        lost,
        refunds,
        (total, tax),
        (sales["total"], sales["tax"]),
        int(sales["count"]),
        int(_sum(audit, "RefundReceipt", "CreditMemo")["count"]),
        audit,
    )


def _sum(audit: Mapping[str, Any], *entities: str) -> Mapping[str, Decimal]:
    rows = [row for entity in entities for row in audit["sums"].get(entity, {}).values()]
    names = ("count", "total", "tax")
    return {name: sum((Decimal(row[name]) for row in rows), Decimal()) for name in names}
