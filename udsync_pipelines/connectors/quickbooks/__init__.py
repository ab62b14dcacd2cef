"""The QuickBooks Online connector: its Accounting API, minor version 75.

Facts about the platform come from its published documentation and from public captures of its
traffic; where one is not certain, a comment says so.
"""
