"""The logs of services: each appends to a file in `logs` below the home folder.

The embedded database appends to one of its own, beside its data.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from udsync_pipelines.services.embedded_postgres import EmbeddedPostgres
from udsync_pipelines.settings import Settings

MOST_BYTES = 20 * 1024 * 1024
"""A log that has grown beyond this is begun anew."""


def log_folders(settings: Settings) -> Sequence[Path]:
    """Where the logs of an installation are; without a database of its own, not that one's."""
    own = [settings.home / "logs"]
    if settings.database_url is None:
        own.append(EmbeddedPostgres(settings.home, pg_bin=settings.pg_bin).log_file.parent)
    return own


def shorten_logs(folder: Path, most: int = MOST_BYTES) -> int:
    """Begin the logs anew that have more than `most` bytes; return how many.

    The last `most` bytes of each are kept beside it in `NAME.log.1`, in place of what was there.
    The services keep their files open and append, so the file itself stays; what one writes in the
    very moment is lost.
    """
    grown = [one for one in sorted(folder.glob("*.log")) if one.stat().st_size > most]
    for log in grown:
        with log.open("rb") as lines:
            lines.seek(-most, os.SEEK_END)
            log.with_name(f"{log.name}.1").write_bytes(lines.read())
        os.truncate(log, 0)
    return len(grown)
