"""The parts of QuickBooks' answers: an object, the rows of a query, an item of a batch."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from udsync_pipelines.connectors.quickbooks.entities import BookEntity
from udsync_pipelines.connectors.quickbooks.fault_rules import Case
from udsync_pipelines.connectors.quickbooks.faults import (
    About,
    error_of_case,
    fault_error,
    faults_in,
)
from udsync_pipelines.connectors.quickbooks.wire import Row
from udsync_pipelines.errors import UdsyncError

_MOST_REPEATED = 10
"""Full pages in a row without a new object that may be met while objects are added."""


def object_of(answer: Row, entity: BookEntity) -> Row:
    """The one object that an answer is about.

    Raises:
        PlatformUnavailableError: it is not there, or has no id.
    """
    found = answer.get(entity)
    if not isinstance(found, dict) or not _has_id(found, entity):
        raise _misshapen(f"no {entity}")
    return found


def _has_id(row: Row, entity: BookEntity) -> bool:
    identifier = row.get("Id")
    return (isinstance(identifier, str) and bool(identifier)) or entity is BookEntity.PREFERENCES


def member_of(answer: Row, name: str) -> Row:
    """A member of an answer that is an object itself.

    Raises:
        PlatformUnavailableError: it is not there.
    """
    found = answer.get(name)
    if not isinstance(found, dict):
        raise _misshapen(f"no {name}")
    return found


def rows_of(response: Row, entity: BookEntity) -> Sequence[Row]:
    """The rows of a query; QuickBooks leaves the list out when there are none.

    Raises:
        PlatformUnavailableError: they are no objects with ids, or of another entity: the answer
            to another question.
    """
    rows = response.get(entity)
    if rows is None:
        rows = next((found for found in response.values() if isinstance(found, list)), [])
        if rows:
            raise _misshapen(f"the answer to another question than that for {entity}")
    if not isinstance(rows, list) or not all(
        isinstance(row, dict) and _has_id(row, entity) for row in rows
    ):
        raise _misshapen(f"something else than a list of {entity}")
    return rows


def count_of(response: Row, entity: BookEntity) -> int:
    """How many objects a query of `COUNT(*)` found.

    Raises:
        PlatformUnavailableError: the answer does not say.
    """
    found = response.get("totalCount")
    if isinstance(found, bool) or not isinstance(found, int) or found < 0:
        raise _misshapen(f"no count of {entity}")
    return found


def changed_rows(answer: Row, entities: Sequence[BookEntity]) -> Mapping[BookEntity, Sequence[Row]]:
    """The rows of change data capture by entity; QuickBooks leaves out what did not change.

    A deleted object is a row that holds its id and the status `Deleted`, nothing else.

    Raises:
        PlatformUnavailableError: the answer is no such list.
    """
    parts = answer.get("CDCResponse")
    if not isinstance(parts, list) or not all(isinstance(part, dict) for part in parts):
        raise _misshapen("no changes")
    lists = [part.get("QueryResponse", []) for part in parts]
    if not all(isinstance(found, list) for found in lists):
        raise _misshapen("something else than a list of changes")
    responses = [one for found in lists for one in found]
    if not all(isinstance(one, dict) for one in responses):
        raise _misshapen("something else than changes")
    return {
        entity: [row for one in responses if entity in one for row in rows_of(one, entity)]
        for entity in entities
    }


def told_at(answer: Row) -> datetime | None:
    """QuickBooks' own time of an answer; None where it does not say it well."""
    try:
        found = datetime.fromisoformat(str(answer.get("time")))
    except ValueError:
        return None
    return found if found.tzinfo is not None else None


def batch_items(answer: Row) -> Mapping[str, Row]:
    """The items of a batch's answer by the keys that were sent.

    Raises:
        PlatformUnavailableError: they are no list of objects.
    """
    items = answer.get("BatchItemResponse", [])
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise _misshapen("something else than a list of answers")
    return {str(item.get("bId")): item for item in items}


def batch_rows(item: Row, entity: BookEntity, tid: str | None) -> Sequence[Row]:
    """The rows of one query of a batch.

    Raises:
        UdsyncError: what the fault means that came instead.
    """
    return rows_of(_batch_answer(item, entity, tid), entity)


def batch_count(item: Row, entity: BookEntity, tid: str | None) -> int:
    """How many objects one query of `COUNT(*)` in a batch found.

    Raises:
        UdsyncError: what the fault means that came instead.
    """
    return count_of(_batch_answer(item, entity, tid), entity)


def _batch_answer(item: Row, entity: BookEntity, tid: str | None) -> Row:
    faults = faults_in(item)
    if faults:
        raise fault_error(faults, About(f"{entity}/query", tid))
    return member_of(item, "QueryResponse")


def is_repeated(row: Row, seen: set[str]) -> bool:
    """Whether the row's id was seen before; it is from now on."""
    identifier = str(row.get("Id"))
    if identifier in seen:
        return True
    seen.add(identifier)
    return False


def refuse_repetition(pages: int, entity: BookEntity) -> None:
    """Refuse to go on after so many full pages in a row that held nothing new.

    A few may be moved by objects that are added meanwhile; more mean that the list has no end.

    Raises:
        PlatformUnavailableError: there were more than that.
    """
    if pages > _MOST_REPEATED:
        raise _misshapen(f"the same page of {entity} again and again")


def refuse_gap(listed: int, counted: int, entity: BookEntity) -> None:
    """Refuse a list that holds fewer objects than there are.

    Raises:
        PlatformUnavailableError: it does.
    """
    if listed < counted:
        raise _misshapen(f"{listed} of its {counted} {entity} objects")


def _misshapen(what: str) -> UdsyncError:
    return error_of_case(Case.INCOMPLETE, About(), what=what)
