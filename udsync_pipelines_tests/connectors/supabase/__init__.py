"""Tests of the Supabase connector against a real PostgreSQL server."""
