"""Who runs the server, and which folders that user can reach."""

import os
from pathlib import Path

import pytest

from udsync_pipelines.services.postgres_account import (
    Account,
    can_enter,
    run_as,
    server_account,
)

STRANGER = Account("stranger", 54_321, 54_321)
OURSELVES = Account("ourselves", os.geteuid(), os.getegid())


def test_a_stranger_cannot_pass_a_closed_folder_above(server_folder: Path) -> None:
    inside = server_folder / "closed" / "inside"
    inside.mkdir(parents=True, mode=0o755)
    inside.parent.chmod(0o700)

    assert not can_enter(inside, STRANGER)
    assert can_enter(inside, OURSELVES)


def test_a_stranger_can_pass_a_folder_that_may_be_searched_but_not_listed(
    server_folder: Path,
) -> None:
    inside = server_folder / "open" / "inside"
    inside.mkdir(parents=True, mode=0o755)
    inside.parent.chmod(0o711)

    assert can_enter(inside, STRANGER)


def test_the_permission_of_the_owner_counts_before_that_of_the_others(
    server_folder: Path,
) -> None:
    odd = server_folder / "odd"
    odd.mkdir()
    odd.chmod(0o011)
    owner = Account("owner", odd.stat().st_uid, odd.stat().st_gid)

    assert can_enter(odd, STRANGER)
    assert can_enter(odd, owner) == (owner.uid == 0)
    odd.chmod(0o755)


def test_a_new_server_never_runs_as_root(server_folder: Path) -> None:
    account = server_account(server_folder / "not-made-yet")

    assert account.uid != 0
    assert account.is_ours == (os.geteuid() != 0)


def test_an_existing_server_runs_as_the_owner_of_its_data(server_folder: Path) -> None:
    data = server_folder / "existing"
    data.mkdir()

    assert server_account(data).uid == data.stat().st_uid


def test_programs_do_not_see_variables_that_steer_postgresql(
    server_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGDATA", "/elsewhere")
    monkeypatch.setenv("LC_MESSAGES", "de_DE.UTF-8")
    account = server_account(server_folder / "not-made-yet")

    done = run_as(account, ["/usr/bin/env"], folder=server_folder)

    said = done.stdout.decode()
    assert "PGDATA" not in said
    assert "LC_MESSAGES" not in said
    assert "LC_ALL=C\n" in said
