"""The web application: the store's API with its faults, and the door for tests beside it."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from copy import copy
from dataclasses import replace
from email.utils import formatdate
from functools import partial
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Mount
from starlette.types import Receive, Scope, Send

from udsync_pipelines.emulators.damage import changed
from udsync_pipelines.emulators.woocommerce.admin import admin_routes
from udsync_pipelines.emulators.woocommerce.answers import Answer
from udsync_pipelines.emulators.woocommerce.control import Control
from udsync_pipelines.emulators.woocommerce.fault_answers import failure, spoiled
from udsync_pipelines.emulators.woocommerce.faults import Fault, Faults
from udsync_pipelines.emulators.woocommerce.journal import Journal
from udsync_pipelines.emulators.woocommerce.service import HttpRequest, respond
from udsync_pipelines.emulators.woocommerce.store import Store
from udsync_pipelines.emulators.woocommerce.webhook_delivery import Deliverer

_NO_ANSWER = 0
_BEFORE = ("status", "hang", "close")


class StoreFront:
    """The store as an ASGI application, with everything that can go wrong on the way."""

    def __init__(self, store: Store, faults: Faults, journal: Journal, control: Control) -> None:
        self._store = store
        self._faults = faults
        self._journal = journal
        self._control = control
        self._last: dict[str, Answer] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or fail to, as the faults in force demand."""
        started = time.perf_counter()
        request = await _read(scope, receive)
        target = f"{request.path}?{request.query}"
        fault, acts = self._faults.striking(request.method, target)
        self._run(acts, "before")
        line = _Line(receive, send, partial(self._note, request, fault, started))
        await self._answer(request, fault, line)
        self._run(acts, "after")

    def _note(self, request: HttpRequest, fault: Fault | None, started: float, status: int) -> None:
        """Write the request down before its answer leaves: who has that finds it in the journal."""
        spent = (time.perf_counter() - started) * 1000
        name = fault.kind if fault else ""
        self._journal.note(request.method, request.path, request.query, status, spent, name)

    async def _answer(self, request: HttpRequest, fault: Fault | None, line: "_Line") -> None:
        if fault and fault.kind in _BEFORE and not fault.settings.get("after_commit"):
            return await self._fail(fault, line)
        if fault and fault.kind == "slow":
            await asyncio.sleep(fault.seconds(1))
        if fault and fault.kind == "duplicated_page":
            request = _page_before(request)
        if fault and fault.kind == "changed_request":
            request = replace(request, body=changed(request.body, fault.settings))
        answer = respond(self._store, request)
        before, self._last[request.path] = self._last.get(request.path, answer), copy(answer)
        if fault and fault.kind == "answer_before":
            answer = before
        if fault and (fault.kind == "lost_answer" or fault.kind in _BEFORE):
            return await self._fail(fault, line)
        if fault and fault.kind == "truncated":
            keep = int(fault.settings.get("keep", -1))
            told = not fault.settings.get("unannounced")
            return await self._send(answer, line, keep=keep, is_length_told=told)
        return await self._send(spoiled(fault, answer, request.query) if fault else answer, line)

    async def _fail(self, fault: Fault, line: "_Line") -> None:
        if fault.kind == "status":
            await self._send(failure(fault), line)
            return
        line.note(_NO_ANSWER)
        if fault.kind == "hang":
            await line.wait(fault.seconds(60))
        await line.close()

    async def _send(
        self,
        answer: Answer,
        line: "_Line",
        keep: int | None = None,
        *,
        is_length_told: bool = True,
    ) -> None:
        headers = {
            "Server": "nginx/1.22.1",
            "Date": formatdate(self._store.clock.now(), usegmt=True),
            "Content-Type": answer.content_type,
            **({"Content-Length": str(len(answer.body))} if is_length_told else {}),
            **answer.headers,
        }
        if keep is None:
            await line.send(answer.status, headers, answer.body)
            return
        part = answer.body[: keep if keep >= 0 else len(answer.body) // 2]
        await line.send(answer.status, headers, part, more=True)
        await line.close()

    def _run(self, acts: list[Fault], when: str) -> None:
        for act in acts:
            if act.settings.get("when", "after") == when:
                for action in act.settings.get("actions", ()):
                    self._control.act(**action)


class _Line:
    """The connection under a request; can be cut, which plain ASGI cannot."""

    def __init__(self, receive: Receive, send: Send, note: Callable[[int], None]) -> None:
        self.note = note
        self._receive = receive
        self._send = send

    async def send(
        self, status: int, headers: dict[str, str], body: bytes, *, more: bool = False
    ) -> None:
        """Note an answer and send it, or its beginning."""
        raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
        self.note(status)
        await self._send({"type": "http.response.start", "status": status, "headers": raw})
        await self._send({"type": "http.response.body", "body": body, "more_body": more})

    async def wait(self, seconds: float) -> None:
        """Stay silent; give up early when the caller hangs up."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._gone(), seconds)

    async def close(self) -> None:
        """Cut the connection."""
        # uvicorn hands its request cycle's own method as ``receive``; the socket hangs on it.
        transport: Any = getattr(getattr(self._receive, "__self__", None), "transport", None)
        if transport is not None:
            transport.close()
            await self._gone()

    async def _gone(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass


async def _read(scope: Scope, receive: Receive) -> HttpRequest:
    request = Request(scope, receive)
    body = await request.body() if scope["method"] not in ("GET", "HEAD") else b""
    return HttpRequest(
        method=scope["method"],
        path=scope["path"],
        query=scope["query_string"].decode("latin-1"),
        headers=request.headers,
        body=body,
    )


def _page_before(request: HttpRequest) -> HttpRequest:
    """The same list one page earlier, whether it is asked for by page or by offset."""
    pairs = [pair.partition("=")[::2] for pair in request.query.split("&") if pair]
    query = dict(pairs)
    if "offset" in query:
        moved = ("offset", max(0, int(query["offset"]) - int(query.get("per_page", "10"))))
    else:
        moved = ("page", max(1, int(query.get("page", "1")) - 1))
    kept = [f"{name}={value}" for name, value in pairs if name != moved[0]]
    text = "&".join([*kept, f"{moved[0]}={moved[1]}"])
    return HttpRequest(request.method, request.path, text, request.headers, request.body)


class Emulation:
    """Everything one emulated store consists of, before it has an address."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.faults = Faults()
        self.requests = Journal()
        self.deliverer = Deliverer(store)
        self.control = Control(store, self.deliverer)
        front = StoreFront(store, self.faults, self.requests, self.control)
        admin = admin_routes(store, self.faults, self.requests, self.control)
        self.application = Starlette(
            routes=[Mount("/__emulator__", routes=admin), Mount("/", app=_Rooted(front))]
        )


class _Rooted:
    """Undo Starlette's mounting: the store wants the whole path."""

    def __init__(self, application: StoreFront) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._application(scope, receive, send)
