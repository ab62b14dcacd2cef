"""An emulated WooCommerce 11 store: the recorded one, or generated ones of any size."""

from udsync_pipelines.emulators.woocommerce.emulator import StoreEmulator, serve
from udsync_pipelines.emulators.woocommerce.options import StoreOptions

__all__ = ["StoreEmulator", "StoreOptions", "serve"]
