"""Clients that answer from the samples, with credentials kept in memory."""

import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import httpx
import orjson
from pydantic import SecretStr

from udsync_pipelines.connectors.quickbooks.address import RealmId
from udsync_pipelines.connectors.quickbooks.client import QuickBooksClient
from udsync_pipelines.connectors.quickbooks.entities import BookEntity
from udsync_pipelines.connectors.quickbooks.oauth import AccessTokens, Stored, TokenEndpoint
from udsync_pipelines.connectors.quickbooks.query import Query
from udsync_pipelines.transport import RetryPolicy

FOLDER = Path(__file__).parents[2] / "recordings" / "quickbooks"
NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
REALM = RealmId("310687")
TID = {"intuit_tid": "1-65f31b2d-test"}
SECRETS = ("app-secret-value", "refresh-1-value", "access-1-value", "refresh-2-value")
CUSTOMERS = Query(BookEntity.CUSTOMER)
SALE = {"DocNumber": "W-10482", "TotalAmt": Decimal("65.63")}
Handler = Callable[[httpx.Request], httpx.Response]


def stored(**texts: str) -> Stored:
    """The credentials of a company that is connected and has an access token for now."""
    credentials = {
        "client_id": "AB-client",
        "client_secret": "app-secret-value",
        "refresh_token": "refresh-1-value",
        "access_token": "access-1-value",
        "access_token_renews_at": (NOW + timedelta(minutes=50)).isoformat(),
        "access_token_ends_at": (NOW + timedelta(minutes=60)).isoformat(),
    }
    return {name: SecretStr(text) for name, text in {**credentials, **texts}.items() if text}


class MemoryTokenStore:
    """Credentials in memory; one renewal at a time."""

    def __init__(self, credentials: Stored | None = None) -> None:
        self.credentials = dict(credentials if credentials is not None else stored())
        self.lock = threading.Lock()
        self.events: list[str] = []

    def read(self) -> Stored:
        return dict(self.credentials)

    def renew(self, change: Callable[[Stored], Stored]) -> Stored:
        with self.lock:
            self.credentials.update(change(dict(self.credentials)))
            self.events.append("stored")
            return dict(self.credentials)

    def text(self, name: str) -> str:
        return self.credentials[name].get_secret_value()


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


def access_tokens(
    handler: Handler, store: MemoryTokenStore | None = None, clock: Clock | None = None
) -> AccessTokens:
    """Tokens that are renewed at this handler."""
    now = clock or Clock()
    http = httpx.Client(transport=httpx.MockTransport(handler))
    endpoint = TokenEndpoint(http, clock=now)
    return AccessTokens(store or MemoryTokenStore(), endpoint, clock=now)


def client(
    handler: Handler,
    *,
    tokens: AccessTokens | None = None,
    attempts: int = 3,
    **options: object,
) -> QuickBooksClient:
    """A client of a company that this handler answers for; it never really sleeps."""
    values: dict[str, object] = {"sleep": lambda _: None, "clock": Clock(), **options}
    return QuickBooksClient(
        httpx.Client(transport=httpx.MockTransport(handler)),
        REALM,
        tokens or access_tokens(refuse_everything),
        policy=RetryPolicy(attempts=attempts),
        **values,  # type: ignore[arg-type]  # a test names what it needs
    )


Reply = Callable[[httpx.Request], httpx.Response]
"""An answer that depends on what is asked."""


class Answers:
    """Answers requests in turn, and keeps them."""

    def __init__(self, *answers: httpx.Response | Exception | Reply) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, httpx.Response) else answer(request)


def refuse_everything(request: httpx.Request) -> httpx.Response:
    raise AssertionError(f"nothing should be asked of {request.url.host}")


def sample(name: str) -> bytes:
    """The bytes of a sample."""
    return (FOLDER / name).read_bytes()


def answer(name: str, status: int = 200) -> httpx.Response:
    """A sample as an answer."""
    return httpx.Response(status, content=sample(name), headers=TID)


def fault(code: str, detail: str = "", status: int = 400) -> httpx.Response:
    """An answer with a fault of the application."""
    error = {"Message": "A message", "Detail": detail, "code": code, "element": ""}
    return json_answer({"Fault": {"Error": [error], "type": "ValidationFault"}}, status)


def json_answer(body: Mapping[str, object], status: int = 200) -> httpx.Response:
    """An answer with this body."""
    return httpx.Response(status, content=orjson.dumps(body), headers=TID)


def token_answer(
    access: str = "access-2-value", refresh: str = "refresh-2-value"
) -> httpx.Response:
    """An answer of the token endpoint."""
    tokens = {"access_token": access, "refresh_token": refresh}
    return json_answer({**orjson.loads(sample("token.json")), **tokens})


def customers(*ids: int) -> httpx.Response:
    """The answer to a query for customers: these."""
    rows = [{"Id": str(identifier), "SyncToken": "0"} for identifier in ids]
    return json_answer({"QueryResponse": {"Customer": rows} if rows else {}})


def create(books: QuickBooksClient) -> object:
    """Write a sales receipt."""
    return books.create(BookEntity.SALES_RECEIPT, SALE, request_id="r-1", record="order/10482")


def batch_answer(*answers: dict[str, object]) -> Reply:
    """What a batch is answered with: an item for each key that was sent, in their order."""

    def reply(request: httpx.Request) -> httpx.Response:
        asked = orjson.loads(request.content)["BatchItemRequest"]
        items = [{"bId": one["bId"], **each} for one, each in zip(asked, answers, strict=True)]
        return json_answer({"BatchItemResponse": items})

    return reply


def listed(*rows: Mapping[str, object]) -> dict[str, object]:
    """A batch's item with these customers."""
    return {"QueryResponse": {"Customer": list(rows)}}


def counted(number: int) -> dict[str, object]:
    """A batch's item with a number of objects."""
    return {"QueryResponse": {"totalCount": number}}
