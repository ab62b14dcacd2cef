"""Whole syncs: emulated stores over loopback HTTP, real databases, faults, crashes."""
