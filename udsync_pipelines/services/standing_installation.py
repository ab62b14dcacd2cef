"""The installation as a standing process keeps it: opened once, not at every tick of a sensor."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from udsync_pipelines.errors import UdsyncError
from udsync_pipelines.services.installation import Installation, open_installation
from udsync_pipelines.settings import load_settings

_lock = threading.Lock()
_standing: dict[str, Installation] = {}


@contextmanager
def standing_installation() -> Iterator[Installation]:
    """The installation that the environment names; safe to share by threads.

    After an error of ours it is opened anew the next time: the database may have moved.

    Raises:
        ConfigurationError: it cannot be opened, see `open_installation`.
    """
    settings = load_settings()
    name = settings.model_dump_json()
    with _lock:
        installation = _standing.get(name) or open_installation(settings)
        _standing[name] = installation
    try:
        yield installation
    except UdsyncError:
        forget_installations()
        raise


def forget_installations() -> None:
    """Open anew what is asked for next; what others still use closes when they have done."""
    with _lock:
        for installation in _standing.values():
            installation.close()
        _standing.clear()
