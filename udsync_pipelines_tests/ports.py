"""Ports for servers of tests that run side by side."""

import secrets

from udsync_pipelines.services.process_set import free_port


def two_ports() -> tuple[int, int]:
    """Two free ports, looked for where no other test looks at the same time, in all likelihood."""
    first = free_port(above=10_000 + secrets.randbelow(20_000))
    return first, free_port(above=first)
