"""The mapping functions, one family a file."""
