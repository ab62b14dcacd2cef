"""Tests of the embedded database and of the databases in it."""
