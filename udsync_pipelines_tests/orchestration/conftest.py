"""An installation with Dagster's storage for the tests beside this file."""

from udsync_pipelines_tests.orchestration.running import (
    company,
    dagster_instance,
    dagster_runs,
    environment,
    installation,
    new_supabase,
    recorded_store,
    shop,
    store_emulator,
)

__all__ = [
    "company",
    "dagster_instance",
    "dagster_runs",
    "environment",
    "installation",
    "new_supabase",
    "recorded_store",
    "shop",
    "store_emulator",
]
