"""The asset catalogue: destination tables and ledgers, a partition a tenant, and our services."""

from collections.abc import Iterator, Mapping

import dagster as dg

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.orchestration.posted import LEDGERS, Posted

TENANTS = dg.DynamicPartitionsDefinition(name="tenants")

TABLES = {
    Entity.CUSTOMER: "woo_customers",
    Entity.PRODUCT: "woo_products",
    Entity.VARIATION: "woo_variations",
    Entity.ORDER: "woo_orders",
    Entity.REFUND: "woo_refunds",
}

DESTINATION_TABLES = [
    dg.AssetSpec(
        ["supabase", table],
        description=f"The {entity.value} records of each tenant's store, in the tenant's database.",
        group_name="supabase",
        kinds={"supabase", "postgres"},
        partitions_def=TENANTS,
    )
    for entity, table in TABLES.items()
]

_WHAT = {
    "customer": "Customers in each tenant's books whom udsync made, updated or found for a sale.",
    "item": "Items in each tenant's books that stand for the store's products and variations.",
    "sales_receipt": "Sales that were paid at once; total and tax equal the order's to the cent.",
    "invoice": "Sales on account; total and tax equal the order's to the cent.",
    "payment": "Money that arrived for invoices, applied to them.",
    "refund_receipt": "Money given back for sales that were paid.",
    "credit_memo": "Money given back on invoices that are not paid.",
}

DESTINATION_LEDGERS = [
    dg.AssetSpec(
        ["quickbooks", ledger],
        description=_WHAT[kind],
        group_name="quickbooks",
        kinds={"quickbooks"},
        partitions_def=TENANTS,
    )
    for kind, ledger in LEDGERS.items()
]

SERVICES = dg.AssetSpec(
    ["udsync", "services"],
    description="The processes that `udsync up` looks after. Each time that one of them ended "
    "unexpectedly and was started again is an observation here.",
    group_name="udsync",
)

ASSETS = [*DESTINATION_TABLES, *DESTINATION_LEDGERS, SERVICES]


def table_materializations(
    tenant: str, platform: str, counts: Mapping[str, int]
) -> Iterator[dg.AssetMaterialization]:
    """One materialization for each table that a load handled, with what it wrote."""
    for entity, table in TABLES.items():
        found = {
            name.removeprefix(f"{entity}."): number
            for name, number in counts.items()
            if name.startswith(f"{entity}.")
        }
        if found:
            yield dg.AssetMaterialization(
                dg.AssetKey([platform, table]), partition=tenant, metadata=found
            )


def ledger_materializations(
    tenant: str, ledgers: Mapping[str, Posted]
) -> Iterator[dg.AssetMaterialization]:
    """One materialization for each ledger, with what was written there and the money posted.

    Money is a number, so that Dagster can plot it; exact sums are in the books themselves.
    """
    for kind, one in ledgers.items():
        yield dg.AssetMaterialization(
            dg.AssetKey(["quickbooks", LEDGERS[kind]]),
            partition=tenant,
            description=_sentence(kind, one),
            metadata={
                **{name: number for name, number in one.counts.items() if number},
                **{
                    f"money posted ({currency})": dg.MetadataValue.float(float(amount))
                    for currency, amount in one.money.items()
                },
            },
        )


def _sentence(kind: str, one: Posted) -> str:
    """What a run shows of it in one line: `invoices: 86 written or found, 15,390.99 CAD posted`."""
    written = f"{LEDGERS[kind].replace('_', ' ')}: {one.touched:,} written or found"
    money = " + ".join(f"{amount:,} {currency}" for currency, amount in one.money.items() if amount)
    return f"{written}, {money} posted" if money else written
