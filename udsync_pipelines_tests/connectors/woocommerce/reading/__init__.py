"""Tests of reading a store."""
