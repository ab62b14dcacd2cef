"""Starting and stopping an emulated company on a real socket."""

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

from udsync_pipelines.emulators.quickbooks.application import Emulation
from udsync_pipelines.emulators.quickbooks.audit import audit
from udsync_pipelines.emulators.quickbooks.clock import Clock
from udsync_pipelines.emulators.quickbooks.company import Company
from udsync_pipelines.emulators.quickbooks.control import Control
from udsync_pipelines.emulators.quickbooks.faults import Faults
from udsync_pipelines.emulators.quickbooks.journal import Journal
from udsync_pipelines.emulators.quickbooks.limits import Limits
from udsync_pipelines.emulators.quickbooks.options import CompanyOptions
from udsync_pipelines.emulators.quickbooks.webhooks import Form, notification

Json = dict[str, Any]

HOST = "127.0.0.1"
_STARTUP_SECONDS = 30.0
_TOKEN_PATH = "/oauth2/v1/tokens/bearer"  # noqa: S105 - an address


class CompanyEmulator:
    """An emulated QuickBooks Online company on loopback; a context manager.

    Takes the fields of ``CompanyOptions`` as keyword arguments, and ``port`` (0: any free one).
    ``faults``, ``requests``, ``control``, ``limits`` and ``clock`` may be used from any thread.
    ``access_token`` and ``refresh_token`` come from a consent given at construction.
    """

    def __init__(self, *, port: int = 0, **options: Any) -> None:
        self.options = CompanyOptions(**options)
        self._port = port
        self._emulation = Emulation(self.options)
        self.access_token, self.refresh_token = self._emulation.tokens.connect()
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
        """The API's address, without a slash at the end; empty until started."""
        return self._url

    @property
    def oauth_url(self) -> str:
        """The address of the token endpoint."""
        return self._url + _TOKEN_PATH

    @property
    def realm_id(self) -> str:
        """The company's id."""
        return self.options.realm_id

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
        """What persons do to the company."""
        return self._emulation.control

    @property
    def limits(self) -> Limits:
        """The limits, and how many requests they have refused."""
        return self._emulation.limits

    @property
    def clock(self) -> Clock:
        """The company's clock."""
        return self._emulation.company.clock

    @property
    def company(self) -> Company:
        """The books themselves; hold their ``lock`` while using them."""
        return self._emulation.company

    def audit(self, prefix: str = "") -> Json:
        """Look the books over, see ``audit.audit``; amounts are texts."""
        return audit(self._emulation.company, prefix)

    def count(self, entity: str) -> int:
        """Return how many objects of an entity there are, voided and inactive ones included."""
        with self._emulation.company.lock:
            return len(self._emulation.company.table(entity))

    def notification(self, start: int = 0, form: Form = "cloudevents") -> tuple[bytes, Json]:
        """Return the events from number ``start`` on as one signed POST: body and headers."""
        return notification(self._emulation.company, start, form)

    def start(self) -> str:
        """Serve on a background thread; return the address.

        Raises:
            RuntimeError: the company did not come up.
        """
        listener = _listen(self._port)
        server = uvicorn.Server(_config(self._emulation))
        self._server = server
        self._thread = threading.Thread(
            target=server.run, kwargs={"sockets": [listener]}, daemon=True, name="books-emulator"
        )
        self._thread.start()
        self._url = f"http://{HOST}:{listener.getsockname()[1]}"
        deadline = time.monotonic() + _STARTUP_SECONDS
        while not server.started:
            if time.monotonic() > deadline or not self._thread.is_alive():
                message = "The books emulator did not start. Look for an error printed above."
                raise RuntimeError(message)
            time.sleep(0.005)
        return self._url

    def stop(self) -> None:
        """Stop serving; harmless when it is not running."""
        if self._server is None or self._thread is None:
            return
        self._server.should_exit = True
        self._server.force_exit = True
        self._thread.join(timeout=10)
        self._server = self._thread = None


def serve(*, port: int = 0, **options: Any) -> None:
    """Serve in the foreground until SIGTERM or SIGINT.

    Writes one JSON line with ``url``, ``oauth_url``, ``realm_id``, ``client_id``,
    ``client_secret``, ``access_token`` and ``refresh_token`` to standard output as soon as
    requests are answered.
    """
    settings = CompanyOptions(**options)
    listener = _listen(port)
    emulation = Emulation(settings)
    access, refresh = emulation.tokens.connect()
    url = f"http://{HOST}:{listener.getsockname()[1]}"
    ready = {
        "url": url,
        "oauth_url": url + _TOKEN_PATH,
        "realm_id": settings.realm_id,
        "client_id": settings.client_id,
        "client_secret": settings.client_secret,
        "access_token": access,
        "refresh_token": refresh,
        "country": settings.country,
        "seed": settings.seed,
        "sales_items": settings.sales_items,
    }
    _Announcing(_config(emulation), ready).run(sockets=[listener])


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
