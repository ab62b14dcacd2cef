"""Tests of the state store, on a real server, as the roles that the product takes."""
