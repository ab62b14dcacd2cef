"""Where QuickBooks is: Intuit's hosts, and in their place only hosts of this machine."""

import ipaddress
from typing import NewType

import httpx

from udsync_pipelines.errors import ConfigurationError

PLATFORM = "quickbooks"

PRODUCTION = "https://quickbooks.api.intuit.com"
SANDBOX = "https://sandbox-quickbooks.api.intuit.com"
TOKEN_ENDPOINT = "https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer"  # noqa: S105
AUTHORIZE = "https://appcenter.intuit.com/connect/oauth2"
SCOPE = "com.intuit.quickbooks.accounting"
_INTUIT_HOSTS = frozenset(httpx.URL(url).host for url in (PRODUCTION, SANDBOX, TOKEN_ENDPOINT))

RealmId = NewType("RealmId", str)
"""The id of one company, digits only."""


def api_url(text: str) -> str:
    """The base address of the API, without a trailing slash.

    Raises:
        ConfigurationError: it is neither Intuit's over https nor on this machine.
    """
    return _allowed(text, "API")


def token_url(text: str) -> str:
    """The whole address of the token endpoint.

    Raises:
        ConfigurationError: it is neither Intuit's over https nor on this machine.
    """
    return _allowed(text, "token endpoint")


def realm(text: str) -> RealmId:
    """The company id as an operator wrote it.

    Raises:
        ConfigurationError: it is not a number.
    """
    digits = text.strip().replace(" ", "")
    if not (digits.isascii() and digits.isdecimal()):
        raise ConfigurationError(
            "The company id (realm id) of QuickBooks is a number.",
            code="realm_invalid",
            platform=PLATFORM,
            cure="Copy it from Settings, Additional info, Company ID in QuickBooks.",
        )
    return RealmId(digits)


def is_loopback(host: str) -> bool:
    """True for a name or number of this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _allowed(text: str, what: str) -> str:
    try:
        url = httpx.URL(text.strip())
    except httpx.InvalidURL:
        url = httpx.URL("")
    if url.scheme in {"http", "https"} and url.host and not url.userinfo and not url.query:
        ours = url.scheme == "https" and url.host in _INTUIT_HOSTS and url.port is None
        if ours or is_loopback(url.host):
            return str(url).rstrip("/")
    raise ConfigurationError(
        f"The address of the QuickBooks {what} is neither Intuit's nor on this machine.",
        code="address_invalid",
        platform=PLATFORM,
        cure="Leave the address out to use Intuit's own, or give one on 127.0.0.1.",
    )
