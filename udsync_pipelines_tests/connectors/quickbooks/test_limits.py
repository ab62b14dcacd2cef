"""What QuickBooks allows, what we ask for, and who may scale it."""

from decimal import Decimal

import pytest

from udsync_pipelines.connectors.quickbooks.limits import (
    BATCHES,
    IN_FLIGHT,
    RATES,
    REQUESTS,
    NoLimits,
    lower_ceiling,
    scaled,
)
from udsync_pipelines.errors import ConfigurationError

LOOPBACK = ("http://127.0.0.1:8081", "http://localhost:8082/oauth2/v1/tokens/bearer")
BY_NAME = {rate.name: rate for rate in RATES}


def test_our_rates_stay_below_every_published_limit_and_use_most_of_it() -> None:
    requests, batches = BY_NAME[REQUESTS], BY_NAME[BATCHES]

    spaced = Decimal(requests.period_seconds) / requests.calls
    assert requests.burst == 1
    assert 0.9 * 500 <= requests.calls < 500
    assert 1 / spaced < 10
    assert 0.9 * 40 <= batches.calls < 40
    assert IN_FLIGHT < 10


def test_a_factor_scales_rates_while_everything_is_on_this_machine() -> None:
    rates = scaled(RATES, Decimal("2.5"), LOOPBACK)

    assert [(rate.name, rate.calls, rate.period_seconds) for rate in rates] == [
        (REQUESTS, 1225, 60),
        (BATCHES, 95, 60),
    ]


@pytest.mark.parametrize("url", ["https://quickbooks.api.intuit.com", "http://127.0.0.1.example"])
def test_a_factor_is_refused_as_soon_as_one_address_is_elsewhere(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        scaled(RATES, Decimal(20), (*LOOPBACK, url))

    assert caught.value.code == "limits_factor_refused"


def test_without_a_factor_the_rates_are_those_of_intuit_anywhere() -> None:
    assert scaled(RATES, Decimal(1), ("https://quickbooks.api.intuit.com",)) == RATES


@pytest.mark.parametrize(("ceiling", "calls"), [(None, 490), (100, 100), (9999, 490), (0, 1)])
def test_a_tenant_may_only_lower_the_ceiling(ceiling: int | None, calls: int) -> None:
    rates = {rate.name: rate.calls for rate in lower_ceiling(RATES, ceiling)}

    assert rates == {REQUESTS: calls, BATCHES: 38}


def test_no_limits_let_every_request_start_at_once() -> None:
    free = NoLimits()

    with free.slot((REQUESTS,)), free.slot((REQUESTS,)):
        free.pause(60)
        free.count("Customer read", is_metered=True, has_failed=False)
        with free.slot((BATCHES,)) as nothing:
            assert nothing is None
