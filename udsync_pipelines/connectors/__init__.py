"""The platforms: each reads or writes one of them, independent of the others."""
