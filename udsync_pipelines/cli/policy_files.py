"""Posting policies in files: written to be edited, and read back."""

import sys
from pathlib import Path

import orjson

from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines.posting.policy import PostingPolicy
from udsync_pipelines.posting.policy_json import policy_from_text, policy_to_json

_STANDARD_INPUT = Path("-")


def write_policy(path: Path, policy: PostingPolicy) -> None:
    """Write a policy as JSON, a field a line.

    Raises:
        ConfigurationError: the file cannot be written.
    """
    try:
        path.write_bytes(orjson.dumps(policy_to_json(policy), option=orjson.OPT_INDENT_2) + b"\n")
    except OSError as error:
        raise ConfigurationError(
            f"The file {path} cannot be written: {error.strerror}.",
            code="file_unwritable",
            cure="Name another file.",
        ) from error


def read_policy(path: Path) -> PostingPolicy:
    """The policy of a JSON file; `-` is standard input.

    Raises:
        ConfigurationError: the file cannot be read, is no JSON, or a field in it is wrong.
    """
    try:
        found = sys.stdin.buffer.read() if path == _STANDARD_INPUT else path.read_bytes()
        text = found.decode("utf-8-sig")
    except OSError as error:
        raise ConfigurationError(
            f"The file {path} cannot be read: {error.strerror}.",
            code="file_unreadable",
            cure="Name the file of a policy, as `udsync policy show --file` writes it.",
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            f"The file {path} is not text in UTF-8.",
            code="file_unreadable",
            cure="Save it as UTF-8 and set the policy again.",
        ) from error
    return policy_from_text(text)
