"""Read a source into the archive, a page and its bookmark at a time."""

from collections import Counter
from collections.abc import Collection, Iterator

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.sync.plan import Plan
from udsync_pipelines.sync.ports import Archive, Source
from udsync_pipelines.sync.records import READ, Page
from udsync_pipelines.sync.target import Reached


def extract(
    plan: Plan,
    entity: Entity,
    source: Source,
    archive: Archive,
    reached: Reached,
    named: Collection[str] = (),
) -> Iterator[Counter[str]]:
    """Read what the plan's window asks for; after each page, its calls and what they brought.

    Each page is one transaction: a crash costs at most the pages that were not yet archived.
    Records that are `named` are read too, each by its id, unless the window has shown them.

    Raises:
        RetryableError, ConfigurationError: see `Source.read`; what was archived stays.
    """
    window, known = plan.options.window, archive.known(entity)
    bookmark = archive.bookmark(entity, window.purpose or READ)
    left = set(named)
    for page in source.read(entity, bookmark, window, known):
        left -= {record.source_id for record in page.records} | set(page.deleted_ids)
        yield _archived(page, plan, archive, reached, window.purpose)
    if left:
        for page in source.named(entity, sorted(left), known):
            yield _archived(page, plan, archive, reached, "")


def _archived(
    page: Page, plan: Plan, archive: Archive, reached: Reached, purpose: str
) -> Counter[str]:
    reached("page.read")
    receipt = archive.store(page, plan.id, purpose)
    reached("page.archived")
    return Counter(
        calls=page.calls,
        read=receipt.read,
        changed=receipt.changed,
        unchanged=receipt.read - receipt.changed,
        deleted=receipt.deleted,
    )
