"""Canonical records: their arithmetic and what they promise."""
