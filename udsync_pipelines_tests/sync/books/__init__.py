"""Posting to the books: planning, matching, carrying out, and what survives crashes."""
