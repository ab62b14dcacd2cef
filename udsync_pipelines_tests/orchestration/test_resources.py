"""The engines of a run exist while the run executes, and not otherwise."""

import pytest

from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines.orchestration.resources import SyncEngines


def test_outside_of_a_run_there_is_no_engine() -> None:
    with pytest.raises(ConfigurationError, match="only there while a run executes"):
        SyncEngines().of("acme")
