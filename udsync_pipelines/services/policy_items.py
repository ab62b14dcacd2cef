"""Creating the items of the books that a posting policy needs, when it is accepted."""

from collections.abc import Mapping
from uuid import uuid5

from udsync_pipelines.connectors.quickbooks import item
from udsync_pipelines.connectors.quickbooks.entities import BookEntity
from udsync_pipelines.posting.company import Company
from udsync_pipelines.posting.items import ItemDraft, ItemKind
from udsync_pipelines.posting.names import comparable
from udsync_pipelines.posting.policy import NewItemPolicy
from udsync_pipelines.posting.policy_fields import field_of
from udsync_pipelines.services.books import OpenBooks, open_books
from udsync_pipelines.services.installation import Installation
from udsync_pipelines.store.repositories.connections import Connection
from udsync_pipelines.store.repositories.policies import StoredPolicy
from udsync_pipelines.store.repositories.tenants import Tenant


def items_to_create(waiting: StoredPolicy) -> Mapping[str, str]:
    """Field of the policy → name of the item that accepting it creates."""
    return {
        finding.field: finding.creates
        for finding in waiting.findings
        if finding.creates and not field_of(waiting.policy, finding.field)
    }


def create_items(
    installation: Installation,
    tenant: Tenant,
    connection: Connection,
    names: Mapping[str, str],
    accounts: NewItemPolicy,
    company: Company,
) -> dict[str, str]:
    """Ids of services of these names, by field; those that the books lack are created.

    Doing it again creates nothing: an active item of the name is taken, the books refuse a second
    one of the same name, and the request id depends on the company and the name alone.

    Raises:
        ConfigurationError, RecordRejectedError, PlatformUnavailableError: why one cannot be
            created; those before it stay and are taken next time.
        OutcomeUnknownError: an answer was lost.
    """
    held = {comparable(each.name): each.id for each in company.items if each.is_active}
    with open_books(installation, tenant, connection) as books:
        return {
            field: held.get(comparable(name)) or _create(books, name, accounts)
            for field, name in names.items()
        }


def _create(books: OpenBooks, name: str, accounts: NewItemPolicy) -> str:
    draft = ItemDraft(f"policy/{name}", name, "", "", ItemKind.SERVICE)
    payload = item.payload(
        draft,
        name,
        income_account_id=accounts.income_account_id,
        expense_account_id=accounts.expense_account_id,
    )
    request_id = uuid5(books.connection.id, f"item/{name}").hex
    written = books.client.create(BookEntity.ITEM, payload, request_id=request_id)
    return item.read(written.row).id
