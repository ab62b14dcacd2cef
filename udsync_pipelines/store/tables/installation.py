"""Which tables may be read before a tenant is known, by the role `udsync_dispatch`, and why.

Every other table belongs to the role `udsync_app` alone and shows only the rows of the tenant
that the transaction names. A test compares this list with what the database grants.
"""

from collections.abc import Mapping
from types import MappingProxyType

DISPATCH_TABLES: Mapping[str, str] = MappingProxyType(
    {
        "tenants": "a tenant is found by its name, and made, before it can be named",
        "connections": "a delivery names only the account it comes from (identifying columns only)",
        "webhook_events": "one sensor asks which lanes have pending work (routing columns only)",
        "oauth_states": "the consent callback knows only the state (routing columns only)",
        "api_keys": "a request shows its key before it says whose it is",
        "leases": "the status page and the sensors ask what runs now, for all tenants",
        "rate_limits": "limits are kept by processes that serve several tenants",
        "sync_schedules": "one sensor asks which schedules are due, for all tenants",
        "sealing_keys": "the key is checked at the start, for the whole installation",
        "webhook_quarantine": "nobody knows whose events of an unknown company are",
    }
)

# Tables without a tenant: neither role gets the row of a tenant from them.
TENANTLESS_TABLES: Mapping[str, str] = MappingProxyType(
    {
        "sealing_keys": "holds a sealed constant for each key, nothing of a tenant",
        "webhook_quarantine": "holds references to records of companies that no tenant has",
        "alembic_version": "holds the revision of the schema; no role but the owner may read it",
    }
)
