"""Sealing of credentials: AES-256-GCM, bound to the tenant, the platform and the name.

A sealed value reads `u1.<key id>.<base64url of nonce, ciphertext and tag>`. What it is bound to is
the additional data `["u1", key id, tenant, platform, name]` as JSON: moved to another row, or
changed by one bit, it no longer opens. Losing the key loses only credentials: connect again.
"""

import base64
import binascii
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NoReturn
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from udsync_pipelines.errors import ConfigurationError

KEY_BYTES = 32
_VERSION = "u1"
_NONCE_BYTES = 12
_KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,40}")
_CHECK_TEXT = "udsync"


@dataclass(frozen=True, slots=True)
class SecretPlace:
    """Where a secret belongs; it opens nowhere else. `tenant` is the tenant's id."""

    tenant: UUID
    platform: str
    name: str


class MultiKey:
    """The keys of an installation: all of them open, the primary one seals.

    Never shows a key: not printed, not pickled.
    """

    __slots__ = ("_ciphers", "_primary")

    def __init__(self, keys: Mapping[str, bytes], primary: str) -> None:
        for key_id, key in keys.items():
            _check_key(key_id, key)
        if primary not in keys:
            raise ConfigurationError(f"The sealing key {primary!r} is missing.", code="key_missing")
        self._ciphers = MappingProxyType({key_id: AESGCM(key) for key_id, key in keys.items()})
        self._primary = primary

    def __repr__(self) -> str:
        return f"MultiKey(ids={sorted(self._ciphers)}, primary={self._primary!r})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("keys are not pickled: they must not leave this process")

    @property
    def primary(self) -> str:
        """The id of the key that seals."""
        return self._primary

    @property
    def key_ids(self) -> frozenset[str]:
        """The ids of all keys that are held."""
        return frozenset(self._ciphers)

    def seal(self, secret: str, place: SecretPlace) -> str:
        """Seal a secret with the primary key; the same secret never looks the same twice."""
        bound = (str(place.tenant), place.platform, place.name)
        return self._seal(secret, self._primary, bound)

    def open(self, sealed: str, place: SecretPlace) -> str:
        """Give back what was sealed for this very place.

        Raises:
            ConfigurationError: its key is not held, it belongs elsewhere, or it was changed.
        """
        bound = (str(place.tenant), place.platform, place.name)
        secret = self._open(sealed, bound)
        if secret is None:
            message = f"The stored {place.name} of {place.platform} cannot be opened."
            cure = "It was changed, or it belongs to another connection: connect again."
            raise ConfigurationError(message, code="secret_damaged", cure=cure)
        return secret

    def reseal(self, sealed: str, place: SecretPlace) -> str:
        """Seal again with the primary key; a value that is already so comes back as it is.

        Raises:
            ConfigurationError: as `open`.
        """
        if key_id_of(sealed) == self._primary:
            return sealed
        return self.seal(self.open(sealed, place), place)

    def check_value(self) -> str:
        """A sealed constant that proves later that the primary key is still the same."""
        return self._seal(_CHECK_TEXT, self._primary, ("", "", "check"))

    def confirm(self, check_value: str) -> None:
        """Compare our keys with a check value, so that a wrong key is found at the start.

        Raises:
            ConfigurationError: the key that made it is another one, or is not held.
        """
        if self._open(check_value, ("", "", "check")) != _CHECK_TEXT:
            message = f"Wrong key: {key_id_of(check_value)!r} is not the key used so far."
            cure = "Put the former key back (UDSYNC_SECRET_KEY or the key file)."
            raise ConfigurationError(message, code="key_wrong", cure=cure)

    def _seal(self, secret: str, key_id: str, bound: tuple[str, str, str]) -> str:
        nonce = os.urandom(_NONCE_BYTES)
        cipher = self._ciphers[key_id]
        sealed = cipher.encrypt(nonce, secret.encode(), _additional(key_id, bound))
        return f"{_VERSION}.{key_id}.{encode(nonce + sealed)}"

    def _open(self, sealed: str, bound: tuple[str, str, str]) -> str | None:
        """None when it does not fit; the reason would only help who tries."""
        key_id = key_id_of(sealed)
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            message = f"A stored secret was sealed with the key {key_id!r}, which is not given."
            cure = "Put that key back beside the new one (UDSYNC_SECRET_KEY or the key file)."
            raise ConfigurationError(message, code="key_missing", cure=cure)
        content = decode(sealed.split(".")[2])
        if content is None:
            return None
        nonce, ciphertext = content[:_NONCE_BYTES], content[_NONCE_BYTES:]
        try:
            return cipher.decrypt(nonce, ciphertext, _additional(key_id, bound)).decode()
        except (InvalidTag, ValueError):
            return None


def key_id_of(sealed: str) -> str:
    """Say which key sealed a value.

    Raises:
        ConfigurationError: it is no sealed value. The value is not repeated.
    """
    parts = sealed.split(".")
    if len(parts) != 3 or parts[0] != _VERSION or not _KEY_ID.fullmatch(parts[1]):  # noqa: PLR2004
        message = "A stored secret is damaged: it is not a sealed value."
        cure = "Connect the platform again."
        raise ConfigurationError(message, code="secret_damaged", cure=cure)
    return parts[1]


def encode(content: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def decode(text: str) -> bytes | None:
    """Read base64url without padding; None for any other spelling, so that none is accepted."""
    try:
        content = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    return content if encode(content) == text else None


def _additional(key_id: str, bound: tuple[str, str, str]) -> bytes:
    return json.dumps([_VERSION, key_id, *bound], ensure_ascii=False).encode()


def _check_key(key_id: str, key: bytes) -> None:
    if not _KEY_ID.fullmatch(key_id):
        message = "The id of a sealing key holds other characters than letters, digits, - and _."
        raise ConfigurationError(message, code="key_invalid")
    if len(key) != KEY_BYTES:
        message = f"The sealing key {key_id!r} is not {KEY_BYTES} bytes long."
        raise ConfigurationError(message, code="key_invalid", cure="Restore it from your copy.")
