"""Tests of the HTTP API, served by uvicorn over loopback."""
