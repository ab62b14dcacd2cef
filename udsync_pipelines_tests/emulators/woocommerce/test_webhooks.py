"""Webhooks are kept with WooCommerce's rules."""

import httpx
import pytest

HOOK = {"topic": "order.updated", "delivery_url": "http://127.0.0.1:9/x", "secret": "s"}


def test_a_webhook_is_made_changed_listed_and_removed(ask: httpx.Client) -> None:
    made = ask.post("webhooks", json=HOOK).json()

    paused = ask.put(f"webhooks/{made['id']}", json={"status": "paused"}).json()
    listed = ask.get("webhooks").json()
    removed = ask.delete(f"webhooks/{made['id']}", params={"force": "true"})

    assert made["date_modified"] is None
    assert (paused["status"], listed) == ("paused", [paused])
    assert removed.status_code == 200
    assert ask.get("webhooks").json() == []


def test_the_secret_of_a_webhook_is_never_shown(ask: httpx.Client) -> None:
    made = ask.post("webhooks", json=HOOK).json()

    assert "secret" not in made
    assert "secret" not in ask.get(f"webhooks/{made['id']}").json()


def test_webhooks_can_be_listed_by_status(ask: httpx.Client) -> None:
    made = ask.post("webhooks", json=HOOK).json()
    ask.put(f"webhooks/{made['id']}", json={"status": "disabled"})

    assert len(ask.get("webhooks", params={"status": "disabled"}).json()) == 1
    assert ask.get("webhooks", params={"status": "active"}).json() == []


def test_a_webhook_knows_no_trash(ask: httpx.Client) -> None:
    made = ask.post("webhooks", json=HOOK).json()

    assert ask.delete(f"webhooks/{made['id']}").status_code == 501


@pytest.mark.parametrize("topic", ["refund.created", "variation.updated", "tax.created", ""])
def test_topics_that_woocommerce_lacks_are_refused(topic: str, ask: httpx.Client) -> None:
    assert ask.post("webhooks", json={**HOOK, "topic": topic}).status_code == 400
