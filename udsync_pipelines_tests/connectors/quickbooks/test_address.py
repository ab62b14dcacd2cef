"""Which addresses and company ids are taken for those of QuickBooks."""

import pytest

from udsync_pipelines.connectors.quickbooks.address import realm
from udsync_pipelines.errors import (
    ConfigurationError,
)
from udsync_pipelines_tests.connectors.quickbooks.samples import (
    Answers,
    client,
)


@pytest.mark.parametrize(
    "url",
    [
        "http://quickbooks.api.intuit.com",
        "https://books.example",
        "https://quickbooks.api.intuit.com.books.example",
        "ftp://127.0.0.1",
        "not an address",
    ],
)
def test_other_hosts_than_those_of_intuit_are_refused(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        client(Answers(), base_url=url)

    assert caught.value.code == "address_invalid"


@pytest.mark.parametrize("url", ["http://127.0.0.1:8081", "https://[::1]:9", "http://localhost:1"])
def test_a_company_on_this_machine_may_stand_in(url: str) -> None:
    assert client(Answers(), base_url=url).url == url


@pytest.mark.parametrize("text", ["310687", " 310 687 "])
def test_a_company_id_is_read_as_an_operator_writes_it(text: str) -> None:
    assert realm(text) == "310687"


@pytest.mark.parametrize("text", ["", "shop.example", "31-0687", "٣١"])
def test_a_company_id_that_is_no_number_says_where_to_find_it(text: str) -> None:
    with pytest.raises(ConfigurationError, match="Company ID"):
        realm(text)


@pytest.mark.parametrize("url", ["https://token@127.0.0.1", "http://127.0.0.1?x=1", "http://"])
def test_an_address_with_more_than_a_place_in_it_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError):
        client(Answers(), base_url=url)
