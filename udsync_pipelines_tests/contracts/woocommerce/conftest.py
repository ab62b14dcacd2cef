"""The two shops that every contract test is run against."""

from udsync_pipelines_tests.store_fixtures import ask, recorded_store, store_emulator

__all__ = ["ask", "recorded_store", "store_emulator"]
