"""The documents say what is true of this very code: pages, links, commands, settings."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from udsync_pipelines.connectors.fault_table import Kind
from udsync_pipelines.connectors.quickbooks.fault_rules import Remedy
from udsync_pipelines.settings import Settings, variable_of
from udsync_pipelines_tests.documentation.command_pages import commands
from udsync_pipelines_tests.documentation.fault_pages import KINDS, REMEDIES, fault_rows
from udsync_pipelines_tests.documentation.pages import PAGES, REFERENCE, ROOT
from udsync_pipelines_tests.documentation.raised_errors import RaisedError, raised_errors

DOCUMENTS = [
    ROOT / "README.md",
    ROOT / "CHANGELOG.md",
    *(file for file in sorted((ROOT / "docs").rglob("*.md")) if file.name not in PAGES),
]
DECISIONS = [file for file in DOCUMENTS if file.parent.name == "decisions"]
LINK = re.compile(r"\[[^\]]+\]\(([^)#\s]+)(#[^)]*)?\)")
SHOWN = re.compile(r"(?:\.venv/bin/)?udsync (?=[a-z])[^`\n]*")
QUOTED = re.compile(r"`([^`\n]+)`")
VARIABLE = re.compile(r"UDSYNC_[A-Z_]+")


def short(document: Path) -> str:
    return document.relative_to(ROOT).as_posix()


def in_code(document: Path) -> Iterator[str]:
    """The lines of code blocks, continued lines joined, and what is quoted in sentences."""
    is_block = False
    for line in document.read_text(encoding="utf-8").replace("\\\n", " ").splitlines():
        if line.startswith("```"):
            is_block = not is_block
        elif is_block:
            yield line
        else:
            yield from QUOTED.findall(line)


def shown_commands(document: Path) -> Iterator[list[str]]:
    for code in in_code(document):
        shown = SHOWN.match(code.strip())
        if shown is not None:
            words = shlex.split(shown[0].split(" | ")[0], comments=True)
            yield ["udsync", *words[1:]]


@pytest.mark.parametrize("name", PAGES)
def test_a_reference_page_is_what_make_docs_writes_now(name: str) -> None:
    page = REFERENCE / name

    written = page.read_text(encoding="utf-8")

    assert written == PAGES[name](), "run `make docs` and commit what it writes"


@pytest.mark.parametrize("document", DOCUMENTS, ids=short)
def test_every_link_to_a_file_leads_to_one(document: Path) -> None:
    targets = [found[1] for found in LINK.finditer(document.read_text(encoding="utf-8"))]

    missing = [
        target
        for target in targets
        if "://" not in target and not (document.parent / target).exists()
    ]

    assert missing == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=short)
def test_every_command_that_is_shown_exists_with_its_options(document: Path) -> None:
    known = {
        name: {word for param in command.params for word in (*param.opts, *param.secondary_opts)}
        for name, command in commands()
    }

    for words in shown_commands(document):
        name = next((name for name in known if words[: len(name.split())] == name.split()), "")
        options = {word.split("=")[0] for word in words if word.startswith("--")} - {"--help"}

        assert name, f"there is no such command: {' '.join(words)}"
        assert options <= known[name], f"options that {name} does not have"


@pytest.mark.parametrize("document", DOCUMENTS, ids=short)
def test_every_variable_that_is_named_is_a_setting_or_an_option(document: Path) -> None:
    settings = {variable_of(field) for field in Settings.model_fields}
    of_options = {param.envvar for _, command in commands() for param in command.params}

    named = set(VARIABLE.findall(document.read_text(encoding="utf-8")))

    assert named <= settings | of_options | {"UDSYNC_DEBUG", "UDSYNC_BENCH_ORDERS"}


@pytest.mark.parametrize("decision", DECISIONS, ids=short)
def test_a_decision_record_has_its_four_parts_in_order(decision: Path) -> None:
    headings = re.findall(r"^## (.+)$", decision.read_text(encoding="utf-8"), re.MULTILINE)

    assert headings == ["Context", "Decision", "Consequences", "Alternatives"]


def test_decision_records_are_numbered_without_a_gap() -> None:
    numbers = [int(decision.name[:4]) for decision in DECISIONS]

    assert numbers == list(range(1, len(DECISIONS) + 1))


def test_the_changelog_begins_with_what_is_not_released_yet() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")

    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)

    assert headings[0] == "[Unreleased]"


def test_the_page_of_errors_names_every_code_of_the_fault_tables() -> None:
    page = (REFERENCE / "errors.md").read_text(encoding="utf-8")

    missing = {rule.code for _, rule in fault_rows() if f"| `{rule.code}` |" not in page}

    assert missing == set()


def test_every_kind_of_fault_is_explained_on_its_page() -> None:
    page = (REFERENCE / "faults.md").read_text(encoding="utf-8")

    assert set(KINDS) == set(Kind)
    assert set(REMEDIES) == set(Remedy)
    assert all(long in page for _, long in KINDS.values())


def test_codes_are_found_however_the_code_puts_an_error_together() -> None:
    errors = {error.code: error for _, error in raised_errors()}

    by_keyword = errors["lane_busy"]
    by_class = next(error for error in errors.values() if "dagster.yaml" in error.message)
    by_own_maker = errors["permalinks_plain"]
    by_table = errors["host_not_found"]
    by_star = errors["nul_character"]

    assert by_keyword == RaisedError(
        "lane_busy",
        "another sync of … for … is running.",
        "Wait for it to end, or stop it in Dagster's Runs page.",
    )
    assert (by_class.code, by_class.cure) == ("configuration", "Install udsync again.")
    assert by_own_maker.cure.startswith("In WordPress, Settings, Permalinks")
    assert (by_table.message, by_table.cure) == (
        "has a name that cannot be found",
        "Check the address.",
    )
    assert by_star.cure == "Correct the record in the store, then sync it again."
