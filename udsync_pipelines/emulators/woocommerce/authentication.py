"""Who is asking: WooCommerce's key checks, and the ways in which they fail."""

import base64
import binascii
from collections.abc import Mapping

from udsync_pipelines.emulators.woocommerce.answers import ApiError
from udsync_pipelines.emulators.woocommerce.options import StoreOptions
from udsync_pipelines.emulators.woocommerce.parameters import Query

NO_ACCESS = ("woocommerce_rest_cannot_view", "Sorry, you cannot list resources.")
_READING = ("GET", "HEAD", "OPTIONS")


class RefusedError(ApiError):
    """A key problem; ``known`` tells whether WooCommerce knew the key (it adds a header then)."""

    def __init__(self, code: str, message: str, *, known: bool = False) -> None:
        super().__init__(401, code, message)
        self.hides_allow = True
        self.known = known


def authenticate(
    options: StoreOptions, headers: Mapping[str, str], query: Query, method: str
) -> None:
    """Check the caller's key.

    Raises:
        RefusedError: 401; the same without https, without a key and with an unknown one.
    """
    key, secret = _credentials(headers, query)
    secrets = {
        options.consumer_key: options.consumer_secret,
        options.read_key: options.read_secret,
    }
    if options.plain_http or not options.permalinks or key not in secrets:
        raise RefusedError(*NO_ACCESS)
    if secrets[key] != secret:
        raise RefusedError("woocommerce_rest_authentication_error", "Consumer secret is invalid.")
    if key == options.read_key and method not in _READING:
        message = "The API key provided does not have write permissions."
        raise RefusedError("woocommerce_rest_authentication_error", message, known=True)


def _credentials(headers: Mapping[str, str], query: Query) -> tuple[str, str]:
    # Keys in the query string win over the header.
    if "consumer_key" in query:
        return query.get("consumer_key"), query.get("consumer_secret")
    scheme, _, encoded = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        text = base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    key, _, secret = text.partition(":")
    return key, secret
