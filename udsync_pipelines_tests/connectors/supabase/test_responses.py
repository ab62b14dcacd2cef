"""Why a connection was refused, told from the only thing there is: libpq's English text."""

import psycopg
import pytest

from udsync_pipelines.connectors.supabase.responses import explain_refusal
from udsync_pipelines.errors import AuthorizationError, PlatformUnavailableError, UdsyncError


@pytest.mark.parametrize(
    ("text", "kind", "code"),
    [
        (
            'FATAL:  too many connections for database "postgres"',
            PlatformUnavailableError,
            "too_many_connections",
        ),
        (
            'FATAL:  too many connections for role "postgres"',
            PlatformUnavailableError,
            "too_many_connections",
        ),
        (
            "FATAL:  remaining connection slots are reserved for superusers",
            PlatformUnavailableError,
            "too_many_connections",
        ),
        (
            'FATAL:  password authentication failed for user "postgres"',
            AuthorizationError,
            "password_wrong",
        ),
        ('FATAL:  role "nobody" does not exist', AuthorizationError, "password_wrong"),
    ],
)
def test_a_refusal_that_names_a_role_or_database_keeps_its_reason(
    text: str, kind: type[UdsyncError], code: str
) -> None:
    explained = explain_refusal(psycopg.OperationalError(f"connection failed: {text}"))

    assert (type(explained), explained.code) == (kind, code)
