"""Whatever is sent is answered: with a document or with a fault, never with a crash."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from udsync_pipelines.emulators.quickbooks.answers import json_bytes
from udsync_pipelines.emulators.quickbooks.application import Emulation
from udsync_pipelines.emulators.quickbooks.options import CompanyOptions
from udsync_pipelines.emulators.quickbooks.schema import entities
from udsync_pipelines.emulators.quickbooks.service import HttpRequest, Service
from udsync_pipelines_tests.emulators.quickbooks.books import Books, Json

_SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 10**6), st.floats(-1e5, 1e5), st.text(max_size=8)
)


def _value(field: Json) -> st.SearchStrategy[Any]:
    kind = field["kind"]
    if kind == "reference":
        made: st.SearchStrategy[Any] = st.fixed_dictionaries({"value": st.sampled_from("12357")})
    elif "fields" in field:
        made = st.fixed_dictionaries(
            {}, optional={name: _value(one) for name, one in field["fields"].items()}
        )
    elif kind == "number":
        made = st.decimals(-100, 100, places=3).map(float)
    elif kind == "boolean":
        made = st.booleans()
    elif kind == "date":
        made = st.dates().map(str)
    else:
        made = st.sampled_from(["1", "SalesItemLineDetail", "Invoice", "TaxInclusive", "Service"])
    made = st.lists(made, max_size=2) if field.get("many") else made
    return st.one_of(made, made, made, _SCALARS)


def _bodies(entity: str) -> st.SearchStrategy[Json]:
    fields = entities()[entity]["fields"]
    return st.fixed_dictionaries({}, optional={name: _value(one) for name, one in fields.items()})


_SENT = st.sampled_from(["Customer", "Item", "Invoice", "SalesReceipt", "Payment", "RefundReceipt"])


@pytest.mark.parametrize("country", ["CA", "US"])
def test_any_body_gets_a_document_or_a_fault(country: Any) -> None:
    options = CompanyOptions(country=country, tax_override=True, multicurrency=country == "US")
    emulation = Emulation(options)
    service = Service(emulation.company, emulation.tokens, emulation.replays)
    token, _ = emulation.tokens.connect()
    headers = {
        "authorization": f"Bearer {token}",
        "accept": "application/json",
        "content-type": "application/json",
    }

    @settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def send(drawn: st.DataObject) -> None:
        entity = drawn.draw(_SENT)
        body = json_bytes(drawn.draw(_bodies(entity)))
        path = f"/v3/company/{options.realm_id}/{entity.lower()}"

        answer = service.respond(HttpRequest("POST", path, "", headers, body))

        assert answer.status in (200, 400)

    send()


@pytest.mark.parametrize(
    "body",
    [
        b'{"DisplayName": "\\ud800"}',
        b'{"DisplayName": NaN}',
        b'{"Line": [null]}',
        b'{"BatchItemRequest": [1]}',
        b"null",
        b"[" * 5000,
    ],
)
def test_odd_json_is_refused_in_the_form_of_a_fault(books: Books, body: bytes) -> None:
    for path in ("/customer", "/invoice", "/batch"):
        answer = books.client.post(path, content=body, headers={"Content-Type": "application/json"})

        assert answer.status_code == 400
        assert answer.json()["Fault"]["Error"]


def test_an_update_leaves_the_address_flattened(books: Books) -> None:
    address = {"Line1": "1 High Street", "City": "Leeds", "PostalCode": "LS1"}
    invoice = books.make("Invoice", books.sale(BillAddr=address))
    change = {"Id": invoice["Id"], "SyncToken": "0", "sparse": True, "PrivateNote": "x"}

    changed = books.make("Invoice", change)

    assert invoice["BillAddr"] == address
    assert changed["BillAddr"] == {"Line1": "1 High Street", "Line2": "Leeds LS1"}


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "2026-13-01"])
def test_dates_that_no_books_have_are_refused(books: Books, day: str) -> None:
    assert books.refused("Invoice", books.sale(TxnDate=day))["code"] == "2060"
    where = f"MetaData.LastUpdatedTime > '{day}T00:00:00Z'"
    assert books.ask(f"select * from Customer where {where}").status_code == 400
