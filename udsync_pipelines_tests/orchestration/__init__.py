"""Tests of what Dagster knows and does of us."""
