"""Canonical records: what udsync means by an order, a customer, a product, a document.

Pure values, standard library only. Platforms are read into these and written from these.
"""
