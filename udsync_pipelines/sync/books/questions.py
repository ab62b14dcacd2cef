"""What a person is asked about a record's documents in the books, and which choices work."""

from udsync_pipelines.errors import RecordRejectedError
from udsync_pipelines.sync.decisions import KEEP_BOOKS, Choice, Question

VOID = "void"
REPOST = "repost"
WRITE_ORDER = "write_order"
POST_AGAIN = "post_again"

CHANGED = "edited_in_books"
VOIDED = "voided_in_books"
DELETED = "deleted_in_books"
DIFFER = "books_differ"
GONE = "posted_but_gone"
NOT_DUE = "document_not_due"
FORM_CHANGED = "form_changed"
TAX_DIFFERS = "tax_differs"

ODD = frozenset({CHANGED, VOIDED, DELETED, DIFFER, TAX_DIFFERS})
"""Kinds in which a document that is wanted is not what was written, or not any more."""

MISSING = frozenset({VOIDED, DELETED})
"""Kinds in which a document that is wanted does not stand any more."""

LOCKED = frozenset({"books_closed", "deposited", "bank_matched", "settled_elsewhere"})
"""Codes with which books refuse to change a document that was good when it was posted."""

_KEEP = Choice(
    KEEP_BOOKS, "The books stay as they are, until the record or its documents change again."
)
ONLY_KEPT = (_KEEP,)
"""What is left to choose where a document could not be taken back; then it is asked anew."""

_WRITE_AGAIN = (
    Choice(WRITE_ORDER, "The document is brought to the order as it is now, all lines of it."),
    _KEEP,
)
_COMPARED_AGAIN = (
    Choice(POST_AGAIN, "It is posted with the shop's tax once more, and compared again."),
    Choice(KEEP_BOOKS, "It stays out of the books, to be entered by hand, until it changes again."),
)
_NEW_DOCUMENT = (
    Choice(POST_AGAIN, "The document is posted anew, under a number of its own."),
    _KEEP,
)
_UNLOCKED = (
    Choice(
        WRITE_ORDER,
        "The lock is gone: the document is brought to the order as it is now. If the books still "
        "refuse that, this is asked again.",
    ),
    _KEEP,
)
_TAKE_OUT = (
    Choice(VOID, "Its documents are voided in the books; a credit memo is deleted."),
    _KEEP,
)

CHOICES = {
    CHANGED: _WRITE_AGAIN,
    DIFFER: _WRITE_AGAIN,
    TAX_DIFFERS: _COMPARED_AGAIN,
    VOIDED: _NEW_DOCUMENT,
    DELETED: _NEW_DOCUMENT,
    GONE: _TAKE_OUT,
    NOT_DUE: _TAKE_OUT,
    FORM_CHANGED: (
        Choice(REPOST, "What stands in the books is voided, and it is posted anew."),
        _KEEP,
    ),
    **dict.fromkeys(LOCKED, _UNLOCKED),
}
"""The choices of each kind of question. Only the books' owner can unlock what is locked."""

CURE = "Decide: `udsync failures show` names the choices, `udsync failures decide` takes one."


class AskedError(RecordRejectedError):
    """A record is parked with a question that a person can decide."""

    def __init__(self, question: Question, message: str, cure: str = CURE) -> None:
        super().__init__(message, code=question.kind, cure=cure)
        self.question = question


def question(kind: str, about: str) -> Question:
    """The question of this kind about this state of the record and of its documents."""
    return Question(kind, CHOICES[kind], about)
