"""Logs of services that have grown."""

from pathlib import Path

import psycopg
import pytest

from udsync_pipelines.services.databases import plain_url
from udsync_pipelines.services.embedded_postgres import EmbeddedPostgres
from udsync_pipelines.services.service_logs import log_folders, shorten_logs
from udsync_pipelines.settings import Settings


def test_a_log_that_has_grown_is_begun_anew_and_its_end_is_kept(tmp_path: Path) -> None:
    log = tmp_path / "daemon.log"
    log.write_bytes(b"old lines, new lines")
    (tmp_path / "api.log").write_bytes(b"short")

    with log.open("ab", buffering=0) as service:
        number = shorten_logs(tmp_path, most=9)
        service.write(b"next")

    assert number == 1
    assert log.read_bytes() == b"next"
    assert (tmp_path / "daemon.log.1").read_bytes() == b"new lines"
    assert (tmp_path / "api.log").read_bytes() == b"short"


def test_a_home_without_logs_has_nothing_to_shorten(tmp_path: Path) -> None:
    assert shorten_logs(tmp_path / "logs") == 0


@pytest.mark.postgres
def test_the_embedded_database_goes_on_writing_into_a_log_that_was_begun_anew(
    own_server: EmbeddedPostgres,
) -> None:
    logs, own = log_folders(Settings(_env_file=None, home=own_server.home))

    number = shorten_logs(own, most=1)
    with psycopg.connect(plain_url(own_server.url())) as session, pytest.raises(psycopg.Error):
        session.execute("select * from nowhere")

    assert logs == own_server.home / "logs"
    assert number == 1
    assert "nowhere" in own_server.log_file.read_text()
