"""What a run shows of the records that need a person."""

from unittest.mock import Mock

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.orchestration.metadata import links_metadata, parked_metadata
from udsync_pipelines.sync.engine import SyncReport
from udsync_pipelines.sync.plan import Parked


def test_a_run_lists_what_it_parked_apart_from_what_was_parked_before() -> None:
    newly = [(Entity.ORDER, Parked(str(one), b"", "code", "why", "cure")) for one in range(20)]
    before = [(Entity.ORDER, Parked("99", b"", "code", "why", "cure"))]
    report = SyncReport(plan=Mock(), newly_parked=newly, parked=21)

    shown = parked_metadata("acme", report, [*newly, *before])

    assert len(shown["parked records"].value.records) == 20
    (old,) = shown["parked before"].value.records
    assert old.data["record"] == "order/99"
    assert list(old.data) == ["record", "code", "reason", "cure", "show"]
    assert old.data["show"] == "udsync failures show order/99 --tenant acme"


def test_links_can_be_followed_under_their_names() -> None:
    shown = links_metadata({"open order/77": "https://shop.example/77"})

    assert shown["open order/77"].value == "https://shop.example/77"
