"""Imports point downward only: the contracts of pyproject.toml are kept."""

import configparser
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from udsync_pipelines_tests.architecture.sources import PROJECT

SETTINGS = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))


def lint_imports(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run import-linter in a folder, without its cache."""
    program = (
        "import sys; from importlinter.cli import lint_imports_command; lint_imports_command()"
    )
    return subprocess.run(  # noqa: S603 (our own program)
        [sys.executable, "-c", program, "--no-cache", *options],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_every_import_contract_of_the_project_is_kept() -> None:
    contracts = SETTINGS["tool"]["importlinter"]["contracts"]

    checked = lint_imports(PROJECT)

    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert f"Contracts: {len(contracts)} kept, 0 broken." in checked.stdout


def test_every_part_of_the_product_has_its_layer() -> None:
    (downward,) = [
        contract
        for contract in SETTINGS["tool"]["importlinter"]["contracts"]
        if contract["name"] == "Imports point downward"
    ]
    names = {name.strip(" ()") for layer in downward["layers"] for name in layer.split("|")}
    parts = {
        path.stem
        for path in (PROJECT / "udsync_pipelines").iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
    }

    assert downward["exhaustive"] is True
    assert parts - {"__init__"} <= names


def test_an_import_upward_is_found(tmp_path: Path) -> None:
    for name, text in (("upper", ""), ("lower", "import layered.upper\n")):
        (tmp_path / "layered").mkdir(exist_ok=True)
        (tmp_path / "layered" / "__init__.py").write_text("")
        (tmp_path / "layered" / f"{name}.py").write_text(text)
    contract = {"name": "Down", "type": "layers", "layers": "layered.upper\nlayered.lower"}
    file = configparser.ConfigParser()
    file.read_dict(
        {"importlinter": {"root_package": "layered"}, "importlinter:contract:1": contract}
    )
    with (tmp_path / ".importlinter").open("w") as out:
        file.write(out)

    checked = lint_imports(tmp_path)

    assert checked.returncode == 1
    assert "layered.lower -> layered.upper" in checked.stdout


@pytest.mark.parametrize("connector", ["woocommerce", "supabase"])
def test_each_connector_is_held_independent(connector: str) -> None:
    (independence,) = [
        contract
        for contract in SETTINGS["tool"]["importlinter"]["contracts"]
        if contract["type"] == "independence"
    ]

    assert f"udsync_pipelines.connectors.{connector}" in independence["modules"]
