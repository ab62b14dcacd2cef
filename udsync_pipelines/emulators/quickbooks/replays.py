"""Answers remembered by request id."""

from dataclasses import dataclass
from typing import Any

from udsync_pipelines.emulators.quickbooks.company import Company
from udsync_pipelines.emulators.quickbooks.refusals import refuse

Json = dict[str, Any]

MOST = 50
MOST_IN_BATCH = 36
MOST_BATCH_ITEM = 10


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer that was given: status, body, and when."""

    status: int
    body: Json
    at: float


class Replays:
    """The first answer to each request id, for as long as the company remembers."""

    def __init__(self, company: Company) -> None:
        self._company = company
        self._kept: dict[str, Kept] = {}

    def find(self, request_id: str) -> Kept | None:
        """Return the first answer to a request id, if it is still remembered."""
        kept = self._kept.get(request_id)
        if kept is None or not self._company.options.requestid:
            return None
        if self._company.clock.now() - kept.at >= self._company.options.requestid_seconds:
            del self._kept[request_id]
            return None
        return kept

    def keep(self, request_id: str, status: int, body: Json) -> None:
        """Remember an answer; refusals only where the company replays them."""
        good = status == 200  # noqa: PLR2004
        if request_id and (good or self._company.options.replay_refusals):
            self._kept[request_id] = Kept(status, body, self._company.clock.now())

    def forget(self) -> None:
        """Forget all answers."""
        self._kept.clear()


def check_request_id(request_id: str, most: int = MOST) -> None:
    """Refuse a request id that is too long.

    Raises:
        RefusedError: 2130.
    """
    if len(request_id) > most:
        text = f"Invalid Request ID : at most {most} characters, supplied {len(request_id)}"
        raise refuse("2130", text, "requestid")
