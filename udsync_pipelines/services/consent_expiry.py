"""How long the consent of each company lasts, and keeping it from ending for want of use.

Intuit ends a refresh token that was not used for 100 days, and any consent after five years. Of
the first udsync takes care; the second needs a person, who is told a month before.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from udsync_pipelines.connectors.quickbooks.tokens import WARNED_DAYS, Expiry, expiry_of
from udsync_pipelines.errors import UdsyncError
from udsync_pipelines.services.books import open_books
from udsync_pipelines.services.installation import Installation
from udsync_pipelines.store.repositories import connections, credentials, tenants
from udsync_pipelines.store.repositories.connections import Connection
from udsync_pipelines.store.repositories.tenants import Tenant
from udsync_pipelines.store.tables.states import Platform

UNUSED_FOR = timedelta(days=7)
"""A company that nobody syncs is asked once a week, so that the 100 days never run out."""


@dataclass(frozen=True, slots=True)
class Consent:
    """What a tenant's company allows, and for how long."""

    tenant: Tenant
    connection: Connection
    expiry: Expiry

    def is_urgent(self, now: datetime) -> bool:
        """Whether a person should connect the company again by now."""
        days = self.expiry.days_left(now)
        return days is not None and days <= WARNED_DAYS

    def sentence(self, now: datetime) -> str:
        """How long it lasts, and what to do when that is not long."""
        company = f"{self.tenant.name}: the consent to use QuickBooks ({self.connection.name})"
        cure = "have an administrator of the company connect it again"
        days = self.expiry.days_left(now)
        if self.expiry.needs_consent:
            return f"{company} has ended: {cure}."
        if days is None:
            return f"{company} ends on a day that Intuit has not told."
        return f"{company} ends in {days} days{f': {cure} before' if self.is_urgent(now) else ''}."

    def facts(self, now: datetime) -> dict[str, Any]:
        """The same for a program."""
        return {
            "tenant": self.tenant.name,
            "connection": str(self.connection.id),
            "company": self.connection.name,
            "needs_consent": self.expiry.needs_consent,
            "days_left": self.expiry.days_left(now),
            "is_urgent": self.is_urgent(now),
        }


@dataclass(frozen=True, slots=True)
class KeptAlive:
    """A company that was asked so that its consent lasts; `error` is why that failed."""

    consent: Consent
    error: UdsyncError | None


def consents(installation: Installation) -> Sequence[Consent]:
    """The consent of every enabled QuickBooks connection, tenant by tenant; asks nobody."""
    with installation.state.dispatch() as transaction:
        known = tenants.list_all(transaction)
    return [consent for tenant in known for consent in _of(installation, tenant)]


def keep_alive(installation: Installation, now: datetime | None = None) -> Sequence[KeptAlive]:
    """Renew the tokens of each company that was not asked for a week; return which those were.

    One that cannot be reached, or that needs consent from now on, does not hold up the others.
    """
    moment = now or datetime.now(UTC)
    due = [consent for consent in consents(installation) if _is_due(consent.expiry, moment)]
    return [KeptAlive(consent, _asked(installation, consent)) for consent in due]


def _is_due(expiry: Expiry, now: datetime) -> bool:
    used = expiry.access_ends_at
    return not expiry.needs_consent and (used is None or now - used >= UNUSED_FOR)


def _asked(installation: Installation, consent: Consent) -> UdsyncError | None:
    """Ask who the company is: a renewal comes first, and what ends a consent is noted."""
    try:
        with open_books(installation, consent.tenant, consent.connection) as books:
            books.client.company_info()
    except UdsyncError as error:
        return error
    return None


def _of(installation: Installation, tenant: Tenant) -> Sequence[Consent]:
    with installation.state.tenant(tenant.id) as transaction:
        enabled = [
            one
            for one in connections.list_all(transaction, tenant.id, Platform.QUICKBOOKS)
            if one.is_enabled
        ]
        return [
            Consent(
                tenant,
                one,
                expiry_of(
                    credentials.open_all(
                        transaction,
                        credentials.Owner(tenant.id, one.platform, one.id),
                        installation.keys,
                    )
                ),
            )
            for one in enabled
        ]
