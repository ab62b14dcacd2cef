"""The engine: read, archive, map, plan, approve, load. It knows no platform and no database."""
