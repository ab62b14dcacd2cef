"""Emulated stores for the tests beside this file."""

from udsync_pipelines_tests.store_fixtures import ask, recorded_store, store_emulator

__all__ = ["ask", "recorded_store", "store_emulator"]
