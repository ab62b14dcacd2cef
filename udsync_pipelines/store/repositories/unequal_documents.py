"""Documents in the books that are known to be unequal to the shop's record, while that is parked.

Read only. What a person has decided to leave as it is (`keep_books`) is not parked any more.
"""

from collections.abc import Mapping
from uuid import UUID

import sqlalchemy as sa

# A document that did not come out as it should is bound without a digest. What somebody changed
# or took out afterwards is known by the code of its record; it counts for the sale or the refund.
_UNEQUAL = sa.text("""
    SELECT split_part(bound.target_id, '/', 1) AS kind, count(*) AS documents
    FROM udsync.sync_queue AS parked
    JOIN udsync.id_mappings AS bound
        ON bound.tenant_id = parked.tenant_id
        AND bound.source_connection_id = parked.source_connection_id
        AND bound.entity = parked.entity AND bound.source_id = parked.source_id
        AND bound.target_connection_id = parked.target_connection_id
    WHERE parked.tenant_id = :tenant AND parked.kind = 'parked' AND parked.state = 'rejected'
        AND ((bound.role IN ('sale', 'payment', 'refund') AND bound.content_hash IS NULL)
            OR (bound.role IN ('sale', 'refund') AND parked.code IN
                ('edited_in_books', 'voided_in_books', 'deleted_in_books')))
    GROUP BY 1
""")


def count_by_kind(connection: sa.Connection, tenant_id: UUID) -> Mapping[str, int]:
    """Kind of document (`invoice`) → how many of the tenant's stand unequal now."""
    rows = connection.execute(_UNEQUAL, {"tenant": tenant_id})
    return {row.kind: row.documents for row in rows}
