"""A transport whose every attempt waits for its turn among all processes of this installation."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

import httpx

from udsync_pipelines.connectors.quickbooks.address import PLATFORM
from udsync_pipelines.connectors.quickbooks.limits import Limits
from udsync_pipelines.errors import RateLimitedError
from udsync_pipelines.transport import Answer, Retryable, RetryPolicy, T, Transport


class LimitedTransport(Transport):
    """Sends within the limits of one company; after a 429 everybody on it waits.

    `pause` is how many seconds to wait after a 429 that names none.
    """

    def __init__(  # noqa: PLR0913 - clock and sleep are arguments, so that tests own them
        self,
        http: httpx.Client,
        limits: Limits,
        rates: tuple[str, ...],
        *,
        pause: float,
        policy: RetryPolicy | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        super().__init__(
            http, peer="QuickBooks", platform=PLATFORM, policy=policy, sleep=sleep, clock=clock
        )
        self._limits = limits
        self._rates = rates
        self._pause = pause

    def send_once(
        self,
        request: Callable[[], httpx.Request],
        retry: Retryable,
        read: Callable[[Answer], T],
    ) -> T:
        """Wait for a turn, then send one time only.

        Raises:
            RetryableError: the peer could not be reached, or the answer says to come again.
            ConfigurationError: the peer's certificate is not trusted, or what `read` raises.
        """
        try:
            with self._limits.slot(self._rates):
                return super().send_once(request, retry, read)
        except RateLimitedError as error:
            if error.retry_after is None:
                error.retry_after = self._pause
            self._limits.pause(error.retry_after)
            raise
