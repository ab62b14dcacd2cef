"""Change data capture: what changed since a time, deleted transactions included."""

from collections import defaultdict
from typing import Any

from udsync_pipelines.emulators.quickbooks.clock import PACIFIC, pacific, seconds_of
from udsync_pipelines.emulators.quickbooks.company import Company
from udsync_pipelines.emulators.quickbooks.refusals import missing, refuse, unsupported
from udsync_pipelines.emulators.quickbooks.schema import entity_named
from udsync_pipelines.emulators.quickbooks.shown import shown

Json = dict[str, Any]

_WINDOW = 30 * 86_400
_MOST = 1000
_WITHOUT = ("TaxCode", "TaxRate", "TaxAgency", "JournalCode", "TimeActivity")


def changes_since(company: Company, names: str, since: str) -> list[Json]:
    """Return ``CDCResponse``: at most 1000 objects in all, the rest is silently left out.

    Raises:
        RefusedError: no entities or time (2020), an entity without this (500), a time that is
            none or older than 30 days (4001).
    """
    if not names:
        raise missing("entities")
    if not since:
        raise missing("changedSince")
    try:
        start = seconds_of(since.replace(" ", "+"), PACIFIC)
    except ValueError:
        raise refuse("4001", f"QueryValidationError: {since} is no time") from None
    if start < company.clock.now() - _WINDOW:
        raise refuse("4001", "QueryValidationError: changedSince lies more than 30 days back")
    left = _MOST
    found: list[Json] = []
    for name in names.split(","):
        entity = entity_named(name.strip())
        if entity is None or entity in _WITHOUT:
            raise unsupported(f"cdc {name.strip()}")
        rows = _changed(company, entity, start)[:left]
        left -= len(rows)
        if rows:
            found.append(
                {
                    entity: rows,
                    "startPosition": 1,
                    "maxResults": len(rows),
                    "totalCount": len(rows),
                }
            )
    return [{"QueryResponse": found or [{}]}]


def _changed(company: Company, entity: str, start: float) -> list[Json]:
    rows: dict[str, list[Json]] = defaultdict(list)
    for record_id, document in company.table(entity).items():
        if company.changed_at(entity, record_id) >= start:
            rows[record_id].append(shown(company, entity, document))
    for kind, record_id, at in company.deleted:
        if kind == entity and at >= start:
            tombstone = {"domain": "QBO", "status": "Deleted", "Id": record_id}
            rows[record_id].append({**tombstone, "MetaData": {"LastUpdatedTime": pacific(at)}})
    return [row for found in rows.values() for row in found]
