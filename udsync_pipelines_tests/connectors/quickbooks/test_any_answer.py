"""Whatever an answer holds: the client makes a value of it, or raises an error of ours."""

from collections.abc import Callable
from typing import Any

import httpx
import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from udsync_pipelines.connectors.quickbooks import lookup, tokens
from udsync_pipelines.connectors.quickbooks.address import realm
from udsync_pipelines.connectors.quickbooks.client import QuickBooksClient
from udsync_pipelines.connectors.quickbooks.entities import BookEntity
from udsync_pipelines.connectors.quickbooks.oauth import AccessTokens, TokenEndpoint
from udsync_pipelines.connectors.quickbooks.query import Query
from udsync_pipelines.connectors.quickbooks.reference import ReferenceLists
from udsync_pipelines.errors import OutcomeUnknownError, UdsyncError
from udsync_pipelines.transport import RetryPolicy
from udsync_pipelines_tests.connectors.quickbooks.samples import MemoryTokenStore

MEMBERS = st.sampled_from(
    (
        *("DisplayName", "Name", "FullyQualifiedName", "Active", "PrimaryEmailAddr", "Type", "Sku"),
        *("CurrencyRef", "BillAddr", "AccountType", "RateValue", "TaxGroup", "SalesTaxRateList"),
        *("PurchaseTaxRateList", "TaxRateDetail", "TaxRateRef", "value", "IncomeAccountRef"),
        *("CurrencyPrefs", "HomeCurrency", "MultiCurrencyEnabled", "TaxPrefs", "UsingSalesTax"),
        *("PartnerTaxEnabled", "SalesFormsPrefs", "Country", "CompanyName", "Taxable", "Job"),
    )
)
SCALARS = st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=6)
WORDS = st.sampled_from(
    (
        *("QueryResponse", "Customer", "Item", "Preferences", "CompanyInfo", "totalCount"),
        *("BatchItemResponse", "bId", "Id", "SyncToken", "Line", "Fault", "TaxCode", "TaxRate"),
        *("Account", "Name", "Active", "DisplayName", "Country", "CurrencyPrefs", "HomeCurrency"),
    )
)
BODIES = st.dictionaries(
    WORDS,
    st.recursive(
        SCALARS,
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(WORDS, inner, max_size=3),
        max_leaves=10,
    ),
    max_size=4,
)
ROWS = st.lists(
    st.dictionaries(
        MEMBERS,
        st.recursive(
            st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(("", "x", "5.0")),
            lambda inner: st.lists(inner, max_size=2) | st.dictionaries(MEMBERS, inner, max_size=3),
            max_leaves=6,
        ),
        max_size=8,
    ).map(lambda members: {**members, "Id": "1"}),
    min_size=1,
    max_size=2,
)
ENTITIES = tuple(entity.value for entity in BookEntity)
ROW_BODIES = st.fixed_dictionaries({}, optional=dict.fromkeys(ENTITIES, ROWS)).map(
    lambda rows: {"QueryResponse": rows, **{name: found[0] for name, found in rows.items()}}
)
Call = Callable[[QuickBooksClient], Any]
CUSTOMERS = Query(BookEntity.CUSTOMER)
READS: dict[str, Call] = {
    "read": lambda client: client.read(BookEntity.CUSTOMER, "1"),
    "find": lambda client: client.find(BookEntity.CUSTOMER, "1"),
    "preferences": lambda client: client.preferences(),
    "company": lambda client: client.company_info(),
    "select": lambda client: list(client.select(CUSTOMERS, 2)),
    "count": lambda client: client.count(CUSTOMERS),
    "batch": lambda client: client.select_together([CUSTOMERS, Query(BookEntity.ITEM)]),
    "names": lambda client: lookup.all_names(client, "CAD"),
    "products": lookup.all_products,
    "lists": lambda client: ReferenceLists(client).company(),
}
UPDATE = {"Id": "1", "SyncToken": "0"}
WRITES: dict[str, Call] = {
    "create": lambda client: client.create(BookEntity.CUSTOMER, {}, request_id="r-1").row["Id"],
    "update": lambda client: client.update(BookEntity.ITEM, UPDATE, request_id="r-1").row["Id"],
    "delete": lambda client: client.delete(BookEntity.INVOICE, "1", "0", request_id="r-1"),
}


def answered(body: dict[str, Any], call: Call) -> Any:
    """What a call makes of a company that answers everything with this body; an error of ours."""
    content = orjson.dumps(body)
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=content))
    names = (tokens.CLIENT_ID, tokens.CLIENT_SECRET, tokens.REFRESH_TOKEN, tokens.ACCESS_TOKEN)
    store = MemoryTokenStore({name: SecretStr("x") for name in names})
    for name in (tokens.ACCESS_ENDS, tokens.ACCESS_RENEWS):
        store.credentials[name] = SecretStr("2999-01-01T00:00:00+00:00")
    with httpx.Client(transport=transport) as http:
        client = QuickBooksClient(
            http, realm("123"), AccessTokens(store, TokenEndpoint(http)),
            policy=RetryPolicy(attempts=1), sleep=lambda _: None,
        )  # fmt: skip
        try:
            return call(client)
        except UdsyncError as error:
            return error


@pytest.mark.parametrize("name", READS)
@settings(max_examples=25)
@given(body=BODIES | ROW_BODIES)
@example(body={"QueryResponse": {"totalCount": "many"}})
@example(body={"QueryResponse": {"totalCount": None}})
@example(body={"BatchItemResponse": [{"QueryResponse": {}}]})
@example(body={"BatchItemResponse": 5})
@example(body={"BatchItemResponse": ["a"]})
@example(body={"QueryResponse": {"Customer": [{"Id": "1"}], "Vendor": [{"Id": "2"}]}})
@example(body={"QueryResponse": {"Item": [{"Id": "1", "Name": None}]}})
def test_whatever_a_read_is_answered_is_a_value_or_an_error_of_ours(
    name: str, body: dict[str, Any]
) -> None:
    found = answered(body, READS[name])

    assert not isinstance(found, OutcomeUnknownError)
    assert "\n" not in str(found) or not isinstance(found, UdsyncError)


@pytest.mark.parametrize("name", WRITES)
@settings(max_examples=25)
@given(body=BODIES | ROW_BODIES)
def test_a_write_is_done_refused_or_open_whatever_it_is_answered(
    name: str, body: dict[str, Any]
) -> None:
    found = answered(body, WRITES[name])

    assert isinstance(found, UdsyncError | None) or found


def test_a_good_answer_is_read_so_that_the_others_here_mean_something() -> None:
    row = {"Id": "1", "DisplayName": "Ada Byron"}
    body = {"Customer": row, "QueryResponse": {"Customer": [row], "totalCount": 3}}

    assert answered(body, READS["read"]) == row
    assert answered(body, READS["select"]) == [row]
    assert answered(body, READS["count"]) == 3
    assert answered(body, WRITES["create"]) == "1"


def test_a_list_that_repeats_its_page_without_an_end_is_refused() -> None:
    rows = [{"Id": "1"}, {"Id": "2"}]

    found = answered({"QueryResponse": {"Customer": rows}}, READS["select"])

    assert isinstance(found, UdsyncError)
    assert found.message == "QuickBooks answered with the same page of Customer again and again."


def test_a_count_that_is_not_there_is_not_taken_for_none_at_all() -> None:
    found = answered({"QueryResponse": {}}, READS["count"])

    assert isinstance(found, UdsyncError)
