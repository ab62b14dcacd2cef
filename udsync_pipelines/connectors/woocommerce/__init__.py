"""The WooCommerce connector: its REST API, version wc/v3, read into archived and canonical records.

Facts about the platform were observed on WooCommerce 11.0.1 unless a comment says otherwise.
"""
