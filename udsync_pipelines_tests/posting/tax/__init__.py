"""Tests of the tax arithmetic of the books."""
