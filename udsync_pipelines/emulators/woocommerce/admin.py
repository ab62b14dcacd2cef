"""The door for tests, ``/__emulator__/``: faults, clock, changes, request log, sums."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from udsync_pipelines.emulators.woocommerce.answers import ApiError
from udsync_pipelines.emulators.woocommerce.clock import gmt_text
from udsync_pipelines.emulators.woocommerce.control import Control
from udsync_pipelines.emulators.woocommerce.faults import Faults
from udsync_pipelines.emulators.woocommerce.journal import Journal
from udsync_pipelines.emulators.woocommerce.store import Store
from udsync_pipelines.emulators.woocommerce.sums import Sums, unlisted_count

Json = dict[str, Any]
Endpoint = Callable[[Request], Awaitable[Response]]


def admin_routes(store: Store, faults: Faults, journal: Journal, control: Control) -> list[Route]:
    """Return the routes below ``/__emulator__``; they want no key, being on loopback only."""
    door = _Door(store, faults, journal, control)
    return [
        Route("/health", _guarded(door.health)),
        Route("/requests", _guarded(door.requests), methods=["GET", "DELETE"]),
        Route("/faults", _guarded(door.faults), methods=["GET", "POST", "DELETE"]),
        Route("/clock", _guarded(door.clock), methods=["GET", "POST"]),
        Route("/mutate", _guarded(door.mutate), methods=["POST"]),
        Route("/sums", _guarded(door.sums)),
        Route("/reset", _guarded(door.reset), methods=["POST"]),
    ]


def _guarded(endpoint: Endpoint) -> Endpoint:
    async def call(request: Request) -> Response:
        try:
            return await endpoint(request)
        except ApiError as error:
            return JSONResponse({"error": str(error), "code": error.code}, error.status)
        except (ValueError, TypeError, LookupError) as error:
            return JSONResponse({"error": str(error)}, 400)

    return call


class _Door:
    def __init__(self, store: Store, faults: Faults, journal: Journal, control: Control) -> None:
        self._store = store
        self._faults = faults
        self._journal = journal
        self._control = control

    async def health(self, _request: Request) -> Response:
        """Tell that the store is up, and how many orders it lists."""
        with self._store.lock:
            orders = self._store.records.count("kind='order' AND listed=1")
        now = gmt_text(self._store.clock.now())
        return JSONResponse({"ok": True, "orders": orders, "now": now})

    async def requests(self, request: Request) -> Response:
        """Show or forget the requests so far; ``path`` is a regular expression."""
        if request.method == "DELETE":
            self._journal.clear()
            return JSONResponse({})
        records = self._journal.records(request.query_params.get("path", ""))
        most = int(request.query_params.get("limit", "1000"))
        return JSONResponse(
            {
                "counts": self._journal.counts(),
                "total": len(records),
                "requests": [record._asdict() for record in records[-most:]],
            }
        )

    async def faults(self, request: Request) -> Response:
        """Show, add or lift faults."""
        if request.method == "DELETE":
            self._faults.clear()
        elif request.method == "POST":
            wanted = await _body(request)
            match = wanted.pop("match", {})
            kind = wanted.pop("kind", "")
            return JSONResponse(asdict(self._faults.add(kind, **match, **wanted)), 201)
        return JSONResponse({"faults": [asdict(fault) for fault in self._faults.listed()]})

    async def clock(self, request: Request) -> Response:
        """Show, stop (``now``), move (``advance``, seconds) or release (``run``) the clock."""
        if request.method == "POST":
            wanted = await _body(request)
            if "now" in wanted:
                self._store.clock.set(wanted["now"])
            if "advance" in wanted:
                self._store.clock.advance(float(wanted["advance"]))
            if wanted.get("run"):
                self._store.clock.run()
        return JSONResponse({"now": gmt_text(self._store.clock.now())})

    async def mutate(self, request: Request) -> Response:
        """Do an action of Control, or several (``actions``); answer what they returned."""
        wanted = await _body(request)
        if "actions" in wanted:
            return JSONResponse(
                {"results": [self._control.act(**one) for one in wanted["actions"]]}
            )
        return JSONResponse({"result": self._control.act(**wanted)})

    async def sums(self, request: Request) -> Response:
        """Add up the whole store while it goes on serving."""
        query = request.query_params
        sums = Sums(self._store, query.get("created_from", ""), query.get("created_to", ""))
        for _ in sums.steps():
            await asyncio.sleep(0)
        return JSONResponse({**sums.result(), "unlisted": unlisted_count(self._store)})

    async def reset(self, _request: Request) -> Response:
        """Lift all faults, forget the requests, let the clock run; the records stay."""
        self._faults.clear()
        self._journal.clear()
        self._store.clock.run()
        return JSONResponse({})


async def _body(request: Request) -> Json:
    try:
        body = await request.json()
    except json.JSONDecodeError:
        message = "The body is not JSON. Send one JSON object."
        raise ValueError(message) from None
    if not isinstance(body, dict):
        message = "The body is not a JSON object. Send one JSON object."
        raise TypeError(message)
    return body
