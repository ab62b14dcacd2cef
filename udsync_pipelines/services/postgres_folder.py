"""The files of one embedded PostgreSQL, and where they live.

```text
<home>/server.json          where the server's folder is, and its port
<home>/server.password      password of the server's own superuser, 0600
<home>/server.lock          held while a server is made, started or stopped
<home>/postgres/data        the database cluster, 0700
<home>/postgres/server.log  what the server says
```

For root, `postgres/` belongs to the unprivileged user that runs the server. Where that user cannot
pass through the folders above, as below a closed /root, it is `/var/lib/udsync/<hash of home>`
instead. The place is chosen once and remembered in `server.json`.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import secrets
import socket
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines.services.postgres_account import Account, can_enter

STATE_FOLDER = Path("/var/lib/udsync")
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class ServerRecord:
    """What `server.json` remembers; it exists only once the database cluster is complete."""

    folder: Path
    port: int


@dataclass(frozen=True)
class ServerFiles:
    """The files of the server of one home folder."""

    home: Path

    @property
    def record_file(self) -> Path:
        """Where the folder and the port are remembered."""
        return self.home / "server.json"

    @property
    def password_file(self) -> Path:
        """Where the superuser's password is kept."""
        return self.home / "server.password"

    def read_record(self) -> ServerRecord | None:
        """Return what is remembered, or None before the first start.

        Raises:
            ConfigurationError: the file is damaged, or the folder it names is gone.
        """
        try:
            text = self.record_file.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        try:
            fields = json.loads(text)
            # Relative to home, unless it is elsewhere: so a home folder can be moved.
            return ServerRecord(self.home / str(fields["folder"]), int(fields["port"]))
        except (ValueError, KeyError, TypeError) as damaged:
            raise ConfigurationError(
                f"The file {self.record_file} is damaged.",
                cure="Remove it; the embedded database finds its folder and a port again.",
                code="database_record",
            ) from damaged

    def save_record(self, record: ServerRecord) -> None:
        """Remember the folder and the port, whole or not at all."""
        inside = record.folder.is_relative_to(self.home)
        folder = record.folder.relative_to(self.home) if inside else record.folder
        text = json.dumps({"folder": str(folder), "port": record.port})
        write_private(self.record_file, text + "\n")

    def read_password(self) -> str:
        """Return the superuser's password.

        Raises:
            ConfigurationError: the file is missing.
        """
        try:
            return self.password_file.read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            raise ConfigurationError(
                f"The password of the embedded database is missing: {self.password_file}.",
                cure="Put the file back from a backup.",
                code="database_password",
            ) from None

    def new_password(self) -> str:
        """Make a random password for a new database cluster and store it."""
        password = secrets.token_urlsafe(32)
        write_private(self.password_file, password + "\n")
        return password

    def place(self, account: Account) -> Path:
        """Return the folder that a server run by this user gets at its first start."""
        if account.is_ours or can_enter(self.home, account):
            return self.home / "postgres"
        digest = hashlib.sha256(os.fsencode(self.home.resolve())).hexdigest()
        return STATE_FOLDER / digest[:16]

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Keep all other processes from making, starting or stopping this server meanwhile.

        The system releases the lock of a process that is killed.
        """
        # Python opens files so that programs started meanwhile do not inherit them: a server that
        # did would hold the lock for as long as it runs.
        descriptor = os.open(self.home / "server.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _keep_owner(descriptor, self.home)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def write_private(file: Path, text: str) -> None:
    """Write a file that only its owner reads (0600), whole or not at all, and kept on disk."""
    descriptor, name = tempfile.mkstemp(prefix=f".{file.name}-", dir=file.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as fresh:
            _keep_owner(fresh.fileno(), file.parent)
            fresh.write(text)
            fresh.flush()
            os.fsync(fresh.fileno())
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def choose_port() -> int:
    """Return a port on this machine that no program listens on now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def is_free(port: int) -> bool:
    """Tell whether a server could listen on this port now."""
    with socket.socket() as probe:
        # As PostgreSQL does: closed connections that the system still remembers do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def make_folder(folder: Path, account: Account) -> None:
    """Make the server's folder, 0700 and owned by the user that runs the server."""
    if not folder.parent.exists():
        folder.parent.mkdir(parents=True)
        folder.parent.chmod(0o755)  # whatever our umask: the user has to pass through
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        if not account.is_ours:
            os.chown(folder, account.uid, account.gid)


def _keep_owner(descriptor: int, folder: Path) -> None:
    """Give a file that root writes into another user's folder to that user."""
    owner = folder.stat()
    if os.geteuid() == 0 and owner.st_uid != 0:
        os.fchown(descriptor, owner.st_uid, owner.st_gid)
