"""What QuickBooks tells of changes in the books: looked at when it comes, an echo not at all."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from pydantic import SecretStr

from udsync_pipelines.emulators.quickbooks.webhooks import Form
from udsync_pipelines.services.books_webhooks import PATH, register_books
from udsync_pipelines.services.installation import Installation
from udsync_pipelines.sync.engine import SyncReport
from udsync_pipelines_tests.api.intake import Api, api_server
from udsync_pipelines_tests.scenarios.books import ShopWithBooks, open_shop, sell
from udsync_pipelines_tests.scenarios.books import books_installation as books_installation
from udsync_pipelines_tests.scenarios.books import empty_store as empty_store
from udsync_pipelines_tests.scenarios.delivered import sync_what_waits
from udsync_pipelines_tests.scenarios.test_books_followed import codes, dearer, id_of, orders

pytestmark = pytest.mark.postgres


@dataclass
class Told:
    """A shop whose three orders are posted, and a company that tells us of changes when asked."""

    shop: ShopWithBooks
    api: Api
    told: int = 0

    def tell(self, form: Form = "cloudevents") -> None:
        """Deliver what has happened in the company since the last time."""
        body, headers = self.shop.company.notification(self.told, form)
        path = PATH if form == "cloudevents" else PATH.removesuffix("/cloudevents")
        self.api.post(path, content=body, headers=headers).raise_for_status()
        self.told = len(self.shop.company.control.history())

    def syncs(self) -> list[SyncReport]:
        """What the inbox starts; the requests to the company before are forgotten."""
        self.shop.company.requests.clear()
        return sync_what_waits(self.shop)

    def events(self) -> dict[str, int]:
        found = self.shop.state("select state, count(*) from udsync.webhook_events group by 1")
        return {row["state"]: row["count"] for row in found}


@pytest.fixture
def told(books_installation: Installation) -> Iterator[Told]:
    """The books were looked at only just: by the clock the next look is an hour away."""
    token = SecretStr("verifier-of-the-app")
    with (
        open_shop(books_installation, verifier_token=token.get_secret_value()) as shop,
        api_server(books_installation.state, books_installation.keys) as api,
    ):
        register_books(books_installation, shop.tenant, "https://sync.example.com", token)
        for number in range(3):
            sell(shop.store, email=f"p{number}@example.org", last=f"Reed {number}")
        shop.sync()
        yield Told(shop, api)


@pytest.mark.parametrize("form", ["cloudevents", "legacy"])
def test_the_echo_of_what_we_posted_starts_no_sync(told: Told, form: Form) -> None:
    told.tell(form)

    assert told.syncs() == []
    assert set(told.events()) == {"ignored"}


@pytest.mark.parametrize("form", ["cloudevents", "legacy"])
def test_what_a_person_did_in_the_books_is_asked_about_when_they_tell_of_it(
    told: Told, form: Form
) -> None:
    deleted, voided, edited = orders(told.shop)
    told.tell(form)
    told.syncs()
    told.shop.company.control.delete("SalesReceipt", id_of(told.shop, deleted))
    told.shop.company.control.void("SalesReceipt", id_of(told.shop, voided))
    dearer(told.shop, edited)
    told.tell(form)

    (report,) = told.syncs()

    assert report.plan.lane == "orders"
    assert codes(told.shop) == {
        f"order/{deleted}": "deleted_in_books",
        f"order/{voided}": "voided_in_books",
        f"order/{edited}": "edited_in_books",
    }
    assert told.events()["done"] == 3


def test_a_change_of_what_is_not_ours_starts_no_sync(told: Told) -> None:
    told.tell()
    told.syncs()
    told.shop.company.control.create("Customer", {"DisplayName": "A customer of their own"})
    told.tell()

    assert told.syncs() == []


def test_a_change_that_was_told_and_looked_at_is_not_looked_at_again(told: Told) -> None:
    dearer(told.shop, orders(told.shop)[0])
    told.tell()
    told.syncs()
    looks = told.shop.company.requests.records("/cdc")
    told.shop.company.requests.clear()

    told.shop.sync()

    assert len(looks) == 1
    assert told.shop.company.requests.records("/cdc") == []
