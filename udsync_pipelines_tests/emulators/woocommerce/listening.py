"""Something that webhooks are delivered to: it answers as it is told and keeps what it got."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Received:
    """A request that came in; names of headers in small letters."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Listener:
    """What listens: its address, what it answers, what came."""

    url: str = ""
    status: int = 200
    received: list[Received] = field(default_factory=list)

    @property
    def deliveries(self) -> list[Received]:
        """What came and was no ping."""
        return [one for one in self.received if "x-wc-webhook-topic" in one.headers]

    @property
    def topics(self) -> list[str]:
        """The topics of the deliveries, in the order they came."""
        return [one.headers["x-wc-webhook-topic"] for one in self.deliveries]


@contextmanager
def listening() -> Iterator[Listener]:
    """A listener on a port of its own, until the end of the block."""
    listener = Listener()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            listener.received.append(Received(self.path, headers, body))
            self.send_response(listener.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        listener.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield listener
        finally:
            server.shutdown()
            thread.join()
