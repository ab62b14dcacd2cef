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


def test_a_taken_port_is_named_with_what_to_do() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        with pytest.raises(ConfigurationError, match=f"port {port}") as refused:
            emulate.quickbooks(port=port)

    assert "--port" in (refused.value.cure or "")
