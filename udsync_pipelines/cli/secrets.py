"""Secrets given to a command: typed, from the environment, or from a file."""

from pathlib import Path

from pydantic import SecretStr

from udsync_pipelines.errors import ConfigurationError


def secret_from(value: str | None, file: Path | None, option: str, variable: str) -> SecretStr:
    """The secret of an option that may stand on the command line, in a variable or in a file.

    Raises:
        ConfigurationError: none was given, both were, or the file cannot be read.
    """
    if value and file:
        raise ConfigurationError(
            f"--{option} and --{option}-file are both given.", cure="Give one.", code="usage"
        )
    if file:
        try:
            value = file.read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(
                f"the file {file} cannot be read.",
                cure=f"Check the path given to --{option}-file and its permissions.",
                code="usage",
            ) from error
    if not value:
        raise ConfigurationError(
            f"--{option} is missing.",
            cure=f"Give --{option}, --{option}-file or {variable}.",
            code="usage",
        )
    return SecretStr(value)
