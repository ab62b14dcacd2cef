"""Starting, stopping and the command line."""

import json
import signal
import subprocess
import sys

import httpx
import pytest

from udsync_pipelines.emulators.quickbooks import CompanyEmulator

COMMAND = [sys.executable, "-m", "udsync_pipelines.emulators.quickbooks"]


def test_a_stopped_company_answers_no_more() -> None:
    with CompanyEmulator() as company:
        url = company.url
        assert httpx.get(f"{url}/__emulator__/health").status_code == 200

    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{url}/__emulator__/health")


def test_stopping_twice_is_harmless() -> None:
    company = CompanyEmulator()
    company.start()

    company.stop()
    company.stop()

    assert company.url.startswith("http://127.0.0.1:")


def test_an_unknown_option_is_refused_at_once() -> None:
    with pytest.raises(TypeError, match="colour"):
        CompanyEmulator(colour="blue")


def test_tokens_differ_by_seed_and_repeat_with_it() -> None:
    first, again, other = (CompanyEmulator(seed=seed).refresh_token for seed in (1, 1, 2))

    assert first == again
    assert first != other


def test_the_command_prints_its_address_and_ends_on_sigterm() -> None:
    arguments = ["--country", "US", "--limits-factor", "5"]
    with subprocess.Popen([*COMMAND, *arguments], stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())

        answer = httpx.post(
            ready["oauth_url"],
            data={"grant_type": "refresh_token", "refresh_token": ready["refresh_token"]},
            auth=(ready["client_id"], ready["client_secret"]),
        )
        process.send_signal(signal.SIGTERM)
        code = process.wait(timeout=15)

    assert answer.json()["token_type"] == "bearer"
    assert ready["country"] == "US"
    assert code == 0
