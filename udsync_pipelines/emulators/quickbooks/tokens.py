"""OAuth 2.0: codes, access tokens that expire and refresh tokens that rotate."""

import base64
import binascii
import hashlib
import threading
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from udsync_pipelines.emulators.quickbooks.clock import Clock
from udsync_pipelines.emulators.quickbooks.options import CompanyOptions

Json = dict[str, Any]

_GRANT_SECONDS = 157_680_000  # five years
_CODE_SECONDS = 600


class TokenRefusedError(Exception):
    """The token endpoint refuses; the body is ``{"error": ...}``."""

    def __init__(self, error: str, description: str = "", status: int = 400) -> None:
        super().__init__(error)
        self.status = status
        self.body: Json = {"error": error}
        if description:
            self.body["error_description"] = description


@dataclass(slots=True)
class _Grant:
    refresh: str
    born: float
    rotated: float
    used: float
    old: set[str] = field(default_factory=set)
    access: dict[str, float] = field(default_factory=dict)


class Tokens:
    """The grants of one company. Safe to use from any thread."""

    def __init__(self, options: CompanyOptions, clock: Clock) -> None:
        self._options = options
        self._clock = clock
        self._lock = threading.Lock()
        self._grants: list[_Grant] = []
        self._codes: dict[str, float] = {}
        self._made = 0

    def connect(self) -> tuple[str, str]:
        """Grant access as after consent; return a new access and refresh token."""
        with self._lock:
            grant = self._new_grant()
            return self._new_access(grant), grant.refresh

    def code(self) -> str:
        """Return an authorization code, good once and for ten minutes."""
        with self._lock:
            code = self._value("code")
            self._codes[code] = self._clock.now() + _CODE_SECONDS
            return code

    def accepts(self, access: str) -> bool:
        """Return whether an access token is known and has not expired."""
        now = self._clock.now()
        with self._lock:
            return any(grant.access.get(access, 0.0) > now for grant in self._grants)

    def expire_access(self) -> None:
        """End the life of all access tokens now; refresh tokens stay."""
        with self._lock:
            for grant in self._grants:
                grant.access.clear()

    def revoke_all(self) -> None:
        """End all grants, as when a person disconnects the app."""
        with self._lock:
            self._grants.clear()

    def exchange(self, authorization: str, body: bytes, *, hard_limit: bool) -> Json:
        """Answer the token endpoint.

        Raises:
            TokenRefusedError: wrong client (401), or a grant that is not good (400).
        """
        self._check_client(authorization)
        form = {name: values[-1] for name, values in parse_qs(body.decode("latin-1")).items()}
        with self._lock:
            kind = form.get("grant_type")
            if kind == "refresh_token":
                return self._refreshed(form.get("refresh_token", ""), hard_limit=hard_limit)
            if kind == "authorization_code":
                return self._exchanged(form, hard_limit=hard_limit)
        raise TokenRefusedError("unsupported_grant_type")

    def revoke(self, authorization: str, token: str) -> None:
        """End the grant of a refresh or access token.

        Raises:
            TokenRefusedError: wrong client (401), or an unknown token (400).
        """
        self._check_client(authorization)
        with self._lock:
            for grant in self._grants:
                if token == grant.refresh or token in grant.access:
                    self._grants.remove(grant)
                    return
        raise TokenRefusedError("invalid_request", "Token invalid")

    def _check_client(self, authorization: str) -> None:
        scheme, _, value = authorization.partition(" ")
        try:
            pair = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            pair = ""
        good = f"{self._options.client_id}:{self._options.client_secret}"
        if scheme.lower() != "basic" or pair != good:
            raise TokenRefusedError("invalid_client", status=401)

    def _refreshed(self, token: str, *, hard_limit: bool) -> Json:
        now = self._clock.now()
        grant = next((one for one in self._grants if one.refresh == token), None)
        if grant is None:
            self._punish(token)
            raise TokenRefusedError("invalid_grant", "Incorrect or invalid refresh token")
        unused = now - grant.used >= self._options.refresh_seconds
        if unused or now - grant.born >= _GRANT_SECONDS:
            self._grants.remove(grant)
            raise TokenRefusedError("invalid_grant", "Token invalid")
        if now - grant.rotated >= self._options.rotate_seconds:
            grant.old.add(grant.refresh)
            grant.refresh = self._value("refresh")
            grant.rotated = now
        grant.used = now
        return self._answer(grant, hard_limit=hard_limit)

    def _punish(self, token: str) -> None:
        if self._options.double_use_revokes:
            self._grants = [one for one in self._grants if token not in one.old]

    def _exchanged(self, form: dict[str, str], *, hard_limit: bool) -> Json:
        good_until = self._codes.pop(form.get("code", ""), 0.0)
        if good_until <= self._clock.now():
            raise TokenRefusedError("invalid_grant")
        return self._answer(self._new_grant(), hard_limit=hard_limit)

    def _new_grant(self) -> _Grant:
        now = self._clock.now()
        grant = _Grant(self._value("refresh"), now, now, now)
        self._grants.append(grant)
        return grant

    def _new_access(self, grant: _Grant) -> str:
        now = self._clock.now()
        grant.access = {token: until for token, until in grant.access.items() if until > now}
        access = self._value("access")
        grant.access[access] = now + self._options.access_seconds
        return access

    def _answer(self, grant: _Grant, *, hard_limit: bool) -> Json:
        body: Json = {
            "token_type": "bearer",
            "access_token": self._new_access(grant),
            "expires_in": self._options.access_seconds,
            "refresh_token": grant.refresh,
            "x_refresh_token_expires_in": self._options.refresh_seconds,
        }
        if hard_limit:
            left = _GRANT_SECONDS - (self._clock.now() - grant.born)
            body["x_refresh_token_hard_expires_in"] = int(left)
        return body

    def _value(self, kind: str) -> str:
        self._made += 1
        seeded = f"{kind}:{self._options.seed}:{self._options.realm_id}:{self._made}"
        return f"{kind}-{hashlib.sha256(seeded.encode()).hexdigest()}"
