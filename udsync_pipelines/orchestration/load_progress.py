"""What a long load into the books tells while it runs: a line in the run's log now and then."""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID

import dagster as dg

from udsync_pipelines.services.engines import TenantEngine
from udsync_pipelines.services.quota import Quota
from udsync_pipelines.store.repositories.counted_calls import Calls
from udsync_pipelines.store.repositories.write_counts import WritesSoFar

FIRST_AFTER = 60.0
"""Seconds until the first line: most loads end before it."""

THEN_EVERY = 600.0
"""Seconds between lines: Dagster keeps each as an event."""


@contextmanager
def telling_progress(
    context: dg.OpExecutionContext, tenant: TenantEngine, plan_id: UUID
) -> Iterator[None]:
    """Log how far the load is while it runs inside; a load that ends soon says nothing."""
    ended = threading.Event()

    def tell() -> None:
        wait = FIRST_AFTER
        while not ended.wait(wait):
            wait = THEN_EVERY
            line = progress_line(tenant.written(plan_id), tenant.quotas(), datetime.now(UTC))
            context.log.info(line)

    teller = threading.Thread(target=tell, name="progress", daemon=True)
    teller.start()
    try:
        yield
    finally:
        ended.set()
        teller.join()


def progress_line(
    written: WritesSoFar, companies: Iterable[tuple[Quota, Calls]], now: datetime
) -> str:
    """Orders and writes done of all, the end, the run's calls, and what the month has left."""
    left = written.seconds_left
    ends = "" if left is None else f"; done at {now + timedelta(seconds=left):%Y-%m-%d %H:%M} UTC"
    parts = [
        f"{written.sales:,} of {written.sales + written.due_sales:,} orders, "
        f"{written.writes:,} of {written.writes + written.due:,} writes{ends}"
    ]
    parts += [
        f"{made.calls:,} calls, {made.metered:,} of them metered; {quota.left:,} metered calls "
        "are left this month"
        for quota, made in companies
    ]
    return ". ".join(parts) + "."
