"""Presets of the launchpad: links in a job's description that open it filled in.

Dagster itself knows one default form a job. A person picks a preset, types the tenant and launches.
"""

from collections.abc import Mapping
from urllib.parse import quote

from udsync_pipelines.services.runs import LOCATION

PRESETS: Mapping[str, Mapping[str, str]] = {
    "What has changed": {},
    "Everything": {"full": "true"},
    "Dry run": {"dry_run": "true"},
    "Ask before writing": {"approve": "ask"},
}
"""Title → what differs from the form's defaults, as it is written there."""


def with_presets(job: str, description: str) -> str:
    """A job's description with its presets, and what to do when a run is red, in Markdown."""
    links = "\n".join(f"- [{title}]({preset_link(job, title)})" for title in PRESETS)
    return (
        f"{description}\n\n**Launch it** (type the tenant's name, then Launch Run):\n\n{links}\n\n"
        "**A red run**: its first failed step says why and what cures it. Red `close_…` means that "
        "records were parked: they are listed there, and all others have arrived."
    )


def preset_link(job: str, title: str) -> str:
    """The address of a job's launchpad, filled in; the tenant is left to be typed."""
    form = {"tenant": "", **PRESETS[title]}
    text = "\n".join(f"{name}: {value}" for name, value in form.items())
    return f"/locations/{LOCATION}/jobs/{job}/playground/setup?config={quote(text)}"
