"""What the launchpad takes: typed, explained, and refused in one clear line."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import dagster as dg
import pytest

from udsync_pipelines.definitions import defs
from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines.orchestration.config import Approve, ApprovedPlanConfig, SyncConfig, window
from udsync_pipelines.orchestration.jobs import JOBS
from udsync_pipelines.sync.plan import Approval, SyncOptions
from udsync_pipelines.sync.records import Window

MOMENT = datetime(2026, 9, 1, 14, 30, tzinfo=UTC)
SYNC_JOBS = [job.name for job in JOBS if job.name != "apply_plan"]


def test_the_defaults_sync_what_has_changed_and_ask_nobody() -> None:
    assert SyncConfig(tenant="acme").options() == SyncOptions(
        window=Window(), dry_run=False, approve=Approval.automatic, ask_above=0
    )


def test_every_choice_reaches_the_engine() -> None:
    config = SyncConfig(
        tenant="acme",
        since="2026-09-01T14:30:00",
        until="2026-09-02",
        dry_run=True,
        approve=Approve.ask,
        ask_above=10,
    )

    assert config.options() == SyncOptions(
        window=Window(since=MOMENT, until=datetime(2026, 9, 2, tzinfo=UTC)),
        dry_run=True,
        approve=Approval.ask,
        ask_above=10,
    )
    assert SyncConfig(tenant="acme", full=True).options().window == Window(full=True)


def test_who_approves_has_the_same_names_in_dagster_and_in_the_engine() -> None:
    assert [choice.name for choice in Approve] == [choice.value for choice in Approval]


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-09-01T14:30:00", MOMENT),
        ("2026-09-01T14:30:00Z", MOMENT),
        ("2026-09-01T08:30:00-06:00", MOMENT),
        ("20260901T143000Z", MOMENT),
        ("2026-09-01", datetime(2026, 9, 1, tzinfo=UTC)),
        ("", None),
    ],
)
def test_a_time_is_read_with_its_offset_and_else_as_utc(
    text: str, instant: datetime | None
) -> None:
    assert window(full=False, since=text, until=None).since == instant


def test_a_time_keeps_its_instant_in_any_zone() -> None:
    since = window(full=False, since="2026-09-01T08:30:00-06:00", until=None).since

    assert since is not None
    assert since.utcoffset() == timezone(timedelta(hours=-6)).utcoffset(None)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"since": "yesterday"}, "since is not a time: 'yesterday'. Write it like 2026-09-01"),
        ({"until": "2026-13-01"}, "until is not a time: '2026-13-01'. Write it like"),
        (
            {"since": "2026-09-02", "until": "2026-09-01"},
            "since is later than until. Swap the two times.",
        ),
        (
            {"full": True, "since": "2026-09-01"},
            "a full sync reads everything. Leave out either full or since/until.",
        ),
        ({"full": True, "until": "2026-09-01"}, "a full sync reads everything."),
    ],
)
def test_a_window_that_makes_no_sense_is_refused_in_one_line(
    given: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigurationError) as refused:
        SyncConfig(tenant="acme", **given).options()

    assert str(refused.value).startswith(message)
    assert "\n" not in str(refused.value)


def test_one_moment_is_a_span_too() -> None:
    found = window(full=False, since="2026-09-01", until="2026-09-01")

    assert found.is_span


@pytest.mark.parametrize("job", SYNC_JOBS)
def test_every_sync_job_takes_the_same_form(job: str) -> None:
    everything = {
        "tenant": "acme",
        "full": False,
        "since": "2026-09-01",
        "until": "2026-09-02",
        "dry_run": True,
        "approve": "ask",
        "ask_above": 10,
        "trigger": "schedule",
    }

    for given in ({"tenant": "acme"}, everything):
        assert dg.validate_run_config(defs.resolve_job_def(job), given)


@pytest.mark.parametrize("job", SYNC_JOBS)
@pytest.mark.parametrize(
    "given",
    [
        {},
        {"tenant": 7},
        {"tenant": "acme", "approve": "maybe"},
        {"tenant": "acme", "full": "yes"},
        {"tenant": "acme", "ask_above": "ten"},
        {"tenant": "acme", "sine": "2026-09-01"},
    ],
)
def test_the_launchpad_refuses_what_the_form_does_not_allow(
    job: str, given: dict[str, Any]
) -> None:
    with pytest.raises(dg.DagsterInvalidConfigError):
        dg.validate_run_config(defs.resolve_job_def(job), given)


def test_applying_a_plan_needs_its_tenant_and_its_id() -> None:
    job = defs.resolve_job_def("apply_plan")

    assert dg.validate_run_config(job, {"tenant": "acme", "plan": "id"})
    for given in ({"tenant": "acme"}, {"plan": "id"}):
        with pytest.raises(dg.DagsterInvalidConfigError):
            dg.validate_run_config(job, given)


@pytest.mark.parametrize("form", [SyncConfig, ApprovedPlanConfig])
def test_every_field_of_a_form_is_explained(form: type[dg.Config]) -> None:
    for name, field in form.model_fields.items():
        assert field.description, name
        assert field.description.endswith("."), name
