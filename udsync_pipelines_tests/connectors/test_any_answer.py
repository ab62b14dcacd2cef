"""Whatever comes back: what a connector makes of it is a value, or an error of ours in one line."""

from collections.abc import Callable
from typing import Any

import httpx
import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from udsync_pipelines.connectors.quickbooks import faults as quickbooks
from udsync_pipelines.connectors.woocommerce import responses as woocommerce
from udsync_pipelines.errors import UdsyncError
from udsync_pipelines.transport import Answer

SCALARS = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=12)
WORDS = st.sampled_from(
    (
        *("Fault", "fault", "Error", "error", "code", "Message", "Detail", "element"),
        *("QueryResponse", "Customer", "data", "status", "message", "id", "type"),
    )
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=12,
)
BODIES = JSON.map(orjson.dumps) | st.binary(max_size=60) | st.text(max_size=60).map(str.encode)
STATUSES = st.sampled_from((200, 201, 204, 301, 400, 401, 403, 404, 408, 429, 500, 502, 599))
HEADERS = st.sampled_from(({}, {"intuit_tid": "1-abc"}, {"location": "https://x.example/?k=s"}))

Reader = Callable[[Answer], Any]
READERS: dict[str, Reader] = {
    "quickbooks-read": lambda answer: quickbooks.read_answer(answer, is_write=False),
    "quickbooks-write": lambda answer: quickbooks.read_answer(answer, is_write=True),
    "woocommerce": woocommerce.read_body,
}


def fault(errors: object) -> bytes:
    return orjson.dumps({"Fault": {"Error": errors, "type": "ValidationFault"}})


@pytest.mark.parametrize("reader", READERS)
@given(status=STATUSES, body=BODIES, headers=HEADERS)
@example(status=200, body=fault(5), headers={})
@example(status=400, body=fault({"code": "610"}), headers={})
@example(status=400, body=fault([None, "6240"]), headers={})
@example(status=400, body=fault([{"code": {"a": 1}, "Detail": ["x\ny"]}]), headers={})
@example(status=400, body=b'{"code": 7, "message": "a\\nb {x}", "data": 400}', headers={})
@example(status=200, body=b"[" * 5000, headers={})
@example(status=200, body=b"<Error code='5'><Message>\xff</Message></Error>", headers={})
def test_any_answer_becomes_a_value_or_one_line_of_ours(
    reader: str, status: int, body: bytes, headers: dict[str, str]
) -> None:
    answer = Answer(status, httpx.Headers(headers), body, "shop.example", "/wp-json/wc/v3/orders")

    try:
        READERS[reader](answer)
        said = ""
    except UdsyncError as error:
        said = str(error)

    assert "\n" not in said
    assert len(said) < 1000


@pytest.mark.parametrize("errors", [5, "text", None, {}, [], [None], {"code": "6240"}, [[1]]])
@pytest.mark.parametrize("status", [200, 400])
def test_a_fault_in_a_form_that_nobody_knows_is_never_taken_for_success(
    errors: object, status: int
) -> None:
    body = fault(errors)
    answer = Answer(status, httpx.Headers(), body, "quickbooks", "/v3")

    with pytest.raises(UdsyncError) as caught:
        quickbooks.read_answer(answer, is_write=True)

    has_code = errors == {"code": "6240"}
    assert caught.value.code == (
        "name_taken" if has_code else {200: "outcome_unknown", 400: "refused"}[status]
    )
