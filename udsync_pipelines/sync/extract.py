"""Read a source into the archive, a page and its bookmark at a time."""

from collections import Counter
from collections.abc import Iterator

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.sync.plan import Plan
from udsync_pipelines.sync.ports import Archive, Source
from udsync_pipelines.sync.records import READ
from udsync_pipelines.sync.target import Reached


def extract(
    plan: Plan, entity: Entity, source: Source, archive: Archive, reached: Reached
) -> Iterator[Counter[str]]:
    """Read what the plan's window asks for; after each page, its calls and what they brought.

    Each page is one transaction: a crash costs at most the pages that were not yet archived.

    Raises:
        RetryableError, ConfigurationError: see `Source.read`; what was archived stays.
    """
    window = plan.options.window
    bookmark = archive.bookmark(entity, window.purpose or READ)
    pages = source.read(entity, bookmark, window, archive.known(entity))
    for page in pages:
        reached("page.read")
        receipt = archive.store(page, plan.id, window.purpose)
        reached("page.archived")
        yield Counter(
            calls=page.calls,
            read=receipt.read,
            changed=receipt.changed,
            unchanged=receipt.read - receipt.changed,
            deleted=receipt.deleted,
        )
