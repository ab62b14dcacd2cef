"""Nothing that is doubled, lost, wrong or left open gets past the judge of the campaign."""

from collections.abc import Iterator

import pytest

from udsync_pipelines_tests.chaos import shopping
from udsync_pipelines_tests.chaos.judging import judge_books, judge_state
from udsync_pipelines_tests.chaos.running import judged
from udsync_pipelines_tests.chaos.schedule import Refund, Sale, Schedule
from udsync_pipelines_tests.chaos.working import Ended, attempt
from udsync_pipelines_tests.chaos.world import Place, World, open_place
from udsync_pipelines_tests.scenarios.books_evidence import PREFIX, Json, rows

pytestmark = pytest.mark.postgres

PAID = Sale(guest=1, has_email=True, product=10, quantity=2, is_on_account=False, is_shipped=True)
ON_ACCOUNT = Sale(
    guest=2, has_email=True, product=11, quantity=1, is_on_account=True, is_shipped=False
)
PEACE = Schedule(number=0, remembers_requests=False, renews_often=False, rounds=())


@pytest.fixture
def place(world: World) -> Iterator[Place]:
    """Two orders and a refund, synced in peace."""
    with open_place(world, PEACE) as opened:
        opened.be_patient()
        for doing in (PAID, ON_ACCOUNT, Refund(0, 100)):
            shopping.do(opened, doing)
        assert attempt(opened).is_green
        yield opened


def wrong(place: Place) -> list[str]:
    return [*judge_books(place, is_over=True), *judge_state(place)]


def document(place: Place, entity: str) -> Json:
    """The only object of this entity."""
    (found,) = rows(place.company, entity)
    return found


def written_again(place: Place, entity: str, **changes: object) -> None:
    """Have the document there twice, the second with changes."""
    names = ("CustomerRef", "Line", "TxnDate", "DocNumber", "PrivateNote", "TxnTaxDetail")
    held = {name: one for name, one in document(place, entity).items() if name in names}
    lines = [one for one in held["Line"] if one["DetailType"] == "SalesItemLineDetail"]
    place.company.control.create(entity, {**held, "Line": lines, **changes})


def test_a_sync_in_peace_is_found_to_have_kept_every_promise(place: Place) -> None:
    assert wrong(place) == []


def test_a_doubled_document_is_found(place: Place) -> None:
    written_again(place, "SalesReceipt")

    assert f"order {place.orders[0]} is doubled: 2 documents" in wrong(place)


def test_a_document_that_belongs_to_nothing_is_found(place: Place) -> None:
    written_again(place, "SalesReceipt", DocNumber=f"{PREFIX}-4711")

    assert f"{PREFIX}-4711 belongs to nothing" in wrong(place)


@pytest.mark.parametrize("entity", ["SalesReceipt", "RefundReceipt", "Payment"])
def test_a_lost_document_is_found(place: Place, entity: str) -> None:
    place.company.control.delete(entity, document(place, entity)["Id"])

    assert any(line.endswith("is lost") for line in wrong(place))


def test_a_wrong_total_is_found_with_both_numbers(place: Place) -> None:
    held = document(place, "SalesReceipt")
    line = {
        **held["Line"][0],
        "Amount": 1,
        "SalesItemLineDetail": {**held["Line"][0]["SalesItemLineDetail"], "UnitPrice": 1, "Qty": 1},
    }
    place.company.control.edit("SalesReceipt", held["Id"], {"Line": [line]})

    found = wrong(place)

    assert any("its total is" in one and "instead of 54.58" in one for one in found)
    assert any("its tax is" in one and "instead of 2.60" in one for one in found)


def test_a_customer_who_is_entered_twice_is_found(place: Place) -> None:
    email = shopping.email_of(1)
    place.company.control.create(
        "Customer", {"DisplayName": "Robin again", "PrimaryEmailAddr": {"Address": email}}
    )

    assert wrong(place) == [f"the customer {email} is doubled"]


def test_a_green_run_that_lost_something_is_found(place: Place) -> None:
    ended = attempt(place)
    shopping.do(place, PAID)

    found = judged(place, [ended], "round 1")

    assert found == [f"round 1 ended green, but order {place.orders[2]} is lost"]


def test_a_sync_that_ends_with_a_bug_is_found(place: Place) -> None:
    assert judged(place, [Ended(bug="KeyError: 'x'")], "round 1") == [
        "round 1 ended with KeyError: 'x'"
    ]


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ("update udsync.sync_queue set state = 'unknown' where role = 'sale'", "left unknown"),
        ("update udsync.sync_queue set state = 'sent' where role = 'refund'", "left sent"),
        ("update udsync.leases set expires_at = now() + interval '1 hour'", "held by nobody"),
        ("delete from udsync.id_mappings where role = 'payment'", "is bound to nothing"),
    ],
)
def test_what_our_tables_leave_open_is_found(place: Place, statement: str, sentence: str) -> None:
    place.execute(statement)

    assert any(sentence in one for one in judge_state(place))
