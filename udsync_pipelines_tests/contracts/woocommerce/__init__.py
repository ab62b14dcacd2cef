"""What a WooCommerce store answers."""
