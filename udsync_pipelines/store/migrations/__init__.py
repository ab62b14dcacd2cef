"""The schema of the state database: `migrate` brings it up to date, `check` refuses another."""

from udsync_pipelines.store.migrations.upgrade import check, current, head, migrate

__all__ = ["check", "current", "head", "migrate"]
