"""How writes are stored in rows: nothing is lost, and the stored row has the write's digest."""

from datetime import date
from decimal import Decimal
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import orjson
import pytest

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.posting.customers import CustomerDraft
from udsync_pipelines.posting.documents import DraftKind, PaymentDraft
from udsync_pipelines.posting.draft_json import AnyDraft
from udsync_pipelines.store.repositories.write_rows import digest_of_row, write_of, write_row
from udsync_pipelines.sync.books.writes import Key, Role, Write, WriteAction
from udsync_pipelines.sync.decisions import Choice, Question
from udsync_pipelines.sync.plan import IntentState

SOME = UUID(int=1)
CUSTOMER = CustomerDraft(
    key="customer/12", display_name="Ada Byron", email="ada@example.com", currency="CAD"
)
PAYMENT = PaymentDraft(
    kind=DraftKind.PAYMENT,
    source="order/77",
    customer="customer/12",
    currency="CAD",
    dated_on=date(2026, 7, 1),
    reference="WC-77",
    marker="udsync:shop/order/77",
    private_note="Payment of order 77.",
    amount=Decimal("10.50"),
    pays_number="WC-77",
    account_id="35",
    payment_method_id=None,
)


QUESTION = Question("posted_but_gone", (Choice("void", "It is voided."),), "both sides")


def a_write(draft: AnyDraft, **differences: Any) -> Write:
    """A planned creation, with differences."""
    kept: dict[str, Any] = {
        "id": UUID(int=2),
        "plan_id": SOME,
        "batch_id": SOME,
        "position": 3,
        "key": Key(Entity.ORDER, "77", Role.PAYMENT),
        "action": WriteAction.CREATE,
        "state": IntentState.PLANNED,
        "draft": draft,
        "source_hash": b"\x01\x02",
    }
    return Write(**{**kept, **differences})


def stored(write: Write) -> SimpleNamespace:
    """The write's row as the database gives it back."""
    row = write_row(SOME, SOME, SOME, write)
    return SimpleNamespace(
        **{
            **row,
            "plan_id": row["plan"],
            "batch_id": row["batch"],
            "payload": orjson.loads(row["payload"]),
            "differences": orjson.loads(row["differences"]),
            "sent_at": None,
        }
    )


WRITES = [
    a_write(PAYMENT),
    a_write(CUSTOMER, key=Key(Entity.CUSTOMER, "12", Role.CUSTOMER), name="Ada Byron (2)"),
    a_write(PAYMENT, action=WriteAction.UPDATE, target_id="payment/9", base_version="ab12"),
    a_write(CUSTOMER, action=WriteAction.LINK, linked_to=UUID(int=5), depends_on=(UUID(int=5),)),
    a_write(PAYMENT, differences={"amount": ("10.50", "11.00")}),
    a_write(PAYMENT, action=WriteAction.DELETE, target_id="payment/9", question=QUESTION),
]


@pytest.mark.parametrize("write", WRITES)
def test_a_write_comes_back_from_its_row_as_it_was(write: Write) -> None:
    row = stored(write)

    assert write_of(row) == write


@pytest.mark.parametrize("write", WRITES)
def test_the_digest_of_a_stored_row_is_that_of_its_write(write: Write) -> None:
    row = stored(write)

    assert digest_of_row(row) == write.digest()


def test_a_write_of_a_former_version_asks_nothing() -> None:
    row = stored(a_write(PAYMENT))
    del row.payload["question"]

    assert write_of(row).question is None


def test_a_stored_amount_that_somebody_changed_changes_the_digest() -> None:
    row = stored(a_write(PAYMENT))
    row.payload["draft"]["amount"] = "10.51"

    assert digest_of_row(row) != a_write(PAYMENT).digest()
