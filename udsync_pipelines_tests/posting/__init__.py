"""Tests of how sales become books."""
