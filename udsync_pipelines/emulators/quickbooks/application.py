"""The web application: the service with its limits and faults, and the door for tests beside it."""

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
from udsync_pipelines.emulators.quickbooks.admin import admin_routes
from udsync_pipelines.emulators.quickbooks.answers import VERSION, Answer, trace_id
from udsync_pipelines.emulators.quickbooks.company import Company
from udsync_pipelines.emulators.quickbooks.control import Control
from udsync_pipelines.emulators.quickbooks.fault_answers import failure, spoiled
from udsync_pipelines.emulators.quickbooks.faults import Fault, Faults
from udsync_pipelines.emulators.quickbooks.journal import Journal
from udsync_pipelines.emulators.quickbooks.limits import Limits
from udsync_pipelines.emulators.quickbooks.options import CompanyOptions
from udsync_pipelines.emulators.quickbooks.presets import furnish
from udsync_pipelines.emulators.quickbooks.refusals import RefusedError
from udsync_pipelines.emulators.quickbooks.replays import Replays
from udsync_pipelines.emulators.quickbooks.service import HttpRequest, Service
from udsync_pipelines.emulators.quickbooks.tokens import Tokens

_NO_ANSWER = 0
_GOOD = 200
_FAILURES = ("status", "fault", "fault_200", "hang", "close")


class Emulation:
    """Everything one emulated company consists of, before it has an address."""

    def __init__(self, options: CompanyOptions) -> None:
        self.company = Company(options)
        furnish(self.company)
        self.tokens = Tokens(options, self.company.clock)
        self.replays = Replays(self.company)
        self.limits = Limits(options.limits_factor, options.monthly_reads)
        self.faults = Faults()
        self.requests = Journal()
        self.control = Control(self.company, self.tokens, self.replays)
        front = ServiceFront(self)
        self.application = Starlette(
            routes=[
                Mount("/__emulator__", routes=admin_routes(self)),
                Mount("/", app=front),
            ]
        )


class ServiceFront:
    """The service as an ASGI application, with everything that can go wrong on the way."""

    def __init__(self, emulation: Emulation) -> None:
        self._emulation = emulation
        self._company = emulation.company
        self._service = Service(emulation.company, emulation.tokens, emulation.replays)
        self._count = 0
        self._last: dict[str, Answer] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or fail to, as limits and faults demand."""
        started = time.perf_counter()
        self._count += 1
        trace = trace_id(self._company.options.seed, self._count, self._company.clock.now())
        limits = self._emulation.limits
        limited = scope["path"].startswith("/v3/company/")
        admitted = not limited or limits.enter(batch=scope["path"].lower().endswith("/batch"))
        try:
            request = await _read(scope, receive)
            fault, acts = self._emulation.faults.striking(
                request.method, f"{request.path}?{request.query}", request.body
            )
            self._run(acts, "before")
            note = partial(self._note, request, fault, trace, started)
            line = _Line(receive, send, trace, self._company, note)
            if admitted:
                await self._answer(request, fault, line)
            else:
                await line.send(self._service.throttled(as_json=request.wants_json))
        finally:
            if limited and admitted:
                limits.leave()
        self._run(acts, "after")

    def _note(
        self, request: HttpRequest, fault: Fault | None, trace: str, started: float, status: int
    ) -> None:
        """Write the request down before its answer leaves: who has that finds it in the journal."""
        spent = (time.perf_counter() - started) * 1000
        target = (request.method, request.path, request.query)
        self._emulation.requests.note(target, status, spent, fault.kind if fault else "", trace)

    async def _answer(self, request: HttpRequest, fault: Fault | None, line: "_Line") -> None:
        if self._company.options.latency:
            await asyncio.sleep(self._company.options.latency)
        if fault and fault.kind in _FAILURES and not fault.settings.get("after_commit"):
            return await self._fail(fault, line)
        if fault and fault.kind == "slow":
            await asyncio.sleep(fault.seconds(1))
        if fault and fault.kind == "expired_token":
            self._emulation.tokens.expire_access()
        if request.is_read and not self._emulation.limits.read_allowed():
            return await line.send(self._service.throttled(as_json=request.wants_json))
        answer = self._respond(request, fault)
        if fault and (fault.kind == "lost_answer" or fault.kind in _FAILURES):
            return await self._fail(fault, line)
        if fault and fault.kind == "truncated":
            keep = int(fault.settings.get("keep", -1))
            told = not fault.settings.get("unannounced")
            return await line.send(answer, keep=keep, is_length_told=told)
        return await line.send(spoiled(fault, answer) if fault else answer)

    def _respond(self, request: HttpRequest, fault: Fault | None) -> Answer:
        """Do what is asked; return its answer, or that of the request before on the same path."""
        if fault and fault.kind == "changed_request":
            request = replace(request, body=changed(request.body, fault.settings))
        answer = self._service.respond(request)
        before, self._last[request.path] = self._last.get(request.path, answer), copy(answer)
        if request.is_read and answer.status == _GOOD:
            self._emulation.limits.note_read(request.metered_calls)
        return before if fault and fault.kind == "answer_before" else answer

    async def _fail(self, fault: Fault, line: "_Line") -> None:
        if fault.kind in ("status", "fault", "fault_200"):
            await line.send(failure(self._service, fault))
            return
        line.note(_NO_ANSWER)
        if fault.kind == "hang":
            await line.wait(fault.seconds(60))
        await line.close()

    def _run(self, acts: list[Fault], when: str) -> None:
        for act in acts:
            if act.settings.get("when", "after") == when:
                for action in act.settings.get("actions", ()):
                    with suppress(RefusedError):  # a person who is refused leaves it at that
                        self._emulation.control.act(**action)


class _Line:
    """The connection under a request; can be cut, which plain ASGI cannot."""

    def __init__(
        self,
        receive: Receive,
        send: Send,
        trace: str,
        company: Company,
        note: Callable[[int], None],
    ) -> None:
        self.note = note
        self._receive = receive
        self._send = send
        self._trace = trace
        self._company = company

    async def send(
        self, answer: Answer, keep: int | None = None, *, is_length_told: bool = True
    ) -> None:
        """Note an answer and send it, or its first ``keep`` bytes (-1: half) and cut."""
        headers = {
            "Server": "nginx",
            "Date": formatdate(self._company.clock.now(), usegmt=True),
            "Content-Type": answer.content_type,
            **({"Content-Length": str(len(answer.body))} if is_length_told else {}),
            "intuit_tid": self._trace,
            "QBO-Version": VERSION,
            **answer.headers,
        }
        raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
        self.note(answer.status)
        await self._send({"type": "http.response.start", "status": answer.status, "headers": raw})
        part = answer.body
        if keep is not None:
            part = answer.body[: keep if keep >= 0 else len(answer.body) // 2]
        whole = keep is None
        await self._send({"type": "http.response.body", "body": part, "more_body": not whole})
        if not whole:
            await self.close()

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
