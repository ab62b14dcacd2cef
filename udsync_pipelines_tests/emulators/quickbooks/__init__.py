"""Tests of the emulated books: each rule of the reference has a test of its name."""
