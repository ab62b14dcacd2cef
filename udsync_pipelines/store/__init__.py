"""The state store: tables, tenant isolation, sealed secrets, migrations and repositories."""
