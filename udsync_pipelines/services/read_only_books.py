"""A client of books that may only be read."""

from collections.abc import Mapping

from udsync_pipelines.connectors.quickbooks.address import PLATFORM
from udsync_pipelines.connectors.quickbooks.client import QuickBooksClient, Written
from udsync_pipelines.connectors.quickbooks.entities import BookEntity
from udsync_pipelines.errors import ConfigurationError


class ReadOnlyQuickBooksClient(QuickBooksClient):
    """Reads one company and refuses every write before anything is sent.

    Creating, updating, voiding and deleting raise a ConfigurationError with code `read_only`.
    """

    def _write(
        self,
        entity: BookEntity,
        operation: str,
        body: Mapping[str, object],
        params: Mapping[str, str],
        request_id: str,
        record: str | None,
    ) -> Written:
        del body, params, request_id
        raise ConfigurationError(
            f"the QuickBooks company {self.realm_id} is connected read-only: "
            f"no {entity} {operation} was sent.",
            cure="Connect it again without --read-only to let udsync write.",
            code="read_only",
            platform=PLATFORM,
            record=record,
        )
