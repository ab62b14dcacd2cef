"""Destination tables in the asset catalogue, a partition a tenant, materialized by loads."""

from collections.abc import Iterator, Mapping

import dagster as dg

from udsync_pipelines.domain.identity import Entity

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


def materializations(
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
