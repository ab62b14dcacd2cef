"""Dagster's home: ops, jobs, resources, assets. Ops are thin; the engine does the work."""
