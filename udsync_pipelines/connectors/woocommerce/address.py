"""Where a store is: one form of its address, however an operator wrote it."""

import ipaddress
import re

import httpx

from udsync_pipelines.errors import ConfigurationError

PLATFORM = "woocommerce"


def store_url(text: str) -> str:
    """The store's base address without a trailing slash, `/wp-json` or query.

    A store in a sub-directory keeps it. A missing scheme means https.

    Raises:
        ConfigurationError: it is no address, holds a password, or is plain http elsewhere than on
            this machine (a key sent over plain http can be read on the way).
    """
    written = text.strip()
    if "://" not in written:
        written = f"https://{written}"
    try:
        url = httpx.URL(written)
    except httpx.InvalidURL:
        url = httpx.URL("")
    if url.scheme not in {"http", "https"} or not url.host:
        raise _refused("The store's address is not a web address.", "address_invalid")
    if url.userinfo:
        raise _refused("The store's address must not hold a password.", "address_invalid")
    if url.scheme == "http" and not is_loopback(url.host):
        raise _refused(
            f"The address of the store {url.host} begins with http://.",
            "https_required",
            "Use https://: a key that travels over plain http can be read on the way.",
        )
    path = re.sub(r"(/index\.php)?/wp-json(/.*)?$", "", url.path.rstrip("/"))
    return str(url.copy_with(path=path or "/", query=None, fragment=None)).rstrip("/")


def is_loopback(host: str) -> bool:
    """True for a name or number of this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _refused(message: str, code: str, cure: str | None = None) -> ConfigurationError:
    return ConfigurationError(
        message,
        code=code,
        platform=PLATFORM,
        cure=cure or "Write it like https://shop.example or https://example.com/shop.",
    )
