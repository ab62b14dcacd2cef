"""Where the sealing keys come from: the environment, or a file that only we may read.

Both hold `id:key` entries, the key as base64url of 32 bytes, apart by spaces, commas or lines;
the first one seals, all of them open. A file is made, with a new key, on first use.
"""

import os
import re
import secrets
import stat
from pathlib import Path

from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines.store.secrets import KEY_BYTES, MultiKey, decode, encode

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_ENTRY = "Write it as id:key, the key as base64url of 32 bytes, as `secret.key` holds it."


def load_keys(configured: str | None, file: Path) -> MultiKey:
    """Read the keys: `configured` (from the environment) if there is any, else the file.

    Raises:
        ConfigurationError: a key is malformed, or the file may be read by others.
    """
    if configured and configured.strip():
        return parse_keys(configured, "UDSYNC_SECRET_KEY")
    return read_key_file(file)


def parse_keys(text: str, origin: str) -> MultiKey:
    """Read `id:key` entries; `origin` names their source in errors, which never repeat the text.

    Raises:
        ConfigurationError: an entry is malformed, or an id stands twice.
    """
    keys: dict[str, bytes] = {}
    for number, entry in enumerate(re.split(r"[\s,]+", text.strip()), start=1):
        key_id, separator, encoded = entry.partition(":")
        key = decode(encoded.rstrip("="))
        if not separator or key is None or len(key) != KEY_BYTES or key_id in keys:
            message = f"Entry {number} of {origin} is not a sealing key, or its id stands twice."
            raise ConfigurationError(message, code="key_invalid", cure=_ENTRY)
        keys[key_id] = key
    return MultiKey(keys, primary=next(iter(keys)))


def read_key_file(file: Path) -> MultiKey:
    """Read the key file; make it first when it does not exist, readable by nobody else.

    Raises:
        ConfigurationError: others may read it, or it cannot be made or read.
    """
    try:
        if not file.exists():
            _make(file)
        mode = file.stat().st_mode
        if mode & _OTHERS:
            message = f"The key file {file} may be read by other users of this machine."
            cure = f"Run `chmod 600 {file}`."
            raise ConfigurationError(message, code="key_file_open", cure=cure)
        return parse_keys(file.read_text(encoding="ascii"), f"the key file {file}")
    except (OSError, UnicodeDecodeError) as error:
        message = f"The key file {file} cannot be used ({type(error).__name__})."
        cure = "Give this user the right to read and write it, or restore it from your copy."
        raise ConfigurationError(message, code="key_file_unusable", cure=cure) from error


def _make(file: Path) -> None:
    """Write a new key beside the name and link it: another process sees all of it or nothing."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}.{secrets.token_hex(6)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as opened:
            opened.write(f"k{secrets.token_hex(4)}:{encode(secrets.token_bytes(KEY_BYTES))}\n")
            opened.flush()
            os.fsync(opened.fileno())
        try:
            os.link(draft, file)
        except FileExistsError:
            return  # another process was first; its key counts
    finally:
        draft.unlink()
