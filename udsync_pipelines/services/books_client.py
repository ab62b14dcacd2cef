"""A client of a stored connection's company: it keeps to read-only, and tells of consent's end."""

from collections.abc import Callable, Mapping
from typing import Any

import httpx
from pydantic import SecretStr

from udsync_pipelines.connectors.quickbooks.address import PLATFORM
from udsync_pipelines.connectors.quickbooks.calls import Call, Written
from udsync_pipelines.connectors.quickbooks.client import QuickBooksClient
from udsync_pipelines.connectors.quickbooks.entities import BookEntity
from udsync_pipelines.errors import AuthorizationError, ConfigurationError

NEEDS_CONSENT = "needs_consent"
_LEAVES = ("http11.send_request_headers.started", "http11.send_request_body.started")


class BooksClient(QuickBooksClient):
    """Reads and writes one company, as its connection allows.

    Of a read-only connection, creating, updating, voiding and deleting raise a ConfigurationError
    with code `read_only` before anything is sent. `consent_ended` is called, before the error is
    raised, each time that QuickBooks lets only a person go on. `before_write` is called when a
    write has its turn, right before its head and again before its body leaves, for the process may
    be stopped in between: what it raises keeps the write from being sent.
    """

    def __init__(
        self,
        *given: Any,
        is_read_only: bool,
        consent_ended: Callable[[], None],
        before_write: Callable[[], None],
        **options: Any,
    ) -> None:
        super().__init__(*given, **options)
        self._is_read_only = is_read_only
        self._consent_ended = consent_ended
        self._before_write = before_write

    def _send(self, call: Call) -> Written:
        try:
            return super()._send(call)
        except AuthorizationError as error:
            if error.code == NEEDS_CONSENT:
                self._consent_ended()
            raise

    def _signed(self, call: Call, token: SecretStr) -> httpx.Request:
        request = super()._signed(call, token)
        if call.is_write:
            request.extensions["trace"] = self._leaving
        return request

    def _leaving(self, event: str, _details: Mapping[str, Any]) -> None:
        """Called by httpcore with what it is about to do."""
        if event in _LEAVES:
            self._before_write()

    def _write(
        self,
        entity: BookEntity,
        operation: str,
        body: Mapping[str, object],
        params: Mapping[str, str],
        request_id: str,
        record: str | None,
    ) -> Written:
        if self._is_read_only:
            raise ConfigurationError(
                f"the QuickBooks company {self.realm_id} is connected read-only: "
                f"no {entity} {operation} was sent.",
                cure="Connect it again without --read-only to let udsync write.",
                code="read_only",
                platform=PLATFORM,
                record=record,
            )
        return super()._write(entity, operation, body, params, request_id, record)
