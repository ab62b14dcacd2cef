"""Tests of the engine, on small ports that behave like the real ones."""
