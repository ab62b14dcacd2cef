"""Starting and stopping an emulated store on a real socket."""

import contextlib
import json
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Self

import uvicorn

from udsync_pipelines.emulators.woocommerce.application import Emulation
from udsync_pipelines.emulators.woocommerce.clock import Clock
from udsync_pipelines.emulators.woocommerce.control import Control
from udsync_pipelines.emulators.woocommerce.faults import Faults
from udsync_pipelines.emulators.woocommerce.journal import Journal
from udsync_pipelines.emulators.woocommerce.options import StoreOptions
from udsync_pipelines.emulators.woocommerce.store import Store
from udsync_pipelines.emulators.woocommerce.sums import Sums

Json = dict[str, Any]

HOST = "127.0.0.1"
_STARTUP_SECONDS = 30.0


class StoreEmulator:
    """An emulated WooCommerce store on loopback; a context manager.

    Takes the fields of ``StoreOptions`` as keyword arguments, and ``port`` (0: any free one).
    ``faults``, ``requests``, ``control`` and ``clock`` may be used from any thread.
    """

    def __init__(self, *, port: int = 0, **options: Any) -> None:
        self.options = StoreOptions(**options)
        self._port = port
        self._emulation = Emulation(Store(self.options))
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None
        self._url = ""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """The store's address, without a slash at the end; empty until started."""
        return self._url

    @property
    def consumer_key(self) -> str:
        """The read and write key."""
        return self.options.consumer_key

    @property
    def consumer_secret(self) -> str:
        """The secret of the read and write key."""
        return self.options.consumer_secret

    @property
    def faults(self) -> Faults:
        """The faults in force."""
        return self._emulation.faults

    @property
    def requests(self) -> Journal:
        """The requests so far."""
        return self._emulation.requests

    @property
    def control(self) -> Control:
        """What persons and plugins do to the store."""
        return self._emulation.control

    @property
    def clock(self) -> Clock:
        """The store's clock."""
        return self._emulation.store.clock

    @property
    def store(self) -> Store:
        """The store itself; hold its ``lock`` while using its records."""
        return self._emulation.store

    def sums(self, created_from: str = "", created_to: str = "") -> Json:
        """Return counts and exact sums of orders and refunds per currency, as texts."""
        return Sums(self._emulation.store, created_from, created_to).run()

    def start(self) -> str:
        """Serve on a background thread; return the address.

        Raises:
            RuntimeError: the store did not come up.
        """
        listener = _listen(self._port)
        self._emulation.deliverer.start()
        server = uvicorn.Server(_config(self._emulation))
        self._server = server
        self._thread = threading.Thread(
            target=server.run, kwargs={"sockets": [listener]}, daemon=True, name="store-emulator"
        )
        self._thread.start()
        self._url = f"http://{HOST}:{listener.getsockname()[1]}"
        deadline = time.monotonic() + _STARTUP_SECONDS
        while not server.started:
            if time.monotonic() > deadline or not self._thread.is_alive():
                message = "The store emulator did not start. Look for an error printed above."
                raise RuntimeError(message)
            time.sleep(0.005)
        return self._url

    def stop(self) -> None:
        """Stop serving and let go of the database; harmless when it is not running."""
        if self._server is None or self._thread is None:
            return
        self._emulation.deliverer.stop()
        self._server.should_exit = True
        self._server.force_exit = True
        self._thread.join(timeout=10)
        self._server = self._thread = None
        self._emulation.store.records.close()


def serve(*, port: int = 0, **options: Any) -> None:
    """Serve in the foreground until SIGTERM or SIGINT.

    Writes one JSON line with ``url``, ``consumer_key`` and ``consumer_secret`` to standard
    output as soon as requests are answered.
    """
    settings = StoreOptions(**options)
    listener = _listen(port)
    emulation = Emulation(Store(settings))
    ready = {
        "url": f"http://{HOST}:{listener.getsockname()[1]}",
        "consumer_key": settings.consumer_key,
        "consumer_secret": settings.consumer_secret,
        "orders": settings.orders,
        "seed": settings.seed,
    }
    emulation.deliverer.start()
    _Announcing(_config(emulation), ready).run(sockets=[listener])
    emulation.deliverer.stop()
    emulation.store.records.close()


class _Announcing(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, ready: Json) -> None:
        super().__init__(config)
        self._ready = ready

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on a signal and leave with success, where uvicorn would raise it once more."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self.handle_exit)
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        sys.stdout.write(json.dumps(self._ready) + "\n")
        sys.stdout.flush()


def _listen(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((HOST, port))
    listener.listen(256)
    return listener


def _config(emulation: Emulation) -> uvicorn.Config:
    return uvicorn.Config(
        emulation.application,
        log_level="critical",
        access_log=False,
        lifespan="off",
        ws="none",
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_keep_alive=120,
        timeout_graceful_shutdown=1,
    )
