"""What an operator does in Dagster's pages, with the services as they are installed."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from udsync_pipelines.emulators.woocommerce import StoreEmulator
from udsync_pipelines_tests.browser.conftest import PATIENCE_MILLISECONDS
from udsync_pipelines_tests.cli.commands import CommandLine
from udsync_pipelines_tests.cli.conftest import connect_store
from udsync_pipelines_tests.ports import two_ports
from udsync_pipelines_tests.store_fixtures import recorded_store, store_emulator

__all__ = ["recorded_store", "store_emulator"]

pytestmark = [pytest.mark.browser, pytest.mark.postgres, pytest.mark.slow]

LAUNCHPAD_OF = re.compile(r"/playground")
RUN = re.compile(r"/runs/[0-9a-f-]{36}")


@pytest.fixture
def broken_order(recorded_store: StoreEmulator) -> int:
    """The id of an order whose total is no amount."""
    order = recorded_store.control.create_order({"line_items": [{"product_id": 10, "quantity": 1}]})
    recorded_store.control.edit_silently("order", order["id"], {"total": "not an amount"})
    return int(order["id"])


@pytest.fixture
def url(
    new_server_home: Callable[[], Path],
    tmp_path: Path,
    recorded_store: StoreEmulator,
    broken_order: int,
) -> Iterator[str]:
    """Where Dagster's pages answer; the tenant `acme` has the store with the broken order."""
    port, api_port = two_ports()
    udsync = CommandLine(
        new_server_home(),
        tmp_path,
        UDSYNC_DAGSTER_PORT=str(port),
        UDSYNC_API_PORT=str(api_port),
    )
    udsync("tenant", "create", "acme")
    connect_store(udsync, "acme", recorded_store)
    database = str(udsync("emulate", "supabase", "--json").json["database_url"])
    udsync("connect", "supabase", "--tenant", "acme", "--database-url", database)
    with udsync.started("up") as process:
        assert process.stdout is not None
        assert any("udsync is up" in line for line in process.stdout)
        yield f"http://127.0.0.1:{port}"
        assert udsync("down").code == 0


def test_an_operator_switches_a_schedule_launches_a_preset_and_finds_the_cure(
    url: str, page: Page, broken_order: int
) -> None:
    page.goto(f"{url}/automation")
    schedule = page.locator("[data-index]").filter(has_text="hourly_orders")
    switch = schedule.locator("input[type=checkbox]").nth(1)
    expect(switch).to_be_checked(timeout=PATIENCE_MILLISECONDS)
    for is_on in (False, True):
        schedule.locator("label").nth(1).click()
        expect(switch).to_be_checked(checked=is_on, timeout=PATIENCE_MILLISECONDS)

    page.goto(f"{url}/locations/udsync/jobs/sync_orders")
    page.get_by_role("link", name="What has changed").click()
    page.wait_for_url(LAUNCHPAD_OF)
    page.get_by_text("tenant:").first.wait_for()
    page.locator(".CodeMirror").first.click()
    page.keyboard.press("Control+End")
    page.keyboard.type("acme")
    page.get_by_text("No errors").wait_for()
    page.get_by_role("button", name="Launch Run").click()
    page.wait_for_url(RUN)

    page.get_by_text("Errored (1)").wait_for()
    page.get_by_text("close_orders").first.click()
    shown = page.locator("body")
    for text in ("1 record was parked", f"order/{broken_order}", "cure", "not an amount"):
        expect(shown).to_contain_text(text, timeout=PATIENCE_MILLISECONDS)
