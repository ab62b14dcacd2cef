"""Logs of services that have grown."""

from pathlib import Path

from udsync_pipelines.services.service_logs import shorten_logs


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
