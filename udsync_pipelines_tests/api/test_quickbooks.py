"""Deliveries of Intuit: each event with its own tenant, none lost, none twice, none misrouted."""

from typing import Any
from uuid import uuid4

import orjson
import pytest

from udsync_pipelines.emulators.quickbooks import CompanyEmulator
from udsync_pipelines.emulators.quickbooks.webhook_sender import WebhookSender
from udsync_pipelines.store.repositories import webhook_quarantine
from udsync_pipelines.store.repositories.webhook_quarantine import UnknownAccount
from udsync_pipelines_tests.api.intake import Sender
from udsync_pipelines_tests.emulators.quickbooks.books import Books

pytestmark = pytest.mark.postgres


def realm() -> str:
    """A company that no other test has."""
    return str(uuid4().int)[:19]


def event(company: str, identifier: str = "1", **differences: Any) -> dict[str, Any]:
    """A CloudEvent of an invoice, as Intuit sends it."""
    values = {
        "specversion": "1.0",
        "id": f"{company}-{identifier}",
        "source": "intuit.dsnBgbseACLLRZNxo2dfc4evmEJdxde58xeeYcZliOU=",
        "type": "qbo.invoice.created.v1",
        "datacontenttype": "application/json",
        "time": "2026-09-10T21:31:25.179550223Z",
        "intuitentityid": identifier,
        "intuitaccountid": company,
        "data": {},
    }
    return values | differences


def legacy(company: str, **differences: Any) -> dict[str, Any]:
    """A change in the older form."""
    entity = {
        "name": "Customer",
        "id": "1",
        "operation": "Create",
        "lastUpdated": "2026-10-05T14:42:19-0700",
    }
    entities = {"entities": [entity | differences]}
    return {"eventNotifications": [{"realmId": company, "dataChangeEvent": entities}]}


def quarantined(senders: Sender, company: str) -> list[UnknownAccount]:
    with senders.database.dispatch() as connection:
        found = webhook_quarantine.accounts(connection)
    return [one for one in found if one.account == company]


def test_a_delivery_for_several_companies_reaches_each_tenant_and_keeps_the_rest(
    senders: Sender,
) -> None:
    ours, theirs, third, unknown = realm(), realm(), realm(), realm()
    token = f"app-{ours}"
    for name, company in (("ours", ours), ("theirs", theirs), ("third", third)):
        senders.company(name, company, token)
    delivery = [
        event(theirs, "7", time="2026-09-10T21:31:26Z", type="qbo.invoice.updated.v1"),
        event(ours, "5"),
        event(unknown, "9"),
        event(theirs, "7", id=f"{theirs}-older", time="2026-09-10T21:31:25Z"),
        event(third, "3"),
        event(ours, "5"),
    ]

    answer = senders.send_books(delivery, token)
    again = senders.send_books(delivery, token)

    assert (answer.status_code, again.status_code) == (200, 200)
    assert answer.elapsed.total_seconds() < 3
    assert [row.resource_id for row in senders.stored("ours")] == ["5"]
    assert [row.topic for row in senders.stored("theirs")] == [
        "qbo.invoice.created.v1",
        "qbo.invoice.updated.v1",
    ]
    assert [row.resource_id for row in senders.stored("third")] == ["3"]
    assert [one.events for one in quarantined(senders, unknown)] == [1]


def test_an_unknown_company_is_counted_where_operators_look(senders: Sender) -> None:
    ours, unknown = realm(), realm()
    senders.company("ours", ours, f"app-{ours}")
    before = senders.api.get("/api/health").json()["unknown_companies"]

    senders.send_books([event(unknown)], f"app-{ours}")

    after = senders.api.get("/api/health").json()["unknown_companies"]
    assert after == before + 1


def test_an_app_cannot_speak_for_a_company_of_another_app(senders: Sender) -> None:
    ours, theirs = realm(), realm()
    senders.company("ours", ours, f"app-{ours}")
    senders.company("theirs", theirs, f"app-{theirs}")

    answer = senders.send_books([event(theirs)], f"app-{ours}")

    assert answer.status_code == 200
    assert senders.stored("theirs") == []
    assert len(quarantined(senders, theirs)) == 1


def test_two_tenants_with_one_company_both_hear_of_its_changes(senders: Sender) -> None:
    company = realm()
    senders.company("ours", company, f"app-{company}")
    senders.company("theirs", company, f"app-{company}")

    senders.send_books([event(company)], f"app-{company}")

    assert (len(senders.stored("ours")), len(senders.stored("theirs"))) == (1, 1)


@pytest.mark.parametrize(
    ("kind", "entity", "state"),
    [
        ("qbo.invoice.updated.v1", "order", "pending"),
        ("QBO.SalesReceipt.Voided.V1", "order", "pending"),
        ("qbo.payment.deleted.v1", "order", "pending"),
        ("qbo.refundreceipt.created.v1", "refund", "pending"),
        ("qbo.CreditMemo.emailed.v1", "refund", "pending"),
        ("qbo.customer.merged.v1", "customer", "pending"),
        ("qbo.item.created.v1", "product", "pending"),
        ("qbo.vendor.created.v1", None, "ignored"),
        ("qbo.a.type.of.tomorrow", None, "ignored"),
    ],
)
def test_types_are_read_in_any_case_and_unknown_ones_are_ignored(
    senders: Sender, kind: str, entity: str | None, state: str
) -> None:
    company = realm()
    senders.company("ours", company, f"app-{company}")

    senders.send_books([event(company, type=kind)], f"app-{company}")

    (stored,) = senders.stored("ours")
    assert (stored.topic, stored.entity, stored.state) == (kind.lower(), entity, state)


@pytest.mark.parametrize(
    ("time", "read"),
    [
        ("2026-09-10T21:31:25.179550223Z", "2026-09-10T21:31:25.179550+00:00"),
        ("2026-09-10T21:31:25.1Z", "2026-09-10T21:31:25.100000+00:00"),
        ("2026-09-10T14:31:25-07:00", "2026-09-10T21:31:25+00:00"),
        ("2026-09-10T21:31:25", "2026-09-10T21:31:25+00:00"),
        ("yesterday", None),
        (None, None),
    ],
)
def test_times_are_read_leniently_down_to_nanoseconds(
    senders: Sender, time: str | None, read: str | None
) -> None:
    company = realm()
    senders.company("ours", company, f"app-{company}")

    senders.send_books([event(company, time=time)], f"app-{company}")

    (stored,) = senders.stored("ours")
    assert (stored.occurred_at.isoformat() if stored.occurred_at else None) == read


def test_the_older_form_is_taken_once_by_its_five_parts(senders: Sender) -> None:
    company = realm()
    senders.company("ours", company, f"app-{company}")

    for _ in range(2):
        senders.send_books(orjson.dumps(legacy(company)), f"app-{company}", "legacy")
    for difference in ({"operation": "Update"}, {"lastUpdated": "2026-10-05T14:42:20-0700"}):
        body = orjson.dumps(legacy(company, **difference))
        senders.send_books(body, f"app-{company}", "legacy")

    stored = senders.stored("ours")
    assert sorted(row.topic for row in stored) == [
        "Customer.Create",
        "Customer.Create",
        "Customer.Update",
    ]
    assert stored[0].occurred_at.isoformat() == "2026-10-05T21:42:19+00:00"


def test_a_forged_delivery_is_refused_whichever_form_it_has(senders: Sender) -> None:
    company = realm()
    senders.company("ours", company, f"app-{company}")

    answers = [
        senders.send_books([event(company)], "another"),
        senders.send_books([event(company)], ""),
        senders.send_books(orjson.dumps(legacy(company)), "another", "legacy"),
    ]

    assert [answer.status_code for answer in answers] == [401, 401, 401]
    assert senders.stored("ours") == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[1]",
        b"[[]]",
        b'{"eventNotifications": []}',
        orjson.dumps([event("1", intuitentityid=None)]),
        orjson.dumps([event("1", id="")]),
        orjson.dumps([event("1", intuitaccountid=7)]),
        orjson.dumps([event("1", type="a\0b")]),
        orjson.dumps([event("1", id="x" * 5000)]),
    ],
)
def test_a_malformed_delivery_is_refused_whole(senders: Sender, body: bytes) -> None:
    company = realm()
    senders.company("ours", company, f"app-{company}")

    answer = senders.send_books(body, f"app-{company}")

    assert (answer.status_code, answer.json()["code"]) == (400, "webhook_malformed")


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"{}",
        b'{"eventNotifications": {}}',
        b'{"eventNotifications": [{"realmId": "1"}]}',
        b'{"eventNotifications": [{"realmId": "1", "dataChangeEvent": {"entities": [{}]}}]}',
    ],
)
def test_a_malformed_delivery_of_the_older_form_is_refused_whole(
    senders: Sender, body: bytes
) -> None:
    company = realm()
    senders.company("ours", company, f"app-{company}")

    answer = senders.send_books(body, f"app-{company}", "legacy")

    assert (answer.status_code, answer.json()["code"]) == (400, "webhook_malformed")


def test_a_delivery_without_events_is_answered_and_stores_nothing(senders: Sender) -> None:
    company = realm()
    senders.company("ours", company, f"app-{company}")

    answer = senders.send_books(b"[]", f"app-{company}")

    assert answer.status_code == 200
    assert senders.stored("ours") == []


def test_events_of_emulated_companies_arrive_each_once_however_they_are_sent(
    senders: Sender,
) -> None:
    first, second = realm(), realm()
    token = f"app-{first}"
    senders.company("ours", first, token)
    senders.company("theirs", second, token)
    with (
        CompanyEmulator(realm_id=first, verifier_token=token, limits_factor=0) as ours,
        CompanyEmulator(realm_id=second, verifier_token=token, limits_factor=0) as theirs,
    ):
        address = f"{senders.api.client.base_url}".rstrip("/")
        sender = WebhookSender(
            [ours.company, theirs.company],
            f"{address}/api/webhooks/quickbooks/cloudevents",
            duplicate=1.0,
            reorder=True,
        )
        for number in range(5):
            Books(ours).customer(f"Ours {number}")
            Books(theirs).customer(f"Theirs {number}")
        sender.step()

    assert {attempt.status for attempt in sender.log} == {200}
    for name in ("ours", "theirs"):
        stored = senders.stored(name)
        assert len(stored) == len({row.resource_id for row in stored}) == 5
        assert {row.entity for row in stored} == {"customer"}
