"""People are named the same way wherever they appear, and records by entity and id."""

import pytest

from udsync_pipelines.domain.identity import Entity, Identity
from udsync_pipelines.domain.party import Address
from udsync_pipelines_tests.domain.records import registered_customer


@pytest.mark.parametrize(
    ("first", "last", "full"),
    [("Ann", "Lee", "Ann Lee"), ("", "Lee", "Lee"), (" Ann  Mary", " Lee ", "Ann Mary Lee")],
)
def test_a_full_name_is_single_spaced_whatever_is_missing(first: str, last: str, full: str) -> None:
    address = Address(first_name=first, last_name=last)

    assert address.full_name == full
    assert registered_customer(first_name=first, last_name=last).full_name == full


def test_an_identity_reads_as_its_entity_and_its_id() -> None:
    identity = Identity("store-1", Entity.ORDER, "501")

    assert str(identity) == "order/501"
