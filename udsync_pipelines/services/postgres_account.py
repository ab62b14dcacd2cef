"""The operating system user that PostgreSQL runs as: ourselves, or an unprivileged one for root.

PostgreSQL refuses to run as root. Then its programs are started as another user, which must exist
in the passwd database (initdb looks its name up) and must be able to reach programs and data.
"""

import os
import pwd
import stat
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from udsync_pipelines.errors import ConfigurationError

# A user made for this comes first; `nobody` exists everywhere but is shared with other programs.
CANDIDATES = ("udsync", "pgserver", "nobody")


@dataclass(frozen=True)
class Account:
    """A user by name and number."""

    name: str
    uid: int
    gid: int

    @property
    def is_ours(self) -> bool:
        """Whether this process runs as this user."""
        return self.uid == os.geteuid()


def server_account(data: Path) -> Account:
    """Return the user that runs, or will run, the server of this data folder.

    An existing data folder decides: PostgreSQL serves it only to its owner.

    Raises:
        ConfigurationError: it belongs to a user that we cannot become, or no unprivileged user
            exists.
    """
    if data.exists():
        return _owner_of(data)
    if os.geteuid() != 0:
        return _account(pwd.getpwuid(os.geteuid()))
    for name in CANDIDATES:
        try:
            return _account(pwd.getpwnam(name))
        except KeyError:
            continue
    raise ConfigurationError(
        "PostgreSQL does not run as root, and this machine has no unprivileged user for it.",
        cure="Make one with: useradd --system udsync",
        code="database_account",
    )


def can_enter(folder: Path, account: Account) -> bool:
    """Tell whether the permissions of a folder and of all above it let this user pass through."""
    resolved = folder.resolve()
    return all(_may_search(place.stat(), account) for place in (resolved, *resolved.parents))


def run_as(
    account: Account,
    command: Sequence[str | Path],
    *,
    folder: Path,
    leaves_a_server: bool = False,
) -> subprocess.CompletedProcess[bytes]:
    """Run a PostgreSQL program as this user, with a clean environment, and wait for its end.

    Args:
        account: who runs it.
        command: the program and its arguments.
        folder: where it starts; the caller's own folder may be closed to the user.
        leaves_a_server: then nothing that it prints is captured: it would hand our pipe on to
            the server, and we would wait for as long as that runs.
    """
    drop = not account.is_ours
    return subprocess.run(  # noqa: S603 (our own programs, arguments never pass a shell)
        command,
        cwd=folder,
        env=_environment(os.environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL if leaves_a_server else subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        umask=0o077,
        start_new_session=True,  # a Ctrl-C meant for us must not stop the server half started
        user=account.uid if drop else None,
        group=account.gid if drop else None,
        extra_groups=[] if drop else None,
    )


def _environment(ours: Mapping[str, str]) -> dict[str, str]:
    """Leave out what would steer PostgreSQL's programs (PGDATA, PGPORT, locale) unseen."""
    kept = {
        name: value for name, value in ours.items() if not name.startswith(("PG", "LC_", "LANG"))
    }
    return {**kept, "LC_ALL": "C", "TZ": "UTC"}


def _owner_of(data: Path) -> Account:
    uid = data.stat().st_uid
    if os.geteuid() not in {0, uid}:
        raise ConfigurationError(
            f"The database in {data} belongs to another user (number {uid}).",
            cure="Run udsync as the user that made it, or set UDSYNC_HOME to another folder.",
            code="database_account",
        )
    try:
        return _account(pwd.getpwuid(uid))
    except KeyError:
        raise ConfigurationError(
            f"The database in {data} belongs to user number {uid}, which this machine does not "
            "know.",
            cure=f"Make that user with: useradd --system --uid {uid} udsync",
            code="database_account",
        ) from None


def _account(entry: pwd.struct_passwd) -> Account:
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _may_search(place: os.stat_result, account: Account) -> bool:
    if account.uid == 0:
        return True
    if place.st_uid == account.uid:
        return bool(place.st_mode & stat.S_IXUSR)
    if place.st_gid == account.gid:
        return bool(place.st_mode & stat.S_IXGRP)
    return bool(place.st_mode & stat.S_IXOTH)
