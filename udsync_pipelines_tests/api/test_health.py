"""What the API says of itself, also when it cannot work."""

import socket

import pytest

from udsync_pipelines.store.tenancy import StateDatabase
from udsync_pipelines_tests.api import intake
from udsync_pipelines_tests.api.intake import Sender, api_server

pytestmark = pytest.mark.postgres


def test_what_waits_is_told_with_the_age_of_the_oldest(senders: Sender) -> None:
    shop = senders.shop()
    before = senders.api.get("/api/health").json()

    shop.send({"id": 1})
    shop.send({"id": 2})

    after = senders.api.get("/api/health").json()
    assert after["waiting"] == before["waiting"] + 2
    assert 0 <= after["oldest_waiting_seconds"] < 600


def test_without_a_database_the_api_says_so_and_stores_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        address = f"postgresql://u:p@127.0.0.1:{nobody.getsockname()[1]}/gone"
    database = StateDatabase(address)

    with api_server(database) as api:
        answers = [
            api.get("/api/health"),
            api.post(
                "/api/webhooks/quickbooks/cloudevents",
                content=b"[]",
                headers={"intuit-signature": intake.signed("token", b"[]")},
            ),
        ]

    assert [answer.status_code for answer in answers] == [503, 503]
    assert {answer.headers["retry-after"] for answer in answers} == {"10"}
    assert "127.0.0.1" not in answers[0].text


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/api/nothing", 404), ("PUT", "/api/health", 405)]
)
def test_every_refusal_is_a_problem_that_a_program_can_read(
    senders: Sender, method: str, path: str, status: int
) -> None:
    answer = senders.api.client.request(method, path)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status
