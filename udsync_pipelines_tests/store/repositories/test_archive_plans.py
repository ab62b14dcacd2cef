"""How the server looks archived records up while a table has no statistics yet."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.store.repositories.archive import PostgresArchive
from udsync_pipelines.store.tenancy import StateDatabase
from udsync_pipelines_tests.store.databases import StateServer, StateTemplate
from udsync_pipelines_tests.store.repositories.syncing import (
    Tenant,
    new_tenant,
    overheard,
    page,
    record,
)

pytestmark = pytest.mark.postgres

RECORDS = 20_000


@pytest.fixture(scope="module")
def full(state_template: StateTemplate) -> Iterator[Tenant]:
    """An archive of many orders and refunds that the server knows nothing about."""
    with state_template.clone() as url:
        database = StateDatabase(url)
        tenant = new_tenant(database, "acme", url)
        fill(tenant, state_template.server)
        yield tenant
        database.close()


def fill(tenant: Tenant, server: StateServer) -> None:
    """As after a first read, before autovacuum has looked at the tables."""
    values = {"tenant": tenant.id, "store": tenant.store, "count": RECORDS}
    with tenant.database.tenant(tenant.id) as connection:
        for entity, parent in (("order", "NULL"), ("refund", "n::text")):
            connection.execute(
                sa.text(
                    "INSERT INTO udsync.raw_records (tenant_id, connection_id, entity, source_id,"
                    " seq, content_hash, raw, fetched_at) SELECT :tenant, :store,"
                    f" '{entity}', n, n, '', json_build_object('id', n, 'note', repeat('x', 500)),"
                    " date_trunc('hour', now()) FROM generate_series(1, :count) n"
                ),
                values,
            )
            connection.execute(
                sa.text(
                    "INSERT INTO udsync.source_records (tenant_id, connection_id, entity,"
                    " source_id, content_hash, archived_seq, fetched_at, changed_seq, parent_id)"
                    f" SELECT :tenant, :store, '{entity}', n, '', n, date_trunc('hour', now()), n,"
                    f" {parent} FROM generate_series(1, :count) n"
                ),
                values,
            )


def nodes(plan: Any) -> Iterator[dict[str, Any]]:
    """Every node of a plan that the server explained."""
    if isinstance(plan, list):
        for part in plan:
            yield from nodes(part)
    if isinstance(plan, dict):
        if "Node Type" in plan:
            yield plan
        for part in plan.values():
            yield from nodes(part)


def explained(tenant: Tenant, read: Callable[[PostgresArchive], object]) -> list[dict[str, Any]]:
    """The nodes of the plans of what is read of the archive, with what they really did."""
    found: list[dict[str, Any]] = []

    def explain(cursor: Any, statement: str, parameters: Any) -> None:
        if "source_records" in statement:
            cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", parameters)
            found.extend(nodes(cursor.fetchone()[0]))

    with overheard(tenant.url, explain) as database:
        read(PostgresArchive(database, tenant.id, tenant.store))
    assert found, "nothing was read"
    return found


@pytest.mark.parametrize("entity", [Entity.ORDER, Entity.REFUND])
@pytest.mark.parametrize("after", [0, 10_000])
def test_a_batch_is_read_by_key_without_joining_the_archive(
    full: Tenant, entity: Entity, after: int
) -> None:
    plan = explained(full, lambda archive: archive.pending(entity, after, 1000))

    assert_read_by_key(plan, rows=1000 if entity is Entity.ORDER else 2000)


@pytest.mark.parametrize("entity", [Entity.ORDER, Entity.REFUND])
def test_records_are_looked_up_by_key_without_joining_the_archive(
    full: Tenant, entity: Entity
) -> None:
    wanted = [str(number) for number in range(5, RECORDS, 20)]

    plan = explained(full, lambda archive: archive.newest(entity, wanted))

    assert_read_by_key(plan, rows=1000 if entity is Entity.ORDER else 2000)


def test_what_a_page_changes_is_found_by_key(full: Tenant) -> None:
    unchanged = [replace(record(n), content_hash=b"") for n in range(7, RECORDS, 200)]
    plan_id = full.plan().id

    plan = explained(full, lambda archive: archive.store(page(*unchanged), plan_id, purpose=""))

    assert_read_by_key(plan, rows=100)


def test_known_ids_are_found_by_key(full: Tenant) -> None:
    wanted = [str(number) for number in range(7, RECORDS, 200)]

    plan = explained(full, lambda archive: archive.known(Entity.ORDER).known(wanted))

    assert_read_by_key(plan, rows=100)


def test_live_ids_are_read_by_number(full: Tenant) -> None:
    plan = explained(full, lambda archive: archive.known(Entity.ORDER).live_ids_between(50, 150))

    assert_read_by_key(plan, rows=100)


def assert_read_by_key(plan: list[dict[str, Any]], rows: int) -> None:
    kinds = {(node["Node Type"], node.get("Relation Name", "")) for node in plan}
    joined = [kind for kind, _ in kinds if kind in ("Hash Join", "Merge Join")]
    scanned = [table for kind, table in kinds if kind == "Seq Scan"]
    assert (joined, scanned) == ([], [])
    for table in ("raw_records", "source_records"):
        scans = [node for node in plan if node.get("Relation Name", "").startswith(table)]
        read = sum(round(node["Actual Rows"] * node["Actual Loops"]) for node in scans)
        dropped = sum(node.get("Rows Removed by Filter", 0) for node in scans)
        assert (read, dropped) in ((rows, 0), (0, 0)), table
