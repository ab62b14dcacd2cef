"""PostgreSQL's programs: found, judged, and copied where a user cannot reach them."""

import stat
import subprocess
from pathlib import Path

import pytest

from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines.services import postgres_binaries
from udsync_pipelines.services.postgres_account import Account, can_enter
from udsync_pipelines.services.postgres_binaries import (
    bundled_bin,
    major_version,
    reachable_bin,
)

STRANGER = Account("stranger", 54_321, 54_321)


def closed_install(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Install the programs below a folder that is closed to others."""
    folder.mkdir()
    install = bundled_bin().parent
    postgres_binaries._copy(install.parents[1], install, folder / "closed")
    (folder / "closed").chmod(0o700)
    bin_folder = folder / "closed" / install.relative_to(install.parents[1]) / "bin"
    monkeypatch.setattr(postgres_binaries, "bundled_bin", lambda: bin_folder)
    return bin_folder


def script(folder: Path, said: str) -> Path:
    for name in postgres_binaries.PROGRAMS:
        (folder / name).write_text(f"#!/bin/sh\necho '{said}'\n", encoding="utf-8")
        (folder / name).chmod(0o755)
    return folder


def test_the_programs_installed_with_udsync_are_version_eighteen() -> None:
    assert major_version(bundled_bin()) == 18


def test_programs_older_than_sixteen_are_refused_by_their_version(tmp_path: Path) -> None:
    old = script(tmp_path, "postgres (PostgreSQL) 15.18 (Debian)")

    with pytest.raises(ConfigurationError, match=r"15\.18 .*, 16 or newer is needed"):
        major_version(old)


def test_programs_that_do_not_run_are_refused_with_the_setting_to_change(tmp_path: Path) -> None:
    broken = script(tmp_path, "never said")
    (broken / "postgres").chmod(0o644)

    with pytest.raises(ConfigurationError, match=r"does not run.* UDSYNC_PG_BIN"):
        major_version(broken)


def test_programs_that_can_be_reached_stay_where_they_are(tmp_path: Path) -> None:
    account = Account("owner", tmp_path.stat().st_uid, tmp_path.stat().st_gid)

    assert reachable_bin(tmp_path, account, tmp_path) == tmp_path


def test_programs_below_a_closed_folder_are_copied_once_and_run_there(
    server_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bin_folder = closed_install(server_folder / "copied", monkeypatch)

    copied = reachable_bin(bin_folder, STRANGER, server_folder / "copied")
    again = reachable_bin(bin_folder, STRANGER, server_folder / "copied")

    assert copied == again != bin_folder
    assert can_enter(copied, STRANGER)
    assert stat.S_IMODE((server_folder / "copied" / "closed").stat().st_mode) == 0o700
    for program in ("postgres", "initdb", "pg_ctl"):
        said = subprocess.check_output([copied / program, "--version"], text=True)  # noqa: S603
        assert "(PostgreSQL) 18." in said


def test_a_copy_of_an_older_version_is_replaced(
    server_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bin_folder = closed_install(server_folder / "replaced", monkeypatch)
    older = server_folder / "replaced" / "programs-0.0.1"
    older.mkdir()

    copied = reachable_bin(bin_folder, STRANGER, server_folder / "replaced")

    assert copied.is_dir()
    assert not older.exists()


def test_programs_of_the_operator_are_not_copied_but_named(server_folder: Path) -> None:
    theirs = server_folder / "theirs" / "bin"
    theirs.mkdir(parents=True)
    theirs.parent.chmod(0o700)

    with pytest.raises(ConfigurationError, match=f"stranger, .* cannot reach {theirs}"):
        reachable_bin(theirs, STRANGER, server_folder)
