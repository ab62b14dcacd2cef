"""The documents: reference pages made from the code, and tests that all of them are true."""
