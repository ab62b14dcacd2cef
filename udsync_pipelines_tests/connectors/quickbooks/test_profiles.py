"""Profiles towards QuickBooks: the shipped ones on a recorded store, and wrong ones refused."""

import re
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from udsync_pipelines.connectors.quickbooks.profiles import (
    DIRECTION,
    ROLES,
    books_profile,
    books_profile_from_json,
    default_books_profiles,
)
from udsync_pipelines.connectors.quickbooks.text_fields import KNOWN_TARGETS, sales_form_texts
from udsync_pipelines.connectors.woocommerce import customer as woo_customer
from udsync_pipelines.connectors.woocommerce import order as woo_order
from udsync_pipelines.connectors.woocommerce import product as woo_product
from udsync_pipelines.connectors.woocommerce import refund as woo_refund
from udsync_pipelines.connectors.woocommerce import variation as woo_variation
from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.errors import MappingError
from udsync_pipelines.mapping import to_json
from udsync_pipelines.posting.texts import texts_of

GUIDE = Path(__file__).parents[3] / "docs" / "how-to" / "map-fields-to-quickbooks.md"
RECORDED = Path(str(files("udsync_pipelines.emulators.woocommerce"))) / "recorded"
READERS: dict[Entity, tuple[str, Callable[[bytes], object]]] = {
    Entity.ORDER: ("orders", woo_order.canonical),
    Entity.REFUND: (
        "refunds",
        lambda raw: woo_refund.canonical(raw, b'{"id": 76, "currency": "CAD"}'),
    ),
    Entity.CUSTOMER: ("customers", woo_customer.canonical),
    Entity.PRODUCT: ("products", woo_product.canonical),
    Entity.VARIATION: ("variations", lambda raw: woo_variation.canonical(raw, b'{"id": 10}')),
}


def recorded(entity: Entity) -> list[object]:
    """The recorded records of an entity, canonical."""
    name, canonical = READERS[entity]
    return [canonical(raw) for raw in (RECORDED / f"{name}.jsonl").read_bytes().splitlines()]


@cache
def orders() -> list[object]:
    return recorded(Entity.ORDER)


def form(table: str, entity: str = "order") -> dict[str, Any]:
    """A profile with one rule for a table."""
    field = next(iter(KNOWN_TARGETS[table]))
    block = {"table": table, "rules": [{"target": field, "source": "id"}]}
    return {"entity": entity, "directions": {DIRECTION: [block]}}


@pytest.mark.parametrize("entity", READERS)
def test_every_recorded_record_gets_texts_that_fit_their_fields(entity: Entity) -> None:
    profile = default_books_profiles()[entity]

    made = [texts_of(profile, record, {}) for record in recorded(entity)]

    assert made
    for texts in made:
        for role, fields in texts.items():
            limits = KNOWN_TARGETS[role]
            assert all(0 < len(text) <= limits[name] for name, text in fields.items())


def test_nearly_every_recorded_sale_tells_the_buyers_e_mail_and_address() -> None:
    profile = default_books_profiles()[Entity.ORDER]

    sent = [sales_form_texts(texts_of(profile, order, {})["sale"]) for order in orders()]

    assert len(sent) == 293
    assert sum("BillEmail" in members for members in sent) == 291
    assert sum("BillAddr" in members for members in sent) == 287
    assert sum("CustomerMemo" in members for members in sent) == 46


def test_shipped_profiles_need_no_raw_json_and_fill_no_custom_field() -> None:
    profiles = default_books_profiles()

    assert set(profiles) == set(READERS)
    assert not any(profile.reads_raw for profile in profiles.values())
    targets = {rule.target for p in profiles.values() for b in p.blocks for rule in b.rules}
    assert not {target for target in targets if target.startswith("CustomField")}


@pytest.mark.parametrize("entity", READERS)
def test_a_profile_survives_export_and_import_as_json(entity: Entity) -> None:
    profile = default_books_profiles()[entity]

    again = books_profile_from_json(to_json(profile))

    assert again == profile


@pytest.mark.parametrize(
    ("entity", "table"),
    [(entity, table) for entity in ROLES for table in KNOWN_TARGETS if table not in ROLES[entity]],
)
def test_a_table_that_an_entity_never_fills_is_refused(entity: str, table: str) -> None:
    with pytest.raises(MappingError, match=f"a profile of {entity} fills ") as refused:
        books_profile(form(table, entity))

    assert f"table {table}" in refused.value.message


@pytest.mark.parametrize("table", sorted(ROLES["order"]))
def test_an_orders_profile_fills_its_documents_and_its_guest(table: str) -> None:
    profile = books_profile(form(table))

    assert set(texts_of(profile, orders()[0], {})) == {table}


def test_a_profile_for_an_entity_that_is_not_posted_is_refused() -> None:
    with pytest.raises(MappingError, match="a profile of invoice fills nothing in QuickBooks"):
        books_profile({**form("sale"), "entity": "invoice", "directions": _number()})


def test_a_document_of_quickbooks_named_as_table_is_answered_with_the_roles() -> None:
    wrong = form("sale")
    wrong["directions"][DIRECTION][0]["table"] = "SalesReceipt"

    with pytest.raises(MappingError, match="known are customer, item, payment, refund, sale"):
        books_profile(wrong)


def _number() -> dict[str, Any]:
    rules = [{"target": "CustomerMemo", "source": "number"}]
    return {DIRECTION: [{"table": "sale", "rules": rules}]}


def test_the_examples_of_the_guide_are_valid_and_its_preview_runs(
    capsys: pytest.CaptureFixture[str],
) -> None:
    tomls = [text for language, text in examples() if language == "toml"]
    code = next(text for language, text in examples() if language == "python")

    for toml in tomls:
        exec(code, {"toml": toml, "order": orders()[0], "raw": {}})  # noqa: S102 - our own page

    shown = capsys.readouterr().out
    assert len(tomls) == 2
    assert shown.count("sale CustomField") == 3
    assert "sale ShipMethodRef" in shown


def test_the_guide_names_every_field_with_its_length() -> None:
    rows = [row for row in GUIDE.read_text(encoding="utf-8").splitlines() if row.startswith("| `")]

    for table, fields in KNOWN_TARGETS.items():
        for field, longest in fields.items():
            shown = "100" if field == "BillEmail" else str(longest)
            row = next(row for row in rows if named(field) in row and table in row)
            assert shown in row.split("|")[3], field


def examples() -> list[tuple[str, str]]:
    """The fenced examples of the guide, with their languages."""
    return re.findall(r"```(\w+)\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)


def named(field: str) -> str:
    """A field as the guide names it: its lines as a range, ShipAddr's places by BillAddr's."""
    address, _, part = field.partition(".")
    if part.startswith("Line"):
        return f"`{address}.Line1` to `{address}.Line5`"
    return f"`BillAddr.{part}`" if address == "ShipAddr" else f"`{field}`"
