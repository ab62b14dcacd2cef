"""Dagster's folder: `dagster.yaml` is read from there only, so it is put there."""

import os
import sys
from pathlib import Path

from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines.settings import Settings

DAGSTER_YAML = "dagster.yaml"


def prepare_dagster_home(settings: Settings) -> Path:
    """Put `dagster.yaml` into the home folder, and make it this process's DAGSTER_HOME.

    Processes started from here inherit it, and the home folder as an absolute path.

    Raises:
        ConfigurationError: the file that udsync ships is missing.
    """
    wanted = _shipped().read_text()
    target = settings.home / DAGSTER_YAML
    if not target.exists() or target.read_text() != wanted:
        draft = target.with_suffix(f".{os.getpid()}")
        draft.write_text(wanted)
        draft.replace(target)
    (settings.home / "logs").mkdir(exist_ok=True)
    os.environ["DAGSTER_HOME"] = str(settings.home)
    os.environ["UDSYNC_HOME"] = str(settings.home)
    # Ephemeral tips and a version check that calls home have no place in a service.
    os.environ["DAGSTER_DISABLE_TELEMETRY"] = "1"
    return settings.home


def _shipped() -> Path:
    """The file beside the package in a checkout, or where an installation has put it."""
    places = (Path(__file__).parents[2], Path(sys.prefix) / "share" / "udsync")
    for place in places:
        if (place / DAGSTER_YAML).exists():
            return place / DAGSTER_YAML
    raise ConfigurationError(
        "udsync's dagster.yaml is missing from this installation.", cure="Install udsync again."
    )
