"""`udsync backfill`: the orders of past months, estimated before and forecast meanwhile."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from udsync_pipelines.cli.options import AsJson, TenantName
from udsync_pipelines.cli.output import ExitCode, emit_json, leave, say
from udsync_pipelines.cli.runs import JobRun, run_job
from udsync_pipelines.cli.summary import count_unsettled, exit_code
from udsync_pipelines.services.backfill_progress import Outlook, stretch_of
from udsync_pipelines.services.backfilling import (
    Checkpoints,
    Month,
    checkpoints,
    counted,
    months_of,
    since_first_sale,
    store_of,
)
from udsync_pipelines.services.estimates import Estimate, estimate
from udsync_pipelines.services.installation import Installation, open_installation
from udsync_pipelines.store.repositories.ledger import PostgresLedger
from udsync_pipelines.store.repositories.tenants import Tenant
from udsync_pipelines.store.repositories.write_counts import so_far
from udsync_pipelines.sync.entities import lane_named
from udsync_pipelines.sync.forecast import Stretch
from udsync_pipelines.sync.plan import PlanState

app = typer.Typer(help="Bring the orders of past months.", no_args_is_help=True)

LOOK_SECONDS = 2.0
LANE, TRIGGER = "orders", "backfill"


@app.callback()
def backfills() -> None:
    """Keep `orders` a command of its own, for Typer would drop the only one's name."""


@app.command("orders")
def orders(
    tenant: TenantName,
    first: Annotated[
        datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="First day of the orders.")
    ],
    last: Annotated[
        datetime, typer.Option("--to", formats=["%Y-%m-%d"], help="Last day of the orders.")
    ],
    only_estimate: Annotated[
        bool, typer.Option("--estimate", help="Say what it would cost, and change nothing.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Bring the orders made between two days, month by month, oldest first.

    It may be stopped at any time: the same command goes on where it was, and reads at most one
    page of the store again.
    """
    with open_installation() as installation:
        owner = installation.tenant(tenant)
        months = months_of(first.date(), last.date(), owner.timezone)
        samples = since_first_sale(counted(installation, owner, months))
        cost = estimate(installation, owner, list(samples.values()))
        if only_estimate:
            _show_estimate(cost, as_json=as_json)
            return
        if not as_json:
            for line in cost.lines():
                say(line)
        held = checkpoints(
            installation, owner, store_of(installation, owner).id, first.date(), last.date()
        )
        held.begin({month.name: sample.orders for month, sample in samples.items()})
        code = Backfill(installation, owner, held, cost, as_json=as_json).run(list(samples))
    if code is not ExitCode.SETTLED:
        raise leave(code)


def _show_estimate(cost: Estimate, *, as_json: bool) -> None:
    if as_json:
        emit_json(cost.as_json())
        return
    for line in cost.lines():
        say(line)


@dataclass(frozen=True)
class Began:
    """When this process has begun with a month, and what others had done of it before."""

    before: Stretch
    at: datetime
    clock: float


class Backfill:
    """One backfill under way."""

    def __init__(
        self,
        installation: Installation,
        owner: Tenant,
        held: Checkpoints,
        cost: Estimate,
        *,
        as_json: bool,
    ) -> None:
        self._installation = installation
        self._owner = owner
        self._held = held
        self._cost = cost
        self._as_json = as_json
        self._ledger = PostgresLedger(installation.state, owner.id)

    def run(self, months: Sequence[Month]) -> ExitCode:
        """Bring every month that is not finished; the exit code of the whole."""
        codes = set[ExitCode]()
        for month in months:
            if month.name in self._held.done():
                continue
            began = Began(self._held.under_way(month.name), datetime.now(UTC), time.monotonic())
            with self._watching(month, began):
                run = self._sync(month)
            code = exit_code(run, count_unsettled(run, self._ledger))
            codes.add(code)
            if any(plan.state is not PlanState.APPLIED for plan in run.plans) or not run.plans:
                self._stopped(month, run)
                return code if code is not ExitCode.SETTLED else ExitCode.FAILED
            self._held.finish(month.name, self._stretch(month, began))
            self._tell(self._outlook())
        codes.add(ExitCode.PARKED if self._has_parked() else ExitCode.SETTLED)
        self._end(codes)
        return max(codes, key=_SEVERITY.index)

    def _sync(self, month: Month) -> JobRun:
        # Imported late: it brings Dagster along, and a second that an estimate spares.
        from udsync_pipelines.orchestration.backfills import NAME, run_config_of

        config = run_config_of(self._owner.name, month)
        return run_job(self._installation, self._owner, NAME, config, entity=LANE, trigger=TRIGGER)

    @contextmanager
    def _watching(self, month: Month, began: Began) -> Iterator[None]:
        """Keep the outlook up to date while a month is brought."""
        ended = threading.Event()

        def watch() -> None:
            while not ended.wait(LOOK_SECONDS):
                stretch = self._stretch(month, began)
                self._held.show(self._outlook(stretch).as_json(), month.name, stretch)

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        try:
            yield
        finally:
            ended.set()
            watcher.join()

    def _stretch(self, month: Month, began: Began) -> Stretch:
        """What was done of a month, by this process and by those that were cut off before it."""
        plan = self._ledger.latest_plan(LANE, TRIGGER)
        written = None
        if plan is not None and plan.created_at >= began.at - timedelta(seconds=1):
            with self._installation.state.tenant(self._owner.id) as transaction:
                written = so_far(transaction, self._owner.id, plan.id)
        seconds = time.monotonic() - began.clock
        now = stretch_of(written, self._held.orders()[month.name], seconds)
        return began.before.continued(now)

    def _outlook(self, running: Stretch | None = None) -> Outlook:
        held = self._held
        return Outlook.of(held.orders(), held.done(), running, self._cost, datetime.now(UTC))

    def _tell(self, outlook: Outlook) -> None:
        self._held.show(outlook.as_json())
        if not self._as_json:
            say(outlook.line())

    def _stopped(self, month: Month, run: JobRun) -> None:
        why = "; ".join(run.reasons) or "see its run"
        if self._as_json:
            emit_json({"ok": False, "month": month.name, "reasons": list(run.reasons)})
        else:
            say(f"Stopped in {month.name}: {why}. The same command goes on from here.")

    def _has_parked(self) -> bool:
        """Whether orders or refunds are parked, by this backfill or before it."""
        store = store_of(self._installation, self._owner)
        entities = lane_named(LANE).entities
        return any(self._ledger.count_parked(store.id, entity) for entity in entities)

    def _end(self, codes: set[ExitCode]) -> None:
        outlook = self._outlook()
        self._held.show(outlook.as_json())
        if self._as_json:
            emit_json({"ok": codes == {ExitCode.SETTLED}, **outlook.as_json()})


_SEVERITY = (
    ExitCode.SETTLED,
    ExitCode.PARKED,
    ExitCode.AWAITING_APPROVAL,
    ExitCode.USAGE,
    ExitCode.FAILED,
)
