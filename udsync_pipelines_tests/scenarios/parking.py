"""What the books cannot hold is to be parked: decided before the first sync, for tests of syncs."""

from udsync_pipelines.posting.preflight import PARK
from udsync_pipelines.services.deciding import PERSON
from udsync_pipelines.services.installation import Installation
from udsync_pipelines.services.policies import find_place
from udsync_pipelines.store.repositories import decisions
from udsync_pipelines.store.repositories.decisions import Ask
from udsync_pipelines.sync.decisions import Choice

UNHELD = {
    "preflight.currency_off": ("EUR", "GBP", "JPY", "USD"),
    "preflight.tax_unmapped": ("taxes.codes.11",),
    "preflight.closed_books": ("start_on",),
}
"""Of recorded and generated stores: orders in these currencies, and with British VAT."""


def agree_to_park(installation: Installation, tenant_name: str) -> None:
    """Take the decisions ahead that `udsync policy check` would ask for once the orders are read.

    A dry run before the check would cost each test that is about something else as much as its
    own sync.
    """
    place = find_place(installation, tenant_name)
    choices = (Choice(PARK, "Orders that need it are parked."),)
    found = {
        code: [Ask(subject, f"Known before: {subject}.", choices) for subject in subjects]
        for code, subjects in UNHELD.items()
    }
    with installation.state.tenant(place.tenant.id) as transaction:
        asked = decisions.ask_before(transaction, place.tenant.id, place.books.id, found)
        ids = [one.id for one in asked]
        decisions.decide(transaction, place.tenant.id, ids, PARK, PERSON)
