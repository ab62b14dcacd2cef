"""Presets of the launchpad fill in forms that the jobs take."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import dagster as dg
import pytest

from udsync_pipelines.definitions import defs
from udsync_pipelines.orchestration.jobs import SYNC_ALL, SYNC_JOBS
from udsync_pipelines.orchestration.presets import PRESETS, preset_link

BOOLEANS = {"true": True, "false": False}


def form_of(link: str) -> dict[str, Any]:
    """What the launchpad is filled in with."""
    (text,) = parse_qs(urlsplit(link).query)["config"]
    lines = dict(line.split(": ", 1) for line in text.splitlines())
    return {name: BOOLEANS.get(value, value) for name, value in lines.items()}


@pytest.mark.parametrize("job", [*SYNC_JOBS, SYNC_ALL], ids=lambda job: job.name)
def test_every_preset_of_a_job_is_a_form_that_it_takes(job: dg.JobDefinition) -> None:
    for title in PRESETS:
        link = preset_link(job.name, title)

        assert f"[{title}]({link})" in str(job.description)
        form = {**form_of(link), "tenant": "acme"}
        assert dg.validate_run_config(defs.resolve_job_def(job.name), form)


def test_a_preset_leaves_the_tenant_to_be_typed() -> None:
    assert form_of(preset_link("sync_orders", "Dry run")) == {"tenant": "", "dry_run": True}
