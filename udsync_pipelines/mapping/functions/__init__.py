"""The mapping functions, one family a file; a new file in this folder is found by itself."""

from importlib import import_module
from pkgutil import iter_modules

for _family in iter_modules(__path__):
    import_module(f"{__name__}.{_family.name}")
