"""What a person is asked about a record whose write did not come out as it should."""

from dataclasses import replace

from udsync_pipelines.sync.books import questions
from udsync_pipelines.sync.books.documents import Documents
from udsync_pipelines.sync.books.planning import NAMED, ROLES
from udsync_pipelines.sync.books.ports import Books, WriteLedger
from udsync_pipelines.sync.books.writes import Write, WriteAction
from udsync_pipelines.sync.decisions import Question


def question_of(write: Write, code: str, books: Books, ledger: WriteLedger) -> Question | None:
    """The question about a record that is parked with this code for a write; None where none is.

    It is about the record's documents as the books have them now.
    """
    if write.question is not None and write.question.kind == code:
        return write.question
    can_be_kept = code in questions.LOCKED and write.action is not WriteAction.CREATE
    is_odd = code in questions.ODD and write.action is not WriteAction.DELETE
    if write.key.role in NAMED or not (can_be_kept or is_odd):
        return None
    keys = [replace(write.key, role=role) for role in ROLES[write.key.entity]]
    bound = {key.role: binding for key, binding in ledger.bound(keys).items()}
    asked = Documents(write.source_hash, bound, books, ledger).question(code)
    if write.action is WriteAction.DELETE:
        return replace(asked, choices=questions.ONLY_KEPT)
    return asked
