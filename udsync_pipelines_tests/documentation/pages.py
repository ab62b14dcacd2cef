"""The reference pages that are made from the code, by file name below `docs/reference/`."""

from collections.abc import Callable, Mapping
from pathlib import Path

from udsync_pipelines.mapping import render_reference
from udsync_pipelines_tests.documentation.command_pages import render_commands
from udsync_pipelines_tests.documentation.error_pages import render_errors
from udsync_pipelines_tests.documentation.fault_pages import render_faults
from udsync_pipelines_tests.documentation.protection_pages import render_protections
from udsync_pipelines_tests.documentation.setting_pages import render_settings
from udsync_pipelines_tests.documentation.silent_pages import render_silent_faults
from udsync_pipelines_tests.documentation.table_pages import render_tables

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference"
NOTE = "<!-- Made by `make docs` from the code: change it there. -->\n\n"


def _noted(render: Callable[[], str]) -> Callable[[], str]:
    return lambda: NOTE + render().strip() + "\n"


PAGES: Mapping[str, Callable[[], str]] = {
    "commands.md": _noted(render_commands),
    "errors.md": _noted(render_errors),
    "faults.md": _noted(render_faults),
    "mapping-functions.md": _noted(render_reference),
    "never-silent.md": _noted(render_silent_faults),
    "protections.md": _noted(render_protections),
    "settings.md": _noted(render_settings),
    "supabase-tables.md": _noted(render_tables),
}
