"""`udsync emulate` as a person calls it."""

import json
import signal
import socket
import subprocess
import sys

import httpx
import pytest

from udsync_pipelines.cli import emulate
from udsync_pipelines.errors import ConfigurationError

UDSYNC = [sys.executable, "-c", "from udsync_pipelines.cli.main import run; run()"]


def test_the_books_print_where_they_are_and_end_on_sigterm() -> None:
    arguments = [*UDSYNC, "emulate", "quickbooks", "--country", "GB", "--seed", "7"]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())

        answer = httpx.get(
            f"{ready['url']}/v3/company/{ready['realm_id']}/companyinfo/{ready['realm_id']}",
            headers={
                "Authorization": f"Bearer {ready['access_token']}",
                "Accept": "application/json",
            },
        )
        process.send_signal(signal.SIGTERM)
        code = process.wait(timeout=15)

    assert answer.json()["CompanyInfo"]["Country"] == "GB"
    assert ready["oauth_url"].startswith(ready["url"])
    assert code == 0


def test_the_books_have_what_a_policy_needs_unless_told_otherwise() -> None:
    names = [_item_names(), _item_names("--without-items", "--json", "--realm-id", "77")]

    assert names[0] == {
        "Services", "Hours", "Shipping", "Fees", "Other sales", "Rounding", "Refunds",
    }  # fmt: skip
    assert names[1] == {"Services", "Hours"}


def test_a_company_id_that_is_no_number_is_wrong_usage() -> None:
    refused = subprocess.run(  # noqa: S603 - our own command
        [*UDSYNC, "emulate", "quickbooks", "--realm-id", "books"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert refused.returncode == 2
    assert "a company's id is a number" in refused.stderr


def test_a_taken_port_is_named_with_what_to_do() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        with pytest.raises(ConfigurationError, match=f"port {port}") as refused:
            emulate.quickbooks(port=port)

    assert "--port" in (refused.value.cure or "")


def _item_names(*options: str) -> set[str]:
    """The items of a company that the command serves, read with the token that it prints."""
    arguments = [*UDSYNC, "emulate", "quickbooks", *options]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        answer = httpx.get(
            f"{ready['url']}/v3/company/{ready['realm_id']}/query",
            params={"query": "select * from Item"},
            headers={
                "Authorization": f"Bearer {ready['access_token']}",
                "Accept": "application/json",
            },
        )
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=15)
    return {row["Name"] for row in answer.json()["QueryResponse"]["Item"]}
