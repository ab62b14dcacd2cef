"""The campaign's database servers, with what may happen to them."""

import os
import signal
from dataclasses import dataclass

import psycopg
import sqlalchemy as sa

from udsync_pipelines.services.databases import plain_url
from udsync_pipelines.services.embedded_postgres import EmbeddedPostgres
from udsync_pipelines_tests.benchmarks.machine import postmaster_pid


@dataclass(frozen=True)
class CampaignServer:
    """An embedded server and the name of our state database on it."""

    server: EmbeddedPostgres
    database: str

    def cut_sessions(self) -> None:
        """End every session on our state, as an administrator or a failing network does."""
        with psycopg.connect(self._url(), autocommit=True) as session:
            session.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s",
                [self.database],
            )

    def restart(self) -> None:
        """Stop it, which cuts all sessions, and start it again."""
        self.server.stop()
        self.server.start()

    def kill(self) -> None:
        """End its first process as `kill -9` does, then start it again: it recovers."""
        with psycopg.connect(self._url()) as session:
            first = postmaster_pid(session)
        os.kill(first, signal.SIGKILL)
        self.server.start()

    def _url(self) -> str:
        url: sa.URL = self.server.url()
        return plain_url(url)
