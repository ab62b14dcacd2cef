"""The mapping engine: profiles, rules, paths and functions."""
