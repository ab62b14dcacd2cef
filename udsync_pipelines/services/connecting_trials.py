"""Where the tokens of a company are tried: beside those in force, or those in force themselves."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from udsync_pipelines.connectors.quickbooks.address import PLATFORM, RealmId
from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines.services.books import CEILING
from udsync_pipelines.services.connecting_tokens import (
    GivenTokens,
    Stored,
    TokenPlace,
    in_force,
    on_trial,
    put_on_trial,
)
from udsync_pipelines.services.installation import Installation
from udsync_pipelines.store.repositories import connections, credentials
from udsync_pipelines.store.repositories.connections import Connection, NewConnection
from udsync_pipelines.store.repositories.credentials import LockedCredentials, Owner
from udsync_pipelines.store.repositories.tenants import Tenant
from udsync_pipelines.store.tables.states import Platform


def prepare_trial(
    installation: Installation,
    tenant: Tenant,
    realm_id: RealmId,
    given: GivenTokens,
    settings: Mapping[str, Any],
) -> tuple[Connection, TokenPlace]:
    """Store the given tokens where their successors will be stored, and tell where that is.

    Where the tokens in force are successors of the given one, they are tried themselves: two
    copies of one line of tokens would end each other. The connection comes back with the given
    settings; those that are stored stay with the tokens in force. A company that was never
    connected gets a disabled connection.

    Raises:
        ConfigurationError: the given token is in force for another company.
    """
    with installation.state.tenant(tenant.id) as transaction:
        connection = _found_or_added(transaction, installation, tenant, realm_id, settings)
        store = _store(installation, connection)
        held = _opened(transaction, store)
        is_trial = not given.lead_to(in_force(held))
        if is_trial and not given.lead_to(on_trial(held)):
            new = _inherited(transaction, installation, connection, given) or given.unused()
            kept = {**in_force(held), **put_on_trial(new)}
            credentials.replace_all(transaction, store.owner, kept, installation.keys)
    ceiling = {name: value for name, value in connection.settings.items() if name == CEILING}
    tried = replace(connection, settings={**settings, **ceiling})
    return tried, TokenPlace(store, given, is_trial=is_trial)


def _found_or_added(
    transaction: sa.Connection,
    installation: Installation,
    tenant: Tenant,
    realm_id: RealmId,
    settings: Mapping[str, Any],
) -> Connection:
    """The connection to this company, locked; a new one is disabled until its check has passed."""
    found = connections.find(transaction, tenant.id, Platform.QUICKBOOKS, realm_id)
    if found is None:
        new = NewConnection(Platform.QUICKBOOKS, f"company {realm_id}", realm_id, {}, settings)
        added = connections.save(transaction, tenant.id, new, installation.keys)
        found = replace(added, is_enabled=False)
    connections.enable(transaction, tenant.id, found.id, is_enabled=found.is_enabled)
    return found


def _inherited(
    transaction: sa.Connection,
    installation: Installation,
    connection: Connection,
    given: GivenTokens,
) -> Stored | None:
    """Take over the newest successor of the given token from a trial with another company.

    Raises:
        ConfigurationError: it is in force there, so it cannot be for this company.
    """
    for other in connections.list_all(transaction, connection.tenant_id, Platform.QUICKBOOKS):
        store = _store(installation, other)
        held = {} if other.id == connection.id else _opened(transaction, store)
        if given.lead_to(in_force(held)):
            raise ConfigurationError(
                f"this refresh token is for the company {other.name} (realm id "
                f"{other.external_id}), which is connected with it.",
                cure=f"Give consent for the company {connection.external_id}, and take the "
                "refresh token from there.",
                code="refresh_token_of_other_company",
                platform=PLATFORM,
            )
        if given.lead_to(on_trial(held)):
            credentials.replace_all(transaction, store.owner, in_force(held), installation.keys)
            return on_trial(held)
    return None


def _store(installation: Installation, connection: Connection) -> LockedCredentials:
    owner = Owner(connection.tenant_id, Platform.QUICKBOOKS, connection.id)
    return LockedCredentials(installation.state, owner, installation.keys)


def _opened(transaction: sa.Connection, store: LockedCredentials) -> Stored:
    try:
        return credentials.open_all(transaction, store.owner, store.keys)
    except ConfigurationError as error:
        if error.code != "secret_damaged":
            raise
        return {}  # of no use to a sync either; connecting again is the cure
