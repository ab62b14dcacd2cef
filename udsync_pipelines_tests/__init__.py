"""Tests of udsync; the tree mirrors the source."""
