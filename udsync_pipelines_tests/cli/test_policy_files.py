"""Policies written to files and read from files and from standard input."""

import io
import sys
from pathlib import Path

import pytest

from udsync_pipelines.cli.policy_files import read_policy, write_policy
from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines_tests.posting.books import POLICY


def test_a_written_policy_is_read_back_unchanged(tmp_path: Path) -> None:
    write_policy(tmp_path / "policy.json", POLICY)

    assert read_policy(tmp_path / "policy.json") == POLICY


def test_a_policy_is_read_from_standard_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_policy(tmp_path / "policy.json", POLICY)
    typed = io.TextIOWrapper(io.BytesIO((tmp_path / "policy.json").read_bytes()))
    monkeypatch.setattr(sys, "stdin", typed)

    assert read_policy(Path("-")) == POLICY


def test_a_mark_at_the_beginning_of_a_file_is_no_obstacle(tmp_path: Path) -> None:
    file = tmp_path / "policy.json"
    file.write_bytes(b'\xef\xbb\xbf{"due_days": 14}')

    assert read_policy(file).due_days == 14


def test_a_file_that_cannot_be_written_says_why(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be written: Is a directory") as refused:
        write_policy(tmp_path, POLICY)

    assert refused.value.code == "file_unwritable"
