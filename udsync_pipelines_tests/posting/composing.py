"""Orders composed, or parked, in one call."""

import pytest

from udsync_pipelines.domain.order import Order
from udsync_pipelines.errors import RecordRejectedError
from udsync_pipelines.posting.company import Company
from udsync_pipelines.posting.compose import compose_order
from udsync_pipelines.posting.documents import Composition
from udsync_pipelines.posting.policy import PostingPolicy
from udsync_pipelines_tests.posting.books import CANADA, POLICY


def composed(sold: Order, rules: PostingPolicy = POLICY, company: Company = CANADA) -> Composition:
    """What an order is posted as."""
    result = compose_order(sold, rules, company)
    assert isinstance(result, Composition)
    return result


def rejected(
    sold: Order, rules: PostingPolicy = POLICY, company: Company = CANADA
) -> RecordRejectedError:
    """Why an order is parked."""
    with pytest.raises(RecordRejectedError) as caught:
        compose_order(sold, rules, company)
    assert caught.value.record == "order/77"
    assert caught.value.cure
    return caught.value
