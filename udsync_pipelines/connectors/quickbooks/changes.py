"""What others did in a company's books since a time, by change data capture.

The feed looks 30 days back and gives at most 1000 objects in one answer, without saying which it
leaves out and without a second page. It has a beginning and no end: asking from a later time on
would shorten the answer and lose what came before that time. So an answer that is nearly full is
thrown away and its entities are asked for in halves; one entity that alone has too much to tell is
named, and whoever asks compares its objects one by one, which also finds those that are gone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from udsync_pipelines.connectors.quickbooks.client import QuickBooksClient
from udsync_pipelines.connectors.quickbooks.entities import BookEntity
from udsync_pipelines.connectors.quickbooks.query import Query, one_of
from udsync_pipelines.connectors.quickbooks.wire import Row

FARTHEST_BACK = timedelta(days=29)
"""A day less than Intuit's 30, for clocks differ."""

NEARLY_FULL = 950
"""Objects in an answer from which on some may be missing; Intuit's limit is 1000."""

IDS_IN_A_QUERY = 200
"""So that the address stays below 5,000 characters."""

_DELETED = "Deleted"


@dataclass(frozen=True, slots=True)
class Changed:
    """The rows that changed, by entity, and the entities of which too many did to be told.

    `at` is QuickBooks' own time of the first answer.
    """

    rows: Mapping[BookEntity, Sequence[Row]]
    too_many: frozenset[BookEntity] = frozenset()
    at: datetime | None = None


def changed_since(
    client: QuickBooksClient, entities: Sequence[BookEntity], since: datetime
) -> Changed:
    """Everything of these entities that changed at or after a time within the last 30 days.

    A metered read; where the answer is nearly full, two more for its halves, and so on.
    """
    found, at = client.changes(entities, since)
    if sum(map(len, found.values())) < NEARLY_FULL:
        return Changed(found, at=at)
    if len(entities) == 1:
        return Changed({}, frozenset(entities), at)
    middle = len(entities) // 2
    first = changed_since(client, entities[:middle], since)
    second = changed_since(client, entities[middle:], since)
    return Changed({**first.rows, **second.rows}, first.too_many | second.too_many, at)


def objects_with(
    client: QuickBooksClient, entity: BookEntity, identifiers: Sequence[str]
) -> Mapping[str, Row]:
    """Those of these objects that the books have, by id, inactive ones too.

    A metered read for each 200. What is missing may only be invisible: read it by its id.
    """
    found: dict[str, Row] = {}
    for start in range(0, len(identifiers), IDS_IN_A_QUERY):
        some = identifiers[start : start + IDS_IN_A_QUERY]
        query = Query(entity, (one_of("Id", some),), with_inactive=True)
        found.update((str(row["Id"]), row) for row in client.select(query))
    return found


def is_deleted(row: Row) -> bool:
    """Whether the feed says that the object was deleted, which it has said of living ones too."""
    return row.get("status") == _DELETED
