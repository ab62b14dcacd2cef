"""How sales become books: policy, composition, tax arithmetic, refunds, names. Pure values."""
