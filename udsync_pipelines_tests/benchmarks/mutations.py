"""Remove each protection in turn, and see its tests fail: `make bench SUITE=mutations`.

The tree is copied; in the copy all named tests must pass, and with one protection removed its own
tests must fail, each of them, by an assertion and not because the code does not load. The exit
code is 1 when a protection can be removed without a test that notices.

`--only TEXT` takes the protections whose names contain it.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from udsync_pipelines_tests.benchmarks.protections import PROTECTIONS, Protection

ROOT = Path(__file__).parents[2]
TESTS = "udsync_pipelines_tests"
COPIED = ("udsync_pipelines", TESTS, "sensors", "pyproject.toml", "dagster.yaml", "workspace.yaml")
PASSED, FAILED = 0, 1


def main() -> int:
    """Remove one protection after the other; print what noticed it, and return the exit code."""
    parser = argparse.ArgumentParser(prog="make bench SUITE=mutations", description=__doc__)
    parser.add_argument("--only", default="")
    only = parser.parse_args().only
    chosen = [one for one in PROTECTIONS if only in one.name]
    with tempfile.TemporaryDirectory(prefix="udsync-mutations-") as folder:
        tree = copied(Path(folder))
        whole = run_tests(tree, [test for one in chosen for test in one.tests])
        print(f"all in place: {'passed' if whole == PASSED else 'FAILED'}", flush=True)
        unnoticed = [] if whole == PASSED else ["the tree as it is"]
        for one in chosen:
            is_noticed = removal_is_noticed(tree, one)
            print(f"{'noticed' if is_noticed else 'NOT NOTICED'}: without {one.name}", flush=True)
            unnoticed += [] if is_noticed else [one.name]
    print(f"{len(chosen)} protections, {len(unnoticed)} problems")
    return 1 if unnoticed else 0


def copied(folder: Path) -> Path:
    """A copy of the tree that a test runs from."""
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(source, folder / name, ignore=ignored)
        else:
            shutil.copy(source, folder / name)
    return folder


def removal_is_noticed(tree: Path, one: Protection) -> bool:
    """Whether each test of a protection fails in the tree without it; the tree is as before."""
    file = tree / one.file
    before = file.read_text()
    file.write_text(without(before, one))
    try:
        return all(run_tests(tree, [test]) == FAILED for test in one.tests)
    finally:
        file.write_text(before)


def without(source: str, one: Protection) -> str:
    """The source of a protection's file, with the protection removed.

    Raises:
        ValueError: what is to be removed is not there exactly once.
    """
    if source.count(one.find) != 1:
        raise ValueError(f"{one.file} has {source.count(one.find)} places of: {one.name}")
    return source.replace(one.find, one.replace)


def run_tests(tree: Path, tests: Sequence[str]) -> int:
    """Run tests of a tree; pytest's exit code."""
    command = [sys.executable, "-m", "pytest", "-q", "--no-cov", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, *(f"{TESTS}/{test}" for test in tests)],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
