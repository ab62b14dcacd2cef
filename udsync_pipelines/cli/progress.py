"""How far a sync has come, shown while it runs; silent when nobody looks."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from udsync_pipelines.cli.output import console
from udsync_pipelines.orchestration.posted import planned, posted
from udsync_pipelines.sync.entities import lane_named
from udsync_pipelines.sync.plan import Plan

REFRESH_SECONDS = 0.5


@contextmanager
def showing(plans: Callable[[], Sequence[Plan]]) -> Iterator[None]:
    """Show the counts of these plans while the block runs, on a terminal only."""
    if not console.is_terminal:
        yield
        return
    ended = threading.Event()
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        # What others write to the error stream stays where the caller has led it.
        redirect_stderr=False,
    ) as progress:
        watcher = threading.Thread(target=_watch, args=(progress, plans, ended), daemon=True)
        watcher.start()
        try:
            yield
        finally:
            ended.set()
            watcher.join()


def _watch(progress: Progress, plans: Callable[[], Sequence[Plan]], ended: threading.Event) -> None:
    task = progress.add_task("starting", total=None)
    while not ended.wait(REFRESH_SECONDS):
        found = plans()
        if found:
            progress.update(task, description=_line(found[-1]))


def _line(plan: Plan) -> str:
    counted = (
        f"{entity}s: {plan.counts.get(f'{entity}.read', 0)} read, "
        f"{plan.counts.get(f'{entity}.mapped', 0)} mapped, "
        f"{_written(plan, entity.value)} written"
        for entity in lane_named(plan.lane).entities
    )
    return f"{plan.lane} · " + " · ".join([*counted, *_posted(plan)])


def _posted(plan: Plan) -> list[str]:
    """How far the books have come: what is written of what is planned."""
    due = sum(one.written for one in planned(plan.counts).values())
    done = sum(one.touched for one in posted(plan.counts).values())
    return [f"books: {done} of {due} written"] if due or done else []


def _written(plan: Plan, entity: str) -> int:
    return sum(
        number
        for name in ("created", "updated")
        if isinstance(number := plan.counts.get(f"{entity}.{name}", 0), int)
    )
