"""Documents that others have changed in the books: what a person is asked, and what may follow."""

from collections.abc import Mapping, Sequence

from udsync_pipelines.sync.books.following import Deed, Deviation
from udsync_pipelines.sync.decisions import KEEP_BOOKS, Choice, Question, fingerprint
from udsync_pipelines.sync.plan import Parked
from udsync_pipelines.sync.records import ArchivedRecord

POST_AGAIN = "post_again"
WRITE_ORDER = "write_order"

GONE = (Deed.DELETED, Deed.VOIDED)

_KEEP = Choice(KEEP_BOOKS, "Nothing is written; the books stay as they are.")
_CHOICES: Mapping[frozenset[Deed], tuple[Choice, ...]] = {
    frozenset({Deed.DELETED}): (
        Choice(POST_AGAIN, "The document is posted anew, as the shop has the order now."),
        _KEEP,
    ),
    frozenset({Deed.EDITED}): (
        Choice(WRITE_ORDER, "The document is brought back to the order, all lines of it."),
        _KEEP,
    ),
}
_CURES: Mapping[Deed, str] = {
    Deed.DELETED: "Decide whether it is posted again or stays away.",
    Deed.VOIDED: "If the sale is off, keep the books as they are. If not, delete the voided "
    "document; then you are asked whether to post it again.",
    Deed.EDITED: "Decide which amounts hold, those of the order or those of the books; or change "
    "one of the two to equal the other.",
}


def question_about(record: ArchivedRecord, deviations: Sequence[Deviation]) -> Question:
    """What a person is asked about a record whose documents deviate, in the order of roles."""
    deeds = frozenset(one.deed for one in deviations)
    seen = (f"{one.key.role} {one.deed} {one.target_id} {one.seen}" for one in deviations)
    return Question(
        f"{deviations[0].deed}_in_books",
        _CHOICES.get(deeds, (_KEEP,)),
        fingerprint([record.content_hash.hex(), *seen]),
    )


def parked_for(
    record: ArchivedRecord, deviations: Sequence[Deviation], question: Question
) -> Parked:
    """The record, parked until somebody decides."""
    return Parked(
        record.source_id,
        record.content_hash,
        question.kind,
        " ".join(map(_told, deviations)),
        _CURES[deviations[0].deed],
        question,
    )


def _told(deviation: Deviation) -> str:
    if deviation.deed is Deed.EDITED:
        return f"{deviation.shown} was changed in the books and is now {deviation.amounts}."
    return f"{deviation.shown} was {deviation.deed} in the books."
