"""Tests of loads that are refused as a whole, before or instead of writing anything."""

import socket
from collections.abc import Callable
from uuid import UUID

import pytest
import sqlalchemy as sa

from udsync_pipelines.connectors.supabase import SupabaseDestination
from udsync_pipelines.domain.identity import Entity
from udsync_pipelines.errors import ConfigurationError
from udsync_pipelines_tests.connectors.supabase.conftest import NewDestination, Session
from udsync_pipelines_tests.connectors.supabase.records import order, record

pytestmark = pytest.mark.postgres


def test_a_read_only_destination_refuses_before_it_even_connects(store_id: UUID) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.2)
        url = f"postgresql://me:pw@127.0.0.1:{listening.getsockname()[1]}/db"
        destination = SupabaseDestination(url, store_id=store_id, read_only=True)
        with pytest.raises(ConfigurationError, match="read-only"):
            destination.check_writable()
        with pytest.raises(ConfigurationError, match="read-only"):
            destination.load(Entity.ORDER, [order(1)])

        with pytest.raises(TimeoutError):  # nobody knocked
            listening.accept()


def test_a_read_only_destination_still_reads(
    destination: SupabaseDestination, new_destination: NewDestination
) -> None:
    destination.load(Entity.ORDER, [order(1)])
    reader = new_destination(read_only=True)

    assert reader.hashes(Entity.ORDER, ["1"]) == {"1": order(1).row_hash}
    assert reader.stored(Entity.ORDER, ["1"])["1"]["number"] == "N1"
    assert reader.sums().counts[Entity.ORDER] == 1


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ("drop table {}.woo_orders", "woo_orders is missing"),
        ("drop table {}.woo_order_lines", "woo_order_lines is missing"),
        ("drop table {}.udsync_id_mappings", "udsync_id_mappings is missing"),
        ("alter table {}.woo_orders drop column customer_id", "woo_orders.customer_id is missing"),
        ("alter table {}.woo_orders drop column content_hash", "content_hash is missing"),
        ("alter table {}.woo_order_lines drop column kind", "woo_order_lines.kind is missing"),
    ],
)
def test_a_missing_table_or_column_names_the_command_that_cures_it(
    session: Session, schema: str, new_destination: NewDestination, change: str, text: str
) -> None:
    session.execute(change.replace("{}", schema).encode())
    destination = new_destination(schema=schema)

    with pytest.raises(ConfigurationError, match=text) as caught:
        destination.load(Entity.ORDER, [order(1)])

    assert "udsync connect supabase" in str(caught.value)


def test_a_table_that_disappears_between_two_loads_is_told_too(
    session: Session, schema: str, new_destination: NewDestination
) -> None:
    destination = new_destination(schema=schema)
    destination.load(Entity.ORDER, [order(1)])
    session.execute(f"alter table {schema}.woo_orders rename to elsewhere".encode())

    with pytest.raises(ConfigurationError) as caught:
        destination.load(Entity.ORDER, [order(2)])

    session.execute(f"alter table {schema}.elsewhere rename to woo_orders".encode())
    assert caught.value.code == "table_missing"
    assert destination.load(Entity.ORDER, [order(2)]).created == 1


def test_a_rule_for_a_column_that_nobody_made_is_told(destination: SupabaseDestination) -> None:
    with pytest.raises(ConfigurationError, match=r"woo_orders\.po_number is missing") as caught:
        destination.load(Entity.ORDER, [order(1, po_number="PO-1")])

    assert caught.value.cure == "Add it to the table, or remove its mapping rule."


@pytest.mark.parametrize("name", ["store_id", "content_hash", "raw", "deleted_at", "synced_at"])
def test_a_rule_for_a_column_of_the_connector_is_refused(
    destination: SupabaseDestination, name: str
) -> None:
    mapped = record(Entity.ORDER, "1", {"woo_orders": [{"id": "1", name: "x"}]})

    with pytest.raises(ConfigurationError, match="filled by udsync itself"):
        destination.load(Entity.ORDER, [mapped])


def test_a_money_column_that_would_round_is_refused(
    session: Session, schema: str, new_destination: NewDestination
) -> None:
    session.execute(f"alter table {schema}.woo_orders alter total type numeric(9,1)".encode())

    with pytest.raises(ConfigurationError, match="would round amounts"):
        new_destination(schema=schema).load(Entity.ORDER, [order(1)])


def test_an_entity_without_a_table_is_refused(destination: SupabaseDestination) -> None:
    with pytest.raises(ConfigurationError, match="no table for the entity 'coupon'"):
        destination.load(Entity.COUPON, [record(Entity.COUPON, "1", {})])


@pytest.fixture
def stranger_url(supabase_url: str, admin_url: sa.URL, new_login: Callable[[str], sa.URL]) -> str:
    """A login of the database that owns nothing in it."""
    login = new_login("supabase_stranger")
    url = sa.make_url(supabase_url).set(username=login.username, password=login.password)
    return url.render_as_string(hide_password=False)


def test_a_user_from_whom_rows_are_hidden_is_refused_and_not_told_they_are_absent(
    session: Session, schema: str, new_destination: NewDestination, stranger_url: str
) -> None:
    session.execute(f"grant usage on schema {schema} to supabase_stranger".encode())
    session.execute(f"grant all on all tables in schema {schema} to supabase_stranger".encode())

    with pytest.raises(ConfigurationError, match="Row-level security hides the rows"):
        new_destination(stranger_url, schema=schema).hashes(Entity.ORDER, ["1"])


def test_a_user_without_a_grant_is_told_to_connect_as_the_owner(
    session: Session, schema: str, new_destination: NewDestination, stranger_url: str
) -> None:
    session.execute(f"grant usage on schema {schema} to supabase_stranger".encode())
    session.execute(
        f"alter table {schema}.woo_orders disable row level security;"
        f"alter table {schema}.woo_order_lines disable row level security;"
        f"alter table {schema}.udsync_id_mappings disable row level security".encode()
    )

    with pytest.raises(ConfigurationError, match="Connect as the owner") as caught:
        new_destination(stranger_url, schema=schema).load(Entity.ORDER, [order(1)])

    assert caught.value.code == "privilege_missing"


def test_a_database_that_accepts_no_writes_is_told(
    supabase_url: str, new_destination: NewDestination
) -> None:
    url = sa.make_url(supabase_url).update_query_dict(
        {"options": "-cdefault_transaction_read_only=on"}
    )

    with pytest.raises(ConfigurationError, match="accepts no writes") as caught:
        new_destination(url.render_as_string(hide_password=False)).load(Entity.ORDER, [order(1)])

    assert caught.value.code == "database_read_only"
