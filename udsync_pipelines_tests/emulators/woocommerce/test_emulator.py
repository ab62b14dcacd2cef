"""Starting, stopping and the command line."""

import json
import signal
import subprocess
import sys

import httpx
import pytest

from udsync_pipelines.emulators.woocommerce import StoreEmulator

COMMAND = [sys.executable, "-m", "udsync_pipelines.emulators.woocommerce"]


def test_a_stopped_store_answers_no_more() -> None:
    with StoreEmulator() as store:
        url = store.url
        assert httpx.get(f"{url}/wp-json/").status_code == 200

    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{url}/wp-json/")


def test_stopping_twice_is_harmless() -> None:
    store = StoreEmulator()
    store.start()

    store.stop()
    store.stop()

    assert store.url.startswith("http://127.0.0.1:")


def test_two_stores_run_side_by_side_with_their_own_records() -> None:
    with StoreEmulator() as first, StoreEmulator(orders=12) as second:
        first.control.create_order()

        assert sum(entry["count"] for entry in first.sums()["orders"].values()) == 289
        assert sum(entry["count"] for entry in second.sums()["orders"].values()) == 12


def test_an_unknown_option_is_refused_at_once() -> None:
    with pytest.raises(TypeError, match="colour"):
        StoreEmulator(colour="blue")


def test_the_command_prints_its_address_and_ends_on_sigterm() -> None:
    arguments = ["--orders", "25", "--seed", "3", "--until", "2026-11-01T00:00:00"]
    with subprocess.Popen([*COMMAND, *arguments], stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())

        answer = httpx.get(
            f"{ready['url']}/wp-json/wc/v3/orders",
            auth=(ready["consumer_key"], ready["consumer_secret"]),
        )
        process.send_signal(signal.SIGTERM)
        code = process.wait(timeout=15)

    assert answer.headers["X-WP-Total"] == "25"
    assert answer.json()[0]["date_created_gmt"] < "2026-11-01T00:00:00"
    assert code == 0


def test_the_recording_can_be_served_beside_generated_orders() -> None:
    with StoreEmulator(orders=12, recorded=True) as store:
        counted = sum(entry["count"] for entry in store.sums()["orders"].values())

    assert counted == 300
