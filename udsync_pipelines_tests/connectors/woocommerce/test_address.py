"""One form of a store's address."""

import pytest

from udsync_pipelines.connectors.woocommerce.address import store_url
from udsync_pipelines.errors import ConfigurationError


@pytest.mark.parametrize(
    ("written", "url"),
    [
        ("https://shop.example", "https://shop.example"),
        ("https://shop.example/", "https://shop.example"),
        ("shop.example", "https://shop.example"),
        ("  https://shop.example/wp-json/  ", "https://shop.example"),
        ("https://shop.example/wp-json/wc/v3/orders?x=1", "https://shop.example"),
        ("https://example.com/shop/", "https://example.com/shop"),
        ("https://example.com/shop/wp-json", "https://example.com/shop"),
        ("https://example.com/index.php/wp-json/", "https://example.com"),
        ("https://shop.example:8443", "https://shop.example:8443"),
        ("http://127.0.0.1:8765/", "http://127.0.0.1:8765"),
        ("http://localhost:80/shop", "http://localhost/shop"),
        ("http://[::1]:9000", "http://[::1]:9000"),
    ],
)
def test_an_address_has_one_form_however_it_was_written(written: str, url: str) -> None:
    assert store_url(written) == url


@pytest.mark.parametrize(
    "written", ["http://shop.example", "http://10.0.0.1", "http://localhost.evil.example"]
)
def test_plain_http_is_refused_except_to_this_machine(written: str) -> None:
    with pytest.raises(ConfigurationError, match="https://") as caught:
        store_url(written)

    assert caught.value.code == "https_required"


@pytest.mark.parametrize(
    "written", ["", "ftp://shop.example", "https://", "https://u:p@shop.example"]
)
def test_what_is_no_web_address_is_refused_with_an_example(written: str) -> None:
    with pytest.raises(ConfigurationError, match=r"Write it like") as caught:
        store_url(written)

    assert caught.value.code == "address_invalid"
    assert "u:p" not in str(caught.value)
