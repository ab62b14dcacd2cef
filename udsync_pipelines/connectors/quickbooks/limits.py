"""What QuickBooks allows per company, and the port through which all processes keep to it."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

import httpx

from udsync_pipelines.connectors.quickbooks.address import PLATFORM, is_loopback
from udsync_pipelines.errors import ConfigurationError

REQUESTS = "requests"
BATCHES = "batches"
# Intuit allows 10 requests at once. A request ends there a moment after its answer has reached
# us, so the tenth would now and then be the eleventh.
IN_FLIGHT = 9


@dataclass(frozen=True, slots=True)
class Rate:
    """So many calls in so many seconds, of which `burst` may come at once."""

    name: str
    calls: int
    period_seconds: int
    burst: int = 1


# Intuit allows 500 requests a minute and 10 a second. Of 490 a minute, evenly spaced, and 9 in
# flight at most 500 arrive within any minute, however late some of them are. They are 122 ms apart:
# at most 9 start in any second, and a fifth of a second of unevenness on the way is free.
RATES = (Rate(REQUESTS, 490, 60), Rate(BATCHES, 38, 60))

MONTHLY_READS = 500_000
"""Metered calls (everything but writes) that Intuit's free tier gives all companies of an app in
a month; beyond them it answers 429 until the next month."""


def allowance_spent(monthly_reads: int) -> ConfigurationError:
    """Said instead of a metered call that Intuit would refuse."""
    return ConfigurationError(
        f"this month's {monthly_reads:,} metered calls to QuickBooks are spent.",
        code="allowance_spent",
        platform=PLATFORM,
        cure="Sync again on the first of next month, or raise it: udsync quota set --tenant … "
        "--monthly-reads …; documents of known customers and items are posted meanwhile.",
    )


class Limits(Protocol):
    """The limits of one company, shared by all processes."""

    def slot(self, rates: Sequence[str]) -> AbstractContextManager[None]:
        """Wait until one request may start that counts against these rates; hold its slot.

        Raises:
            RetryableError: there was no slot for longer than any request may take.
        """

    def pause(self, seconds: float) -> None:
        """Nobody starts a request to this company for so long: it has asked for a pause."""

    def count(self, name: str, *, is_metered: bool, has_failed: bool) -> None:
        """Count a call for the month's allowance."""

    def check_allowance(self) -> None:
        """Refuse a metered call when the month's allowance is spent.

        Raises:
            ConfigurationError: it is; writes go on, for they are free.
        """


class NoLimits:
    """No limits at all, for one-off questions such as checking a connection, and for tests."""

    def slot(self, rates: Sequence[str]) -> AbstractContextManager[None]:
        """Start at once."""
        del rates
        return nullcontext()

    def pause(self, seconds: float) -> None:
        """Do nothing."""

    def count(self, name: str, *, is_metered: bool, has_failed: bool) -> None:
        """Do nothing."""

    def check_allowance(self) -> None:
        """Do nothing."""


def scaled(rates: Sequence[Rate], factor: Decimal, urls: Sequence[str]) -> tuple[Rate, ...]:
    """These rates times the factor; requests in flight do not scale.

    Raises:
        ConfigurationError: the factor is not 1 and an address is not on this machine.
    """
    if factor != 1 and not all(is_loopback(httpx.URL(url).host) for url in urls):
        raise ConfigurationError(
            "UDSYNC_LIMITS_FACTOR scales the limits of connections on this machine only.",
            code="limits_factor_refused",
            platform=PLATFORM,
            cure="Remove UDSYNC_LIMITS_FACTOR from the environment.",
        )
    return tuple(
        Rate(rate.name, max(1, int(rate.calls * factor)), rate.period_seconds, rate.burst)
        for rate in rates
    )


def lower_ceiling(rates: Sequence[Rate], requests_per_minute: int | None) -> tuple[Rate, ...]:
    """The rates with a tenant's own, lower ceiling for requests; never a higher one."""
    if requests_per_minute is None:
        return tuple(rates)
    return tuple(
        Rate(rate.name, max(1, min(rate.calls, requests_per_minute)), rate.period_seconds)
        if rate.name == REQUESTS
        else rate
        for rate in rates
    )
