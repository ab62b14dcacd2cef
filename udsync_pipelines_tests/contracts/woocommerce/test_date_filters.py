"""Which lists honour which date filters: the measured table against the emulator."""

import json
from typing import Any

import httpx
import pytest

from udsync_pipelines_tests.contracts.woocommerce.exchanges import RECORDINGS
from udsync_pipelines_tests.store_fixtures import StartStore, client_of

MATRIX = json.loads((RECORDINGS / "meta" / "date_filter_matrix.json").read_text())["matrix"]
PROBES = json.loads((RECORDINGS / "meta" / "probes.json").read_text())
LISTS = {
    "orders": "orders",
    "orders/<id>/refunds": "orders/111/refunds",
    "refunds": "refunds",
    "customers": "customers",
    "products": "products",
    "products/<id>/variations": "products/53/variations",
    "variations": "variations",
    "coupons": "coupons",
    "taxes": "taxes",
    "webhooks": "webhooks",
}
IMPOSSIBLE = {
    "after": "2035-01-01T00:00:00",
    "before": "2001-01-01T00:00:00",
    "modified_after": "2035-01-01T00:00:00",
    "modified_before": "2001-01-01T00:00:00",
}
FORMS = {
    "naive_gmt_flag": ("2026-09-15T18:00:00", True),
    "Z_noflag": ("2026-09-15T18:00:00Z", False),
    "Z_flag": ("2026-09-15T18:00:00Z", True),
    "offset00_flag": ("2026-09-15T18:00:00+00:00", True),
    "naive_noflag": ("2026-09-15T18:00:00", False),
}


@pytest.mark.parametrize("name", LISTS)
def test_a_list_honours_exactly_the_measured_date_filters(name: str, ask: httpx.Client) -> None:
    measured = MATRIX[name]

    found = {
        filter_name: answer_to(ask.get(LISTS[name], params={filter_name: value}))
        for filter_name, value in IMPOSSIBLE.items()
    }

    assert found == {filter_name: measured[filter_name] for filter_name in IMPOSSIBLE}


@pytest.mark.parametrize("name", LISTS)
def test_a_list_accepts_exactly_the_measured_orderings(name: str, ask: httpx.Client) -> None:
    measured = MATRIX[name]

    found = {
        key: ask.get(LISTS[name], params={"orderby": key}).status_code
        for key in ("modified", "date", "id")
    }
    accepted = {
        ask.get(LISTS[name], params={"orderby": key}).status_code
        for key in measured["orderby_enum"]
    }

    assert found == {key: measured[f"orderby={key}"] for key in found}
    assert accepted == {200}


@pytest.mark.parametrize("zone", ["America/Edmonton", "Europe/Berlin", "UTC"])
@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_cursor_finds_what_it_found_in_each_zone(
    zone: str, form: str, store_emulator: StartStore
) -> None:
    text, flag = FORMS[form]
    store = store_emulator(zone=zone)

    with client_of(store) as client:
        parameters: dict[str, Any] = {"modified_after": text, "per_page": 1}
        parameters |= {"dates_are_gmt": "true"} if flag else {}
        orders = client.get("orders", params=parameters)

    assert int(orders.headers["X-WP-Total"]) == PROBES[f"  {zone} {form}"]


@pytest.mark.parametrize("text", ["2026-11-01T08:29:59.000Z", "2026-11-01T08:29:59+00"])
def test_fractions_and_bare_hours_are_wrong_by_the_offset_without_the_flag(
    text: str, ask: httpx.Client
) -> None:
    right = ask.get("orders", params={"modified_after": "2026-11-01T08:29:59Z"})

    wrong = ask.get("orders", params={"modified_after": text})

    assert int(wrong.headers["X-WP-Total"]) < int(right.headers["X-WP-Total"])


def answer_to(answer: httpx.Response) -> str:
    return f"{answer.status_code}:{answer.headers['X-WP-Total']}"
