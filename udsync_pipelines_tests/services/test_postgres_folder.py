"""The files of a server: private, whole or absent, and found again."""

import stat
from pathlib import Path

import pytest

from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines.services.postgres_account import Account
from udsync_pipelines.services.postgres_folder import (
    STATE_FOLDER,
    ServerFiles,
    ServerRecord,
    choose_port,
    is_free,
    write_private,
)

STRANGER = Account("stranger", 54_321, 54_321)


def test_a_record_is_read_as_it_was_saved(tmp_path: Path) -> None:
    files = ServerFiles(tmp_path)
    record = ServerRecord(tmp_path / "postgres", 54_321)

    files.save_record(record)

    assert files.read_record() == record


def test_a_record_follows_its_home_but_not_a_folder_elsewhere(tmp_path: Path) -> None:
    for name, folder in (("inside", tmp_path / "inside" / "postgres"), ("outside", STATE_FOLDER)):
        (tmp_path / name).mkdir()
        ServerFiles(tmp_path / name).save_record(ServerRecord(folder, 1))
        (tmp_path / name).rename(tmp_path / f"moved-{name}")

    inside = ServerFiles(tmp_path / "moved-inside").read_record()
    outside = ServerFiles(tmp_path / "moved-outside").read_record()

    assert inside == ServerRecord(tmp_path / "moved-inside" / "postgres", 1)
    assert outside == ServerRecord(STATE_FOLDER, 1)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"folder": "postgres", "port": "x"}'])
def test_a_damaged_record_is_named_with_its_cure(tmp_path: Path, text: str) -> None:
    files = ServerFiles(tmp_path)
    files.record_file.write_text(text, encoding="utf-8")

    with pytest.raises(ConfigurationError, match=r"server\.json is damaged\. Remove it"):
        files.read_record()


def test_a_private_file_is_replaced_whole_and_read_by_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("old", encoding="utf-8")
    file.chmod(0o644)

    write_private(file, "new")

    assert file.read_text(encoding="utf-8") == "new"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [file]


def test_every_new_password_is_another_and_is_kept(tmp_path: Path) -> None:
    files = ServerFiles(tmp_path)

    first, second = files.new_password(), files.new_password()

    assert first != second
    assert files.read_password() == second


def test_a_server_lives_in_its_home_where_its_user_can_reach_it(server_folder: Path) -> None:
    home = server_folder / "reachable"
    home.mkdir(mode=0o711)

    assert ServerFiles(home).place(STRANGER) == home / "postgres"


def test_two_unreachable_homes_get_different_folders_below_the_systems(
    server_folder: Path,
) -> None:
    homes = [server_folder / "unreachable" / name for name in ("one", "two")]
    for home in homes:
        home.mkdir(parents=True)
    homes[0].parent.chmod(0o700)

    places = {ServerFiles(home).place(STRANGER) for home in homes}

    assert len(places) == 2
    assert {place.parent for place in places} == {STATE_FOLDER}


def test_a_chosen_port_is_free() -> None:
    assert is_free(choose_port())
