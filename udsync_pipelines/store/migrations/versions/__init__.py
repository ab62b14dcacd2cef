"""The steps of the schema, in order; a shipped one is never edited."""
