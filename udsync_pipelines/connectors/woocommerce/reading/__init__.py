"""Reading a store's lists while they move: full reads, changes, sweeps, and what disappeared."""
