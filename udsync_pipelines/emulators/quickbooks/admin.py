"""The door for tests, ``/__emulator__/``: faults, clock, changes, request log, audit."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from udsync_pipelines.emulators.quickbooks.audit import audit
from udsync_pipelines.emulators.quickbooks.clock import pacific
from udsync_pipelines.emulators.quickbooks.company import Company
from udsync_pipelines.emulators.quickbooks.control import Control
from udsync_pipelines.emulators.quickbooks.faults import Faults
from udsync_pipelines.emulators.quickbooks.journal import Journal
from udsync_pipelines.emulators.quickbooks.limits import Limits
from udsync_pipelines.emulators.quickbooks.refusals import RefusedError
from udsync_pipelines.emulators.quickbooks.webhooks import Form, notification

Json = dict[str, Any]
Endpoint = Callable[[Request], Awaitable[Response]]


class Parts(Protocol):
    """What the door opens to."""

    company: Company
    limits: Limits
    faults: Faults
    requests: Journal
    control: Control


def admin_routes(parts: Parts) -> list[Route]:
    """Return the routes below ``/__emulator__``; they want no token, being on loopback only."""
    door = _Door(parts)
    return [
        Route("/health", _guarded(door.health)),
        Route("/requests", _guarded(door.requests), methods=["GET", "DELETE"]),
        Route("/faults", _guarded(door.faults), methods=["GET", "POST", "DELETE"]),
        Route("/clock", _guarded(door.clock), methods=["GET", "POST"]),
        Route("/mutate", _guarded(door.mutate), methods=["POST"]),
        Route("/audit", _guarded(door.audit)),
        Route("/webhooks", _guarded(door.webhooks)),
        Route("/reset", _guarded(door.reset), methods=["POST"]),
    ]


def _guarded(endpoint: Endpoint) -> Endpoint:
    async def call(request: Request) -> Response:
        try:
            return await endpoint(request)
        except RefusedError as error:
            return JSONResponse({"error": str(error), "code": error.code}, error.status)
        except (ValueError, TypeError, LookupError) as error:
            return JSONResponse({"error": str(error)}, 400)

    return call


class _Door:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def health(self, _request: Request) -> Response:
        """Tell that the company is up, and what time it has."""
        company = self._parts.company
        now = pacific(company.clock.now())
        return JSONResponse({"ok": True, "realm_id": company.options.realm_id, "now": now})

    async def requests(self, request: Request) -> Response:
        """Show or forget the requests so far; ``path`` is a regular expression."""
        journal = self._parts.requests
        if request.method == "DELETE":
            journal.clear()
            return JSONResponse({})
        records = journal.records(request.query_params.get("path", ""))
        most = int(request.query_params.get("limit", "1000"))
        return JSONResponse(
            {
                "counts": journal.counts(),
                "statuses": {str(status): n for status, n in journal.statuses().items()},
                "metered_reads": self._parts.limits.reads,
                "throttled": self._parts.limits.refused,
                "most_in_flight": self._parts.limits.most_in_flight,
                "total": len(records),
                "requests": [record._asdict() for record in records[-most:]],
            }
        )

    async def faults(self, request: Request) -> Response:
        """Show, add or lift faults."""
        faults = self._parts.faults
        if request.method == "DELETE":
            faults.clear()
        elif request.method == "POST":
            wanted = await _body(request)
            match = wanted.pop("match", {})
            kind = wanted.pop("kind", "")
            return JSONResponse(asdict(faults.add(kind, **match, **wanted)), 201)
        return JSONResponse({"faults": [asdict(fault) for fault in faults.listed()]})

    async def clock(self, request: Request) -> Response:
        """Show, stop (``now``), move (``advance``, seconds) or release (``run``) the clock."""
        clock = self._parts.company.clock
        if request.method == "POST":
            wanted = await _body(request)
            if "now" in wanted:
                clock.set(wanted["now"])
            if "advance" in wanted:
                clock.advance(float(wanted["advance"]))
            if wanted.get("run"):
                clock.run()
        return JSONResponse({"now": pacific(clock.now())})

    async def mutate(self, request: Request) -> Response:
        """Do an action of Control, or several (``actions``); answer what they returned."""
        wanted = await _body(request)
        control = self._parts.control
        if "actions" in wanted:
            return JSONResponse({"results": [control.act(**one) for one in wanted["actions"]]})
        return JSONResponse({"result": control.act(**wanted)})

    async def audit(self, request: Request) -> Response:
        """Look the books over; ``prefix`` chooses documents by the beginning of their number."""
        return JSONResponse(audit(self._parts.company, request.query_params.get("prefix", "")))

    async def webhooks(self, request: Request) -> Response:
        """Show the events from number ``start`` on as one signed notification."""
        query = request.query_params
        form: Form = "legacy" if query.get("form") == "legacy" else "cloudevents"
        body, headers = notification(self._parts.company, int(query.get("start", "0")), form)
        return Response(body, headers=headers)

    async def reset(self, _request: Request) -> Response:
        """Lift all faults, forget the requests, let the clock run; the books stay."""
        self._parts.faults.clear()
        self._parts.requests.clear()
        self._parts.company.clock.run()
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
