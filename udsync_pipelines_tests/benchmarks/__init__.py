"""Measurements, run by `make bench SUITE=<module>`: they print figures and hold hard bars."""
