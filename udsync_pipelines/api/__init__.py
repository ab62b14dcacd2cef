"""The HTTP API: a shim that checks, stores and answers; it holds no rules and starts no work."""
