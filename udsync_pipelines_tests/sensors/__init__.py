"""Tests of what starts a run, or follows one."""
