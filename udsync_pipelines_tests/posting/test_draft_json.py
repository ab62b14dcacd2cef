"""Drafts survive being kept as JSON, and their digests tell them apart."""

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from udsync_pipelines.domain.party import Address
from udsync_pipelines.posting.customers import CustomerDraft
from udsync_pipelines.posting.documents import (
    DraftKind,
    DraftLine,
    DraftLineKind,
    ItemRef,
    ItemSource,
    PaymentDraft,
    SalesDraft,
    TaxOverride,
)
from udsync_pipelines.posting.draft_json import AnyDraft, digest_of, draft_from_json, draft_to_json
from udsync_pipelines.posting.items import ItemDraft, ItemKind

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
AMOUNTS = st.decimals(allow_nan=False, allow_infinity=False, places=2)
MAPPED = st.dictionaries(TEXT, TEXT, max_size=4)
ADDRESSES = st.builds(Address, **dict.fromkeys(Address.__dataclass_fields__, TEXT))
LINES = st.builds(
    DraftLine,
    kind=st.sampled_from(DraftLineKind),
    item=st.builds(ItemRef, st.sampled_from(ItemSource), TEXT),
    description=TEXT,
    quantity=st.none() | st.decimals(allow_nan=False, allow_infinity=False),
    unit_price=st.none() | st.decimals(allow_nan=False, allow_infinity=False),
    amount=AMOUNTS,
    tax_code=TEXT,
    origin_id=st.none() | TEXT,
)
OVERRIDES = st.builds(
    TaxOverride, total=AMOUNTS, by_rate=st.dictionaries(TEXT, AMOUNTS, max_size=3)
)
DRAFTS = st.one_of(
    st.builds(
        SalesDraft,
        currency=TEXT,
        number=st.none() | TEXT,
        lines=st.lists(LINES, max_size=3).map(tuple),
        total=AMOUNTS,
        total_tax=AMOUNTS,
        due_on=st.none() | st.dates(),
        tax_override=st.none() | OVERRIDES,
        texts=MAPPED,
    ),
    st.builds(PaymentDraft, amount=AMOUNTS, pays_number=st.none() | TEXT, texts=MAPPED),
    st.builds(CustomerDraft, key=TEXT, billing=ADDRESSES, shipping=ADDRESSES, texts=MAPPED),
    st.builds(ItemDraft, kind=st.sampled_from(ItemKind), price=st.none() | AMOUNTS, texts=MAPPED),
)
SALE = SalesDraft(
    kind=DraftKind.SALES_RECEIPT,
    source="order/7",
    customer="customer/1",
    currency="CAD",
    dated_on=date(2026, 3, 9),
    number="W-7",
    marker="W-7",
    private_note="W-7\nof the shop",
    lines=(
        DraftLine(
            kind=DraftLineKind.PRODUCT,
            item=ItemRef(ItemSource.PRODUCT, "12"),
            description="Cup",
            quantity=Decimal("2"),
            unit_price=Decimal("5.10"),
            amount=Decimal("10.20"),
            tax_code="5",
        ),
    ),
    total=Decimal("10.71"),
    total_tax=Decimal("0.51"),
    tax_override=TaxOverride(Decimal("0.51"), {"11": Decimal("0.51")}),
    texts={"CustomerMemo": "Thank you", "BillEmail": "buyer@example.com"},
)


@given(DRAFTS)
def test_every_draft_comes_back_equal_through_real_json_text(draft: AnyDraft) -> None:
    text = json.dumps(draft_to_json(draft))

    read = draft_from_json(json.loads(text))

    assert read == draft
    assert type(read) is type(draft)


@given(DRAFTS)
def test_a_draft_read_back_has_the_digest_of_the_draft_written(draft: AnyDraft) -> None:
    written = draft_to_json(draft)

    again = draft_to_json(draft_from_json(written))

    assert digest_of(again) == digest_of(written)


def test_amounts_days_and_choices_are_written_as_readable_text() -> None:
    written = draft_to_json(SALE)

    assert written["form"] == "sales"
    assert written["kind"] == "sales_receipt"
    assert written["dated_on"] == "2026-03-09"
    assert written["total"] == "10.71"
    assert written["lines"] == [
        {
            "kind": "product",
            "item": {"source": "product", "id": "12"},
            "description": "Cup",
            "quantity": "2",
            "unit_price": "5.10",
            "amount": "10.20",
            "tax_code": "5",
            "origin_id": None,
        }
    ]
    assert written["tax_override"] == {"total": "0.51", "by_rate": {"11": "0.51"}}


def test_trailing_zeros_of_an_amount_survive_the_round_trip() -> None:
    draft = replace(SALE, total=Decimal("10.7100"))

    read = draft_from_json(draft_to_json(draft))

    assert isinstance(read, SalesDraft)
    assert str(read.total) == "10.7100"


def test_the_digest_ignores_the_order_of_names_but_no_value() -> None:
    turned = replace(SALE, texts=dict(reversed([*SALE.texts.items()])))
    other = replace(SALE, texts={**SALE.texts, "CustomerMemo": "Thanks"})

    digests = [digest_of(draft_to_json(draft)) for draft in (SALE, turned, other)]

    assert digests[0] == digests[1]
    assert digests[0] != digests[2]
    assert len(digests[0]) == 16


def test_the_digest_of_known_values_never_changes_between_versions() -> None:
    digest = digest_of({"b": ["1.00", None], "a": "é"})

    assert digest.hex() == "cc9e732127090d0d3791e790d2a85d49"


def test_a_draft_stored_before_a_field_existed_has_its_default() -> None:
    stored = draft_to_json(SALE)
    del stored["texts"]

    read = draft_from_json(stored)

    assert read == replace(SALE, texts={})


def test_drafts_can_still_be_members_of_a_set() -> None:
    draft = replace(SALE, tax_override=None)

    assert {draft} == {replace(draft)}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"form": "bill"}, "a stored draft has the form 'bill', not one of sales"),
        ({"form": None}, "a stored draft has the form None, not one of sales"),
        ({"colour": "red"}, "a stored draft has sales.colour, which is not known"),
        ({"total": "ten"}, "a stored draft has sales.total = 'ten', which cannot be read"),
        ({"total": 10.5}, "a stored draft has sales.total = '10.5', which cannot be read"),
        ({"dated_on": "9 March"}, "sales.dated_on = '9 March', which cannot be read"),
        ({"kind": "gift"}, "sales.kind = 'gift', which cannot be read"),
        ({"lines": "none"}, "sales.lines = 'none', which cannot be read"),
        ({"lines": ["x"]}, r"sales.lines\[0\] = 'x', which cannot be read"),
        ({"texts": ["x"]}, "sales.texts = "),
        ({"customer": None}, "sales.customer = 'None', which cannot be read"),
    ],
)
def test_values_that_are_no_draft_are_refused_by_name(
    changes: dict[str, object], message: str
) -> None:
    stored = {**draft_to_json(SALE), **changes}

    with pytest.raises(ValueError, match=message):
        draft_from_json(stored)


def test_a_stored_draft_without_a_needed_field_is_refused() -> None:
    stored = draft_to_json(SALE)
    del stored["customer"]

    with pytest.raises(ValueError, match=r"has no sales\.customer"):
        draft_from_json(stored)
