"""A document whose tax nobody can know beforehand: posted, compared, taken back if it differs.

The write stays sent until the document is known to be equal or is deleted again. So whatever
breaks off in between is found by the next sync, like any write whose answer was lost.
"""

from dataclasses import replace

from udsync_pipelines.errors import ConflictError, RecordRejectedError
from udsync_pipelines.posting.documents import SalesDraft
from udsync_pipelines.sync.books import problems, questions
from udsync_pipelines.sync.books.ports import Books, Posted
from udsync_pipelines.sync.books.writes import Write, WriteAction, request_id


def why_taken_back(write: Write, posted: Posted) -> tuple[str, str, str] | None:
    """Why a new document must not stand, as code, reason and cure; None when it may.

    Only one that was sent with the shop's tax instead of one that was worked out before.
    """
    is_new = write.action is WriteAction.CREATE
    if not (is_new and isinstance(write.draft, SalesDraft) and write.draft.tax_override):
        return None
    worth = problems.other_worth(write.draft, posted)
    if worth is None:
        return None
    return (
        questions.TAX_DIFFERS,
        f"{worth.reason} It was deleted again at once.",
        "Let the shop charge what the books do, or the books what the shop does; then take "
        "`post_again`. Or enter it by hand and take `keep_books` (`udsync failures decide`).",
    )


def taken_back(books: Books, write: Write, posted: Posted) -> bool:
    """Delete the document; False when somebody has touched it already, or the books refuse.

    Raises:
        OutcomeUnknownError: it was sent and the answer lost; doing it again does no harm.
    """
    erasure = replace(
        write,
        action=WriteAction.DELETE,
        target_id=posted.target_id,
        base_version=posted.version,
    )
    try:
        books.erase(posted, request_id(books.account, erasure))
    except (ConflictError, RecordRejectedError):
        return False
    return True
