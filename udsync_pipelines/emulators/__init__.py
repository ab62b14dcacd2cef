"""Stand-ins for the platforms: real HTTP on loopback, real rules, faults on demand.

They import nothing of the product: an emulator that shared code with our client would
share its misreadings too.
"""
