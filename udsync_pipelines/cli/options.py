"""Options that several commands share."""

from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line.")]
TenantName = Annotated[
    str, typer.Option("--tenant", help="Name of the tenant.", show_default=False)
]
