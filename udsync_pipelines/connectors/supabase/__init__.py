"""Supabase as a destination: its tables, its connection and how rows are loaded."""

from udsync_pipelines.connectors.supabase.connection import DatabaseFacts, check_connection, connect
from udsync_pipelines.connectors.supabase.destination import SupabaseDestination
from udsync_pipelines.connectors.supabase.schema import apply, ddl

__all__ = [
    "DatabaseFacts",
    "SupabaseDestination",
    "apply",
    "check_connection",
    "connect",
    "ddl",
]
