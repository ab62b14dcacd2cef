"""The page of error codes, from the places in the code that raise them and the fault tables.

See `raised_errors` for which places those are.
"""

from udsync_pipelines import errors
from udsync_pipelines_tests.documentation.fault_pages import fault_rows, shown
from udsync_pipelines_tests.documentation.markdown import table
from udsync_pipelines_tests.documentation.raised_errors import raised_errors

AREAS = {
    "connectors/woocommerce": "The store (WooCommerce)",
    "connectors/quickbooks": "The books (QuickBooks)",
    "connectors/supabase": "The database at Supabase",
    "transport.py": "Any platform, on the way to it",
    "mapping": "Mapping rules",
    "": "udsync itself",
}
INTRODUCTION = """# Error codes

Every error is one line: what happened, and what to do. Its code is stable: `--json` shows it as
`code`, and parked records carry it. `…` stands for what differs from case to case. Which
answer of a platform becomes which error is told on [a page of its own](faults.md). The classes say
what kind of cure there is:
"""


def render_errors() -> str:
    """The page: the classes of errors, then all codes by area."""
    parts = [INTRODUCTION, (errors.__doc__ or "").split("\n", 2)[2]]
    rows: dict[str, set[tuple[str, str, str]]] = {area: set() for area in AREAS}
    for place, error in raised_errors():
        area = next(prefix for prefix in AREAS if place.startswith(prefix))
        rows[area].add((f"`{error.code}`", error.message, error.cure))
    for area, fault in fault_rows():
        rows[area].add((f"`{fault.code}`", shown(fault.message), shown(fault.cure)))
    for area, title in AREAS.items():
        headings = ("code", "what it says", "what to do")
        parts.append(f"## {title}\n\n" + table(headings, sorted(rows[area])))
    return "\n".join(parts)
