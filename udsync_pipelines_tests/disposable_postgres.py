"""PostgreSQL servers and databases for tests, with a guard that leaves none behind.

Run as a program it is the guard: it waits until the tests have ended in any way, a kill -9
included, then stops every server in the folder it was given and removes the folder.
"""

import itertools
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from udsync_pipelines.services.databases import Databases, provision
from udsync_pipelines.services.embedded_postgres import EmbeddedPostgres
from udsync_pipelines.services.postgres_objects import connect, create_database, run

Builder = Callable[[sa.URL], None]


@contextmanager
def guarded_folder() -> Iterator[Path]:
    """Yield a folder for the homes of servers; afterwards no server and no file is left.

    pytest's own temporary folders are closed to the user that runs PostgreSQL for root.
    """
    folder = Path(tempfile.mkdtemp(prefix="udsync-tests-"))
    folder.chmod(0o711)
    guard = subprocess.Popen(  # noqa: S603 (this module)
        [sys.executable, "-m", __name__, folder],
        stdin=subprocess.PIPE,
        start_new_session=True,  # a Ctrl-C ends the tests, not the guard
    )
    try:
        yield folder
    finally:
        guard.communicate(timeout=120)
    assert guard.returncode == 0, "the guard could not stop the test servers"


def stop_all_servers(folder: Path) -> None:
    """Stop every server whose home is in this folder, then remove the folder."""
    for home in folder.iterdir():
        server = EmbeddedPostgres(home)
        server.stop()
        if (home / "server.json").exists():
            shutil.rmtree(server.log_file.parent)  # elsewhere, when the folder cannot be reached
    shutil.rmtree(folder)


class DisposableDatabases:
    """Databases of one test server, owned by the role that owns our state in production too."""

    def __init__(self, server: EmbeddedPostgres) -> None:
        self._databases: Databases = provision(server.url())
        self._numbers = itertools.count(1)
        self._templates: dict[str, str] = {}

    def create(self, template: str = "template0") -> sa.URL:
        """Make a database, empty or as a copy of a template; return its owner's URL."""
        url = self._databases.state_url.set(database=f"test_{next(self._numbers)}")
        with connect(self._databases.admin_url) as connection:
            create_database(
                connection, str(url.database), owner=str(url.username), template=template
            )
        return url

    def template(self, name: str, build: Builder) -> str:
        """Return the template of this name; the first call makes it by filling a database.

        `build` is given the owner's URL and must have closed its connections when it returns.
        """
        if name not in self._templates:
            url = self.create()
            build(url)
            self._templates[name] = str(url.database)
        return self._templates[name]

    def drop(self, url: sa.URL) -> None:
        """Drop a database, cutting the sessions that are still open in it."""
        with connect(self._databases.admin_url) as connection:
            run(connection, "drop database if exists {} with (force)", str(url.database))


def main() -> None:
    """Wait for the end of the tests, which closes our input, then clean up."""
    sys.stdin.buffer.read()
    stop_all_servers(Path(sys.argv[1]))


if __name__ == "__main__":
    main()
