"""An emulated QuickBooks Online company: Canadian, American or British, strict as the platform."""

from udsync_pipelines.emulators.quickbooks.emulator import CompanyEmulator, serve
from udsync_pipelines.emulators.quickbooks.options import CompanyOptions

__all__ = ["CompanyEmulator", "CompanyOptions", "serve"]
