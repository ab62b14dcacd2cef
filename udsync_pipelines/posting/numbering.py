"""Document numbers and markers: how a document is found again in the books."""

from udsync_pipelines.domain.order import Order
from udsync_pipelines.domain.refund import Refund
from udsync_pipelines.posting.policy import PostingPolicy

MOST_OF_NUMBER = 21  # characters of a DocNumber or PaymentRefNum
MOST_OF_NOTE = 4000


def sale_number(order: Order, policy: PostingPolicy) -> str:
    """The number of an order's sale, at most 21 characters; the id stands in for a long number."""
    written = _written(order.number, policy)
    return written if len(written) <= MOST_OF_NUMBER else f"{policy.prefix}-{order.id}"


def refund_number(order: Order, refund: Refund, policy: PostingPolicy) -> str:
    """The number of a refund's document: the sale's, then `-R` and the refund's id."""
    written = f"{sale_number(order, policy)}-R{refund.id}"
    return written if len(written) <= MOST_OF_NUMBER else f"{policy.prefix}-R{refund.id}"


def marker_of(record: str, policy: PostingPolicy) -> str:
    """The text in every document's private note by which it is recognised: `udsync:WC:order/7`."""
    return f"udsync:{policy.prefix}:{record}"


def note_of(marker: str, sentence: str) -> str:
    """A private note: the marker on its own line, then what the document is."""
    return f"{marker}\n{sentence}"[:MOST_OF_NOTE]


def _written(number: str, policy: PostingPolicy) -> str:
    return policy.number_pattern.replace("{prefix}", policy.prefix).replace("{number}", number)
