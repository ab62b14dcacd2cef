"""Bad input of every kind for every command: one line that says what to do, and nothing is changed.

`BAD` names cases for each command of the application; one that has none, and one that is not
tried without a database or with a home folder that cannot be used, makes a test fail.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from udsync_pipelines_tests.cli.commands import CommandLine, Result
from udsync_pipelines_tests.documentation.command_pages import commands

pytestmark = pytest.mark.postgres

UUID = "00000000-0000-4000-8000-000000000000"
STORE = ("--consumer-key", "ck", "--consumer-secret", "cs")
BOOKS = ("--client-id", "c", "--client-secret", "s", "--refresh-token", "r")
NOWHERE = "http://127.0.0.1:9"


@dataclass(frozen=True, slots=True)
class Bad:
    """What is typed after the command, and a word that the complaint must hold."""

    words: Sequence[str]
    named: str
    code: int = 2


UNKNOWN = Bad(("--tenant", "nobody"), "nobody", 1)

BAD: Mapping[str, Sequence[Bad]] = {
    "up": [Bad(("--forever",), "--forever")],
    "down": [Bad(("now",), "now")],
    "status": [Bad(("--yaml",), "--yaml")],
    "demo": [Bad(("--orders", "-1"), "--orders"), Bad(("--orders", "many"), "--orders")],
    "sync": [
        Bad((), "customers|products"),
        Bad(("orders",), "--tenant"),
        Bad(("invoices", "--tenant", "acme"), "invoices"),
        Bad(("orders", *UNKNOWN.words), "nobody", 1),
        Bad(("orders", "--tenant", "acme", "--since", "yesterday"), "yesterday"),
        Bad(("orders", "--tenant", "acme", "--until", "2026-02-30"), "2026-02-30"),
        Bad(("orders", "--tenant", "acme", "--since", ""), "woocommerce", 1),
        Bad(
            ("orders", "--tenant", "acme", "--since", "2026-02-02", "--until", "2026-01-01"),
            "Since is later",
        ),
        Bad(("orders", "--tenant", "acme", "--since", "2026-01-01", "--full"), "full"),
        Bad(("orders", "--tenant", "acme"), "woocommerce", 1),
        Bad(("orders", "--tenant", ""), "tenant", 1),
        Bad(("orders", "--tenant", "a\nb"), "tenant", 1),
    ],
    "tenant create": [
        Bad((), "name"),
        Bad(("Acme Inc",), "Acme Inc", 1),
        Bad(("",), "name|tenant", 1),
        Bad(("x" * 300,), "tenant|name", 1),
        Bad(("new", "--timezone", "Mars/Olympus"), "Mars/Olympus", 1),
        Bad(("new", "--timezone", "../../etc/passwd"), "passwd", 1),
        Bad(("acme",), "acme", 1),
    ],
    "tenant list": [Bad(("acme",), "acme")],
    "connect woocommerce": [
        Bad(("--tenant", "acme"), "--url"),
        Bad((*UNKNOWN.words, "--url", NOWHERE, *STORE), "nobody", 1),
        Bad(("--tenant", "acme", "--url", NOWHERE), "consumer-key"),
        Bad(("--tenant", "acme", "--url", "shop", *STORE), "shop|address", 1),
        Bad(("--tenant", "acme", "--url", "ftp://shop.example", *STORE), "http", 1),
        Bad(("--tenant", "acme", "--url", "http://shop.example", *STORE), "https", 1),
        Bad(("--tenant", "acme", "--url", "http://[::1", *STORE), "address", 1),
        Bad(("--tenant", "acme", "--url", NOWHERE, *STORE), "refuses the connection", 1),
        Bad(
            ("--tenant", "acme", "--url", NOWHERE, *STORE, "--consumer-key-file", "key.txt"),
            "both given",
        ),
        *(
            Bad(
                ("--tenant", "acme", "--url", NOWHERE, "--consumer-secret", "s", *file),
                "consumer-key",
            )
            for file in (
                ("--consumer-key-file", "missing.txt"),
                ("--consumer-key-file", "empty.txt"),
                ("--consumer-key-file", "binary.txt"),
                ("--consumer-key-file", "folder"),
            )
        ),
        Bad(
            ("--tenant", "acme", "--url", NOWHERE, "--consumer-key-file", "long.txt",
             "--consumer-secret", "s"), "key|connection", 1,
        ),
    ],
    "connect quickbooks": [
        Bad(("--tenant", "acme"), "--realm-id"),
        Bad((*UNKNOWN.words, "--realm-id", "1", *BOOKS), "nobody", 1),
        Bad(("--tenant", "acme", "--realm-id", "1"), "client-id"),
        Bad(("--tenant", "acme", "--realm-id", "company", *BOOKS), "company", 1),
        Bad(
            ("--tenant", "acme", "--realm-id", "1", *BOOKS, "--base-url", "https://evil.example",
             "--oauth-url", NOWHERE), "Intuit", 1,
        ),
        Bad(
            ("--tenant", "acme", "--realm-id", "1", *BOOKS, "--base-url", NOWHERE,
             "--oauth-url", NOWHERE), "refuses the connection", 1,
        ),
        Bad(("--tenant", "acme", "--realm-id", "1", "--client-id-file", "binary.txt"), "client-id"),
    ],
    "connect supabase": [
        Bad((), "--tenant"),
        Bad(("--tenant", "acme"), "database-url"),
        Bad((*UNKNOWN.words, "--database-url", "postgresql://x@127.0.0.1:9/x"), "nobody", 1),
        Bad(("--tenant", "acme", "--database-url", "mysql://x"), "postgresql", 1),
        Bad(("--tenant", "acme", "--database-url", "not a url"), "postgresql", 1),
        Bad(("--tenant", "acme", "--database-url-file", "empty.txt"), "database-url"),
        Bad(
            ("--tenant", "acme", "--database-url", "postgresql://x:y@127.0.0.1:9/x"),
            "Nothing answers", 1,
        ),
        Bad(
            ("--tenant", "acme", "--database-url", "postgresql://x:y@127.0.0.1:9/x",
             "--schema", "a; drop"), "Nothing answers|schema", 1,
        ),
    ],
    "policy propose": [
        Bad((), "--tenant"),
        UNKNOWN,
        Bad(("--tenant", "acme"), "QuickBooks|store|connect", 1),
        Bad(("--tenant", "acme", "--allow-open"), "--accept"),
    ],
    "policy accept": [
        UNKNOWN,
        Bad(("--tenant", "acme", "--version", "zzz"), "woocommerce", 1),
    ],
    "policy show": [UNKNOWN, Bad(("--tenant", "acme"), "woocommerce", 1)],
    "policy set": [
        Bad(("--tenant", "acme"), "FIELD=VALUE"),
        Bad(("--tenant", "acme", "start_on"), "start_on"),
        Bad(("--tenant", "acme", "=5"), "=5"),
        Bad(("--tenant", "acme", "colour=red"), "woocommerce", 1),
        Bad(("--tenant", "acme", "start_on=soon"), "woocommerce", 1),
        Bad(("--tenant", "acme", "--file", "missing.txt"), "missing.txt", 1),
        Bad(("--tenant", "acme", "--file", "empty.txt"), "JSON", 1),
        Bad(("--tenant", "acme", "--file", "binary.txt"), "UTF-8", 1),
        Bad(("--tenant", "acme", "--file", "folder"), "folder", 1),
        Bad(("--tenant", "acme", "--file", "list.json"), "policy|object|field", 1),
        Bad(("nobody=1", *UNKNOWN.words), "nobody", 1),
    ],
    "policy check": [UNKNOWN, Bad(("--tenant", "acme"), "woocommerce", 1)],
    "policy decide": [
        Bad(("order/77", "--tenant", "acme"), "choice"),
        Bad(("order/77", "ours", *UNKNOWN.words), "nobody", 1),
        Bad(("order/77", "ours", "--tenant", "acme"), "woocommerce", 1),
        Bad(("a_code", "ours", "--all", "--tenant", "acme"), "woocommerce", 1),
    ],
    "rates set": [
        Bad(("USD", "--tenant", "acme"), "day"),
        Bad(("USD", "2026-01-01", "1.3", *UNKNOWN.words), "nobody", 1),
        Bad(("dollars", "2026-01-01", "1.3", "--tenant", "acme"), "dollars|quickbooks", 1),
        Bad(("USD", "soon", "1.3", "--tenant", "acme"), "soon|quickbooks", 1),
        Bad(("USD", "2026-01-01", "much", "--tenant", "acme"), "much|quickbooks", 1),
        Bad(("USD", "2026-01-01", "NaN", "--tenant", "acme"), "NaN|quickbooks", 1),
    ],
    "rates import": [
        Bad(("--tenant", "acme"), "file"),
        Bad(("missing.txt", "--tenant", "acme"), "missing.txt", 1),
        Bad(("binary.txt", "--tenant", "acme"), "binary.txt", 1),
        Bad(("folder", "--tenant", "acme"), "folder", 1),
        Bad(("empty.txt", *UNKNOWN.words), "nobody|empty", 1),
    ],
    "rates list": [UNKNOWN, Bad(("--tenant", "acme"), "quickbooks", 1)],
    "schedule add": [
        Bad(("nightly", "--tenant", "acme", "--entity", "orders"), "--cron"),
        Bad(("nightly", *UNKNOWN.words, "--entity", "orders", "--cron", "0 6 * * *"), "nobody", 1),
        Bad(("nightly", "--tenant", "acme", "--entity", "invoices", "--cron", "0 6 * * *"),
            "invoices"),
        Bad(("nightly", "--tenant", "acme", "--entity", "orders", "--cron", "at dawn"),
            "at dawn", 1),
        Bad(("nightly", "--tenant", "acme", "--entity", "orders", "--cron", "99 6 * * *"),
            "99 6", 1),
        Bad(("nightly", "--tenant", "acme", "--entity", "orders", "--cron", "0 6 * * *",
             "--timezone", "Mars/Olympus"), "Mars/Olympus", 1),
    ],
    "schedule list": [UNKNOWN],
    "schedule remove": [
        Bad(("nightly", *UNKNOWN.words), "nobody", 1),
        Bad(("nightly", "--tenant", "acme"), "nightly", 1),
    ],
    "schedule enable": [
        Bad(("nightly", *UNKNOWN.words), "nobody", 1),
        Bad(("nightly", "--tenant", "acme"), "nightly", 1),
    ],
    "schedule disable": [
        Bad(("nightly", *UNKNOWN.words), "nobody", 1),
        Bad(("nightly", "--tenant", "acme"), "nightly", 1),
    ],
    "webhooks register": [
        Bad((), "--tenant"),
        UNKNOWN,
        Bad(("--tenant", "acme"), "no store", 1),
        Bad(("--tenant", "acme", "--url", "ftp://udsync.example"), "no store|ftp", 1),
        Bad(("--tenant", "acme", "--verifier-token-file", "missing.txt"), "missing.txt"),
    ],
    "webhooks list": [UNKNOWN],
    "webhooks check": [UNKNOWN],
    "backfill orders": [
        Bad(("--tenant", "acme"), "--from"),
        Bad((*UNKNOWN.words, "--from", "2026-01-01", "--to", "2026-02-01"), "nobody", 1),
        Bad(("--tenant", "acme", "--from", "soon", "--to", "2026-02-01"), "soon"),
        Bad(("--tenant", "acme", "--from", "2026-02-30", "--to", "2026-03-01"), "2026-02-30"),
        Bad(("--tenant", "acme", "--from", "2026-03-01", "--to", "2026-02-01"),
            "2026-0|woocommerce|later"),
    ],
    "quota set": [
        Bad((*UNKNOWN.words, "--monthly-reads", "5"), "nobody", 1),
        Bad(("--tenant", "acme", "--monthly-reads", "-5"), "--monthly-reads"),
        Bad(("--tenant", "acme", "--requests-per-minute", "many"), "--requests-per-minute"),
        Bad(("--tenant", "acme", "--monthly-reads", "5"), "quickbooks", 1),
    ],
    "quota show": [UNKNOWN, Bad(("--tenant", "acme"), "quickbooks", 1)],
    "plan show": [
        Bad((), "ID"),
        Bad(("77",), "77", 1),
        Bad((UUID,), UUID, 1),
        Bad((UUID, "--limit", "0"), "--limit"),
        Bad(("x" * 5000,), "plan|id", 1),
    ],
    "plan approve": [Bad(("abc",), "abc", 1), Bad((UUID,), UUID, 1)],
    "failures list": [
        UNKNOWN,
        Bad(("--tenant", "acme", "--entity", "invoice"), "invoice"),
        Bad(("--tenant", "acme", "--platform", "stripe"), "stripe"),
        Bad(("--tenant", "acme", "--limit", "0"), "--limit"),
    ],
    "failures show": [
        Bad(("77", "--tenant", "acme"), "77"),
        Bad(("invoice/77", "--tenant", "acme"), "invoice"),
        Bad(("order/", "--tenant", "acme"), "order/"),
        Bad(("order/77", *UNKNOWN.words), "nobody", 1),
        Bad(("order/7\n7", "--tenant", "acme"), "order"),
    ],
    "failures retry": [
        Bad(("--tenant", "acme"), "--all"),
        Bad(("order/77", "--all", "--tenant", "acme"), "--all"),
        Bad(("order/77", "--entity", "order", "--tenant", "acme"), "--entity"),
        Bad(("order/77", "--tenant", "acme"), "order/77", 1),
        Bad(("order/77", *UNKNOWN.words), "nobody", 1),
    ],
    "failures decide": [
        Bad(("order/77", "--tenant", "acme"), "choice"),
        Bad(("order/77", "later", *UNKNOWN.words), "nobody", 1),
        Bad(("order/77", "later", "--tenant", "acme"), "order/77", 1),
        Bad(("invoice/77", "later", "--tenant", "acme"), "invoice"),
        Bad(("a_code", "later", "--all", "--tenant", "acme"), "a_code", 1),
    ],
    "emulate woocommerce": [
        Bad(("--port", "eighty"), "--port"),
        Bad(("--port", "70000"), "65535"),
        Bad(("--orders", "-5"), "--orders"),
    ],
    "emulate quickbooks": [
        Bad(("--port", "-1"), "--port"),
        Bad(("--country", "XX"), "XX"),
    ],
    "emulate supabase": [
        Bad(("--name", "no name; drop"), "no name; drop"),
        Bad(("--name", ""), "database"),
        Bad(("--name", "x" * 64), "at most 50"),
    ],
    "db migrate": [Bad(("--down",), "--down")],
}  # fmt: skip

WITHOUT_DATABASE = {"demo", "up", "down", "emulate woocommerce", "emulate quickbooks", "status"}
"""They need no database that exists already, or say of themselves what is down."""

VALID: Mapping[str, Sequence[str]] = {
    "sync": ("orders", "--tenant", "acme"),
    "tenant create": ("other",),
    "tenant list": (),
    "connect woocommerce": ("--tenant", "acme", "--url", NOWHERE, *STORE),
    "connect quickbooks": ("--tenant", "acme", "--realm-id", "1", *BOOKS),
    "connect supabase": ("--tenant", "acme", "--database-url", "postgresql://x@127.0.0.1:9/x"),
    "policy propose": ("--tenant", "acme"),
    "policy accept": ("--tenant", "acme"),
    "policy show": ("--tenant", "acme"),
    "policy set": ("start_on=2026-01-01", "--tenant", "acme"),
    "policy check": ("--tenant", "acme"),
    "policy decide": ("order/77", "ours", "--tenant", "acme"),
    "rates set": ("USD", "2026-01-01", "1.3", "--tenant", "acme"),
    "rates import": ("empty.txt", "--tenant", "acme"),
    "rates list": ("--tenant", "acme"),
    "schedule add": (
        "nightly",
        "--tenant",
        "acme",
        "--entity",
        "orders",
        "--cron",
        "0 6 * * *",
    ),
    "schedule list": ("--tenant", "acme"),
    "schedule remove": ("nightly", "--tenant", "acme"),
    "schedule enable": ("nightly", "--tenant", "acme"),
    "schedule disable": ("nightly", "--tenant", "acme"),
    "webhooks register": ("--tenant", "acme", "--url", "https://udsync.example"),
    "webhooks list": ("--tenant", "acme"),
    "webhooks check": ("--tenant", "acme"),
    "backfill orders": ("--tenant", "acme", "--from", "2026-01-01", "--to", "2026-02-01"),
    "quota set": ("--tenant", "acme", "--monthly-reads", "5"),
    "quota show": ("--tenant", "acme"),
    "plan show": (UUID,),
    "plan approve": (UUID,),
    "failures list": ("--tenant", "acme"),
    "failures show": ("order/77", "--tenant", "acme"),
    "failures retry": ("order/77", "--tenant", "acme"),
    "failures decide": ("order/77", "later", "--tenant", "acme"),
    "emulate supabase": (),
    "db migrate": (),
}
"""Each of the others, as it is typed rightly."""


def every_command() -> Iterator[str]:
    return (name.removeprefix("udsync ") for name, _ in commands())


CASES = [(command, bad) for command in BAD for bad in BAD[command]]


@pytest.fixture(scope="module", autouse=True)
def things(udsync: CommandLine) -> None:
    """A tenant, and files of the kinds that a path can lead to by mistake."""
    if "acme" not in udsync("tenant", "list").out:
        assert udsync("tenant", "create", "acme").code == 0
    (udsync.folder / "empty.txt").write_bytes(b"")
    (udsync.folder / "binary.txt").write_bytes(bytes(range(128, 256)))
    (udsync.folder / "long.txt").write_text("k" * 100_000)
    (udsync.folder / "list.json").write_text("[1, 2]")
    (udsync.folder / "key.txt").write_text("ck_key")
    (udsync.folder / "folder").mkdir(exist_ok=True)


def test_every_command_has_bad_input_to_be_tried_with() -> None:
    assert set(every_command()) == set(BAD)
    assert set(every_command()) == set(VALID) | WITHOUT_DATABASE


@pytest.mark.parametrize(
    ("command", "bad"), CASES, ids=[f"{command}-{n}" for n, (command, _) in enumerate(CASES)]
)
def test_bad_input_is_one_line_with_what_to_do(udsync: CommandLine, command: str, bad: Bad) -> None:
    refused = udsync(*command.split(), *bad.words)

    assert refused.code == bad.code, refused
    assert re.search(bad.named, refused.complaint), refused.complaint
    assert_explains(refused)


def test_bad_input_has_made_nothing(udsync: CommandLine) -> None:
    found = udsync("tenant", "list", "--json").json["tenants"]

    assert not {"new", "", "other", "Acme Inc"} & {one["name"] for one in found}
    assert udsync("failures", "list", "--tenant", "acme", "--json").json["total"] == 0


@pytest.mark.parametrize("command", VALID)
def test_a_database_that_is_down_is_one_line_with_what_to_do(
    udsync: CommandLine, command: str
) -> None:
    refused = udsync(
        *command.split(), *VALID[command], UDSYNC_DATABASE_URL="postgresql://x:y@127.0.0.1:9/z"
    )

    assert refused.code == 1
    assert_explains(refused)


@pytest.mark.parametrize("command", VALID)
def test_a_home_that_cannot_be_used_is_one_line_with_what_to_do(
    udsync: CommandLine, command: str
) -> None:
    home = udsync.folder / "key.txt"

    refused = udsync(*command.split(), *VALID[command], UDSYNC_HOME=str(home))

    assert refused.code == 1
    assert str(home) in refused.complaint
    assert_explains(refused)


@pytest.mark.parametrize("command", ["sync", "tenant list", "failures list"])
def test_a_setting_that_cannot_be_read_is_one_line_that_names_it(
    udsync: CommandLine, command: str
) -> None:
    refused = udsync(*command.split(), *VALID[command], UDSYNC_HTTP_TIMEOUT_SECONDS="soon")

    assert refused.code == 1
    assert "UDSYNC_HTTP_TIMEOUT_SECONDS" in refused.complaint
    assert_explains(refused)


def test_a_home_folder_that_may_only_be_read_is_named(udsync: CommandLine, tmp_path: Path) -> None:
    home = tmp_path / "locked"
    home.mkdir(mode=0o500)

    refused = udsync.as_ordinary_user("tenant", "list", UDSYNC_HOME=str(home / "home"))

    assert refused.code == 1
    assert_explains(refused)


def assert_explains(refused: Result) -> None:
    """One line of sentences: what is wrong, and what to do."""
    line = refused.complaint
    assert line.count(" ") > 3
    assert line.endswith((".", "…", "`", "--help", "NAME")), line
    assert len(line) < 1500
    assert "Traceback" not in line
    assert "unexpectedly" not in line
