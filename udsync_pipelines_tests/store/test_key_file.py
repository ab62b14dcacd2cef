"""Keys from the environment or from a file that nobody else may read."""

import os
import threading
from pathlib import Path
from uuid import UUID

import pytest

from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines.store.key_file import load_keys, parse_keys, read_key_file
from udsync_pipelines.store.secrets import SecretPlace, encode

PLACE = SecretPlace(UUID(int=1), "woocommerce", "consumer_secret")
FIRST = f"k1:{encode(bytes(32))}"
SECOND = f"k2:{encode(bytes(range(32)))}"


def test_the_first_use_makes_a_file_that_only_we_may_read(tmp_path: Path) -> None:
    file = tmp_path / "new" / "secret.key"

    keys = read_key_file(file)

    assert file.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in file.parent.iterdir()] == ["secret.key"]
    assert read_key_file(file).open(keys.seal("hush", PLACE), PLACE) == "hush"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o660, 0o644])
def test_a_file_that_others_may_read_is_refused_with_the_cure(tmp_path: Path, mode: int) -> None:
    file = tmp_path / "secret.key"
    read_key_file(file)
    file.chmod(mode)

    with pytest.raises(ConfigurationError, match=f"Run `chmod 600 {file}`"):
        read_key_file(file)


def test_processes_that_start_together_end_with_one_key(tmp_path: Path) -> None:
    file = tmp_path / "secret.key"
    together = threading.Barrier(8)
    primaries: list[str] = []

    def work() -> None:
        together.wait(10)
        primaries.append(read_key_file(file).primary)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(primaries) == 8
    assert len(set(primaries)) == 1


def test_the_environment_wins_and_no_file_is_made(tmp_path: Path) -> None:
    file = tmp_path / "secret.key"

    keys = load_keys(FIRST, file)

    assert keys.primary == "k1"
    assert not file.exists()


@pytest.mark.parametrize("configured", [None, "", "  "])
def test_the_file_is_used_when_the_environment_names_no_key(
    tmp_path: Path, configured: str | None
) -> None:
    file = tmp_path / "secret.key"
    file.write_text(f"{SECOND}\n")
    file.chmod(0o600)

    assert load_keys(configured, file).primary == "k2"


@pytest.mark.parametrize("separator", [",", " ", "\n", ", \n"])
def test_the_first_of_several_keys_seals_and_all_open(separator: str) -> None:
    keys = parse_keys(f"{SECOND}{separator}{FIRST}", "a test")

    assert keys.primary == "k2"
    assert keys.key_ids == {"k1", "k2"}


@pytest.mark.parametrize(
    "text",
    [
        "hush-hush",
        "k1:hush-hush",
        f"{FIRST},{FIRST}",
        "k1:" + "é" * 43,
        f"k1:{encode(bytes(31))}",
        ":" + encode(bytes(32)),
    ],
)
def test_a_malformed_key_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_keys(text, "a test")

    assert "hush-hush" not in str(caught.value)
    assert encode(bytes(32)) not in str(caught.value)


def test_a_folder_in_place_of_the_file_is_named(tmp_path: Path) -> None:
    os.chmod(tmp_path, 0o700)  # noqa: PTH101 - as a shell would

    with pytest.raises(ConfigurationError, match=f"The key file {tmp_path} cannot be used"):
        read_key_file(tmp_path)
