"""Tests of the emulated WooCommerce store."""
