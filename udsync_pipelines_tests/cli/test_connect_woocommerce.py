"""Connecting a store: every way in which it can go wrong has its own line."""

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from udsync_pipelines.emulators.woocommerce import StoreEmulator
from udsync_pipelines_tests.cli.commands import CommandLine
from udsync_pipelines_tests.cli.conftest import connect_store
from udsync_pipelines_tests.store_fixtures import StartStore

pytestmark = pytest.mark.postgres


def test_a_store_is_connected_and_says_who_it_is(
    udsync: CommandLine, tenant: str, recorded_store: StoreEmulator
) -> None:
    connected = connect_store(udsync, tenant, recorded_store)

    assert connected.code == 0
    assert "Rig Store" in connected.out
    assert "CAD" in connected.out
    assert recorded_store.consumer_secret not in connected.out + connected.err


def test_a_key_that_may_only_read_is_enough(
    udsync: CommandLine, tenant: str, recorded_store: StoreEmulator
) -> None:
    options = recorded_store.options

    connected = connect_store(
        udsync,
        tenant,
        recorded_store,
        consumer_key=options.read_key,
        consumer_secret=options.read_secret,
    )

    assert connected.code == 0


def test_key_and_secret_may_come_from_files_and_from_the_environment(
    udsync: CommandLine, tenant: str, recorded_store: StoreEmulator, tmp_path: Path
) -> None:
    key_file = tmp_path / "key"
    key_file.write_text(recorded_store.consumer_key + "\n")

    connected = udsync(
        "connect", "woocommerce", "--tenant", tenant, "--url", recorded_store.url,
        "--consumer-key-file", str(key_file), "--json",
        UDSYNC_CONSUMER_SECRET=recorded_store.consumer_secret,
    )  # fmt: skip

    assert connected.code == 0
    assert connected.json["facts"]["currency"] == "CAD"


@pytest.mark.parametrize(
    ("differences", "sentence"),
    [
        ({"consumer_key": "ck_nobody"}, "does not know this consumer key"),
        ({"consumer_secret": "cs_wrong"}, "refuses the consumer secret"),
    ],
)
def test_a_wrong_key_and_a_wrong_secret_are_told_apart(
    udsync: CommandLine,
    tenant: str,
    recorded_store: StoreEmulator,
    differences: dict[str, str],
    sentence: str,
) -> None:
    refused = connect_store(udsync, tenant, recorded_store, **differences)

    assert refused.code == 1
    assert sentence in refused.complaint
    assert not any(value in refused.complaint for value in differences.values())


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"plain_http": True}, "takes our requests for plain http"),
        ({"permalinks": False}, "has plain permalinks"),
    ],
)
def test_what_is_wrong_with_a_store_is_said_with_its_cure(
    udsync: CommandLine,
    tenant: str,
    store_emulator: StartStore,
    options: dict[str, bool],
    sentence: str,
) -> None:
    refused = connect_store(udsync, tenant, store_emulator(**options))

    assert refused.code == 1
    assert sentence in refused.complaint


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("http://shop.example", "Use https://"),
        ("ftp://shop.example", "not a web address"),
        ("https://", "not a web address"),
        ("https://user:word@shop.example", "must not hold a password"),
        ("https://no-such-host.invalid", "cannot be found"),
    ],
)
def test_an_address_that_cannot_work_is_refused_with_its_cure(
    udsync: CommandLine, tenant: str, recorded_store: StoreEmulator, url: str, sentence: str
) -> None:
    refused = connect_store(udsync, tenant, recorded_store, url=url)

    assert refused.code == 1
    assert sentence in refused.complaint
    assert "word" not in refused.complaint.replace("password", "")


def test_a_host_that_does_not_answer_is_named(
    udsync: CommandLine, tenant: str, recorded_store: StoreEmulator, unused_port: int
) -> None:
    refused = connect_store(udsync, tenant, recorded_store, url=f"http://127.0.0.1:{unused_port}")

    assert refused.code == 1
    assert "127.0.0.1 refuses the connection" in refused.complaint


def test_a_site_that_is_no_wordpress_is_told_from_a_wrong_key(
    udsync: CommandLine, tenant: str, recorded_store: StoreEmulator
) -> None:
    refused = connect_store(
        udsync, tenant, recorded_store, url=f"{recorded_store.url}/__emulator__"
    )

    assert refused.code == 1
    assert "no WordPress site at" in refused.complaint


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "--consumer-key is missing"),
        (["--consumer-key", "ck_a"], "--consumer-secret is missing"),
        (["--consumer-key-file", "no-such-file"], "no-such-file cannot be read"),
        (["--consumer-key", "a", "--consumer-key-file", "b"], "are both given"),
    ],
)
def test_a_missing_or_doubled_key_is_wrong_usage(
    udsync: CommandLine, tenant: str, words: list[str], sentence: str
) -> None:
    refused = udsync(
        "connect", "woocommerce", "--tenant", tenant, "--url", "https://shop.example", *words
    )

    assert refused.code == 2
    assert sentence in refused.complaint


def test_a_refused_store_leaves_the_tenant_without_a_connection(
    udsync: CommandLine, tenant: str, recorded_store: StoreEmulator
) -> None:
    connect_store(udsync, tenant, recorded_store, consumer_secret="cs_wrong")

    refused = udsync("sync", "orders", "--tenant", tenant)

    assert refused.code == 1
    assert "udsync connect woocommerce" in refused.err


def test_another_store_replaces_the_first_and_says_so(
    udsync: CommandLine, tenant: str, store_emulator: Callable[[], StoreEmulator]
) -> None:
    first, second = store_emulator(), store_emulator()
    connect_store(udsync, tenant, first)

    replaced = connect_store(udsync, tenant, second)

    assert replaced.code == 0
    assert f"{first.url.removeprefix('http://')} is disabled now" in replaced.out


@pytest.fixture
def unused_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
