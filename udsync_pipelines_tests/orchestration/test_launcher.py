"""Runs whose process is gone are noticed, and no others."""

import logging
from collections.abc import Iterator
from typing import Any

import dagster as dg
import pytest
from dagster._core.execution.api import execute_run_iterator
from dagster._core.launcher import WorkerStatus
from dagster._core.storage.dagster_run import RunRecord
from dagster._daemon.monitoring.run_monitoring import monitor_started_run, monitor_starting_run

from udsync_pipelines.definitions import defs
from udsync_pipelines.orchestration import launcher
from udsync_pipelines.orchestration.launcher import WatchedRunLauncher
from udsync_pipelines.services.databases import plain_url
from udsync_pipelines.services.installation import Installation
from udsync_pipelines.services.standing_installation import forget_installations
from udsync_pipelines.store.run_presence import RunPresence

pytestmark = pytest.mark.postgres

MINUTE = 60.0
LOGGER = logging.getLogger(__name__)


@pytest.fixture
def watching(dagster_instance: dg.DagsterInstance) -> Iterator[WatchedRunLauncher]:
    """The launcher that `dagster.yaml` names."""
    found = dagster_instance.run_launcher
    assert isinstance(found, WatchedRunLauncher)
    yield found
    forget_installations()


@pytest.fixture
def is_long_ago(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every run began long enough ago to show itself, and a moment's absence is long."""
    monkeypatch.setattr(launcher, "STARTS_WITHIN_SECONDS", 0.0)
    monkeypatch.setattr(launcher, "ABSENT_FOR_SECONDS", 0.0)


def stored(instance: dg.DagsterInstance, *events: dg.DagsterEventType) -> RunRecord:
    """A run that these events have happened to."""
    run = instance.create_run_for_job(
        defs.resolve_job_def("sync_orders"),
        run_config={"tenant": "acme"},
        status=dg.DagsterRunStatus.NOT_STARTED,
    )
    for event in events:
        instance.report_dagster_event(
            dg.DagsterEvent(event_type_value=event.value, job_name=run.job_name), run_id=run.run_id
        )
    return record_of(instance, run.run_id)


def record_of(instance: dg.DagsterInstance, run_id: str) -> RunRecord:
    record = instance.get_run_record_by_id(run_id)
    assert record is not None
    return record


def presence_of(installation: Installation, run_id: str) -> RunPresence:
    return RunPresence(plain_url(installation.databases.state_url), run_id)


def monitor(instance: dg.DagsterInstance, record: RunRecord) -> dg.DagsterRunStatus:
    """Let Dagster's run monitoring look at a started run once; return what the run is then."""
    workspace: Any = None  # only a run that is resumed needs it, and ours are not
    monitor_started_run(instance, workspace, record, LOGGER)
    return record_of(instance, record.dagster_run.run_id).dagster_run.status


@pytest.mark.usefixtures("is_long_ago")
def test_a_run_whose_process_shows_goes_on(
    dagster_instance: dg.DagsterInstance, watching: WatchedRunLauncher, installation: Installation
) -> None:
    record = stored(dagster_instance, dg.DagsterEventType.RUN_START)
    presence = presence_of(installation, record.dagster_run.run_id)

    found = [monitor(dagster_instance, record) for _ in range(3)]
    presence.close()

    assert found == [dg.DagsterRunStatus.STARTED] * 3


@pytest.mark.usefixtures("is_long_ago", "watching")
def test_a_run_whose_process_is_gone_fails_and_will_be_executed_again(
    dagster_instance: dg.DagsterInstance,
) -> None:
    record = stored(dagster_instance, dg.DagsterEventType.RUN_START)

    status = monitor(dagster_instance, record)

    run = record_of(dagster_instance, record.dagster_run.run_id).dagster_run
    (failure,) = dagster_instance.all_logs(run.run_id, of_type=dg.DagsterEventType.RUN_FAILURE)
    assert status is dg.DagsterRunStatus.FAILURE
    assert failure.dagster_event is not None
    assert "Its process is gone." in str(failure.dagster_event.message)
    assert run.tags["dagster/will_retry"] == "true"


def test_a_young_run_need_not_show_yet(
    dagster_instance: dg.DagsterInstance,
    watching: WatchedRunLauncher,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(launcher, "STARTS_WITHIN_SECONDS", MINUTE)
    monkeypatch.setattr(launcher, "ABSENT_FOR_SECONDS", 0.0)
    record = stored(dagster_instance, dg.DagsterEventType.RUN_START)

    assert monitor(dagster_instance, record) is dg.DagsterRunStatus.STARTED


def test_an_absence_counts_from_when_it_was_first_seen(
    dagster_instance: dg.DagsterInstance,
    watching: WatchedRunLauncher,
    installation: Installation,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(launcher, "STARTS_WITHIN_SECONDS", 0.0)
    monkeypatch.setattr(launcher, "ABSENT_FOR_SECONDS", MINUTE)
    run = stored(dagster_instance, dg.DagsterEventType.RUN_START).dagster_run
    first = watching.check_run_worker_health(run)
    presence = presence_of(installation, run.run_id)
    shown = watching.check_run_worker_health(run)
    presence.close()
    monkeypatch.setattr(launcher, "ABSENT_FOR_SECONDS", 0.0)

    second = watching.check_run_worker_health(run)

    assert (first.status, shown.status) == (WorkerStatus.RUNNING, WorkerStatus.RUNNING)
    assert (second.status, second.msg) == (WorkerStatus.NOT_FOUND, "Its process is gone.")


def test_every_way_to_notice_a_dead_run_takes_less_than_a_minute(
    dagster_instance: dg.DagsterInstance,
) -> None:
    settings: Any = dagster_instance.get_settings("run_monitoring")
    poll = settings["poll_interval_seconds"]

    before_it_began = settings["start_timeout_seconds"] + poll
    before_it_showed = launcher.STARTS_WITHIN_SECONDS + poll + launcher.ABSENT_FOR_SECONDS + poll

    assert settings["enabled"] is True
    assert before_it_began < MINUTE
    assert before_it_showed < MINUTE


def test_a_run_that_does_not_begin_in_time_fails_and_will_be_executed_again(
    dagster_instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = stored(dagster_instance, dg.DagsterEventType.PIPELINE_STARTING)
    monkeypatch.setattr(
        type(dagster_instance), "run_monitoring_start_timeout_seconds", property(lambda self: 0)
    )

    monitor_starting_run(dagster_instance, record, LOGGER)

    run = record_of(dagster_instance, record.dagster_run.run_id).dagster_run
    assert run.status is dg.DagsterRunStatus.FAILURE
    assert run.tags["dagster/will_retry"] == "true"


def test_a_process_that_begins_after_its_run_was_given_up_does_nothing(
    dagster_instance: dg.DagsterInstance,
) -> None:
    run = stored(dagster_instance, dg.DagsterEventType.PIPELINE_STARTING).dagster_run
    dagster_instance.report_run_failed(run)

    events = [*_executed(dagster_instance, run)]

    assert "Ignoring a run worker that started after" in str(events[-1].message)
    assert not any(event.is_step_event for event in events)


def _executed(instance: dg.DagsterInstance, run: dg.DagsterRun) -> Iterator[dg.DagsterEvent]:
    """What the process of a run does, without the process."""
    failed = record_of(instance, run.run_id).dagster_run
    job = dg.reconstructable(sync_orders)
    yield from execute_run_iterator(job, failed, instance)


def sync_orders() -> dg.JobDefinition:
    """The job that the run executes."""
    return defs.resolve_job_def("sync_orders")
