"""Checks of the code itself: who imports whom, and what things are called."""
