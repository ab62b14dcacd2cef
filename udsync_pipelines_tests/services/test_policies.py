"""Policies of a tenant between an emulated store and an emulated company, over HTTP."""

from typing import Any

import pytest

from udsync_pipelines.connectors.quickbooks.entities import BookEntity
from udsync_pipelines.connectors.quickbooks.query import Query
from udsync_pipelines.emulators.quickbooks import CompanyEmulator
from udsync_pipelines.emulators.woocommerce import StoreEmulator
from udsync_pipelines.errors import ConfigurationError, OutcomeUnknownError, UdsyncError
from udsync_pipelines.posting.policy import PostingPolicy
from udsync_pipelines.posting.proposal import Confidence, Finding
from udsync_pipelines.services import policies
from udsync_pipelines.services.books import open_books
from udsync_pipelines.services.installation import Installation
from udsync_pipelines.services.policies import PolicyPlace
from udsync_pipelines.store.repositories.policies import StoredPolicy
from udsync_pipelines.store.repositories.tenants import Tenant
from udsync_pipelines.store.tables.states import PostingPolicyState
from udsync_pipelines_tests.posting.books import TAX_MAP
from udsync_pipelines_tests.services.emulated_books import (
    StartCompany,
    company,
    installation,
    start_company,
    store_company,
    tenant,
)
from udsync_pipelines_tests.services.policy_places import (
    SPECIAL_ITEMS,
    archive_orders,
    between,
    store_shop,
    without_waiting,
)
from udsync_pipelines_tests.store_fixtures import recorded_store, store_emulator

__all__ = [
    "company",
    "installation",
    "recorded_store",
    "start_company",
    "store_emulator",
    "tenant",
]

pytestmark = pytest.mark.postgres


@pytest.fixture
def place(
    installation: Installation,
    tenant: Tenant,
    recorded_store: StoreEmulator,
    company: CompanyEmulator,
) -> PolicyPlace:
    """The recorded store and a Canadian company that has the usual items."""
    return between(installation, tenant, recorded_store, company)


@pytest.fixture
def bare_place(
    installation: Installation,
    tenant: Tenant,
    recorded_store: StoreEmulator,
    company: CompanyEmulator,
) -> PolicyPlace:
    """The recorded store and a Canadian company as new: without the usual items."""
    store_shop(installation, tenant, recorded_store)
    store_company(installation, tenant, company)
    return policies.find_place(without_waiting(installation), tenant.name)


def finding(stored: StoredPolicy, field: str) -> Finding:
    return next(each for each in stored.findings if each.field == field)


def item_names(place: PolicyPlace) -> list[str]:
    with open_books(place.installation, place.tenant, place.books) as books:
        return [str(row["Name"]) for row in books.client.select(Query(BookEntity.ITEM))]


def propose(place: PolicyPlace) -> StoredPolicy:
    return policies.propose(place.installation, place.tenant.name).stored


def accept(place: PolicyPlace, **options: Any) -> StoredPolicy:
    return policies.accept(place.installation, place.tenant.name, **options).stored


def change(place: PolicyPlace, *edits: tuple[str, str], **options: Any) -> policies.PolicyChange:
    return policies.change(place.installation, place.tenant.name, edits, **options)


# --- proposing --------------------------------------------------------------------------------


def test_the_recorded_store_and_a_canadian_company_need_no_decision(
    place: PolicyPlace, recorded_store: StoreEmulator
) -> None:
    archive_orders(place, recorded_store)

    change = policies.propose(place.installation, place.tenant.name)

    to_confirm = {
        each.field for each in change.stored.findings if each.confidence is Confidence.CONFIRM
    }
    assert change.stored.open == ()
    assert (change.missing, change.wrong) == ({}, {})
    assert {rates: change.stored.policy.taxes.codes.get(rates) for rates in TAX_MAP} == TAX_MAP
    assert to_confirm == {
        "start_on",
        "taxes.untaxed",
        "taxes.codes.11",  # British VAT, which no order bears
        "gateways.stripe.payment_method_id",  # the books know Visa and MasterCard
    }


def test_zone_items_and_gateways_come_from_both_sides(place: PolicyPlace) -> None:
    policy = propose(place).policy

    assert policy.timezone == "America/Edmonton"
    assert set(policy.gateways) == {"bacs", "cheque", "cod", "*"}
    assert len({policy.items.shipping, policy.items.fees, policy.items.refunds}) == 3
    assert policy.new_items.income_account_id


def test_a_store_that_was_never_synced_is_said_so(place: PolicyPlace) -> None:
    assert "sync the orders once" in finding(propose(place), "taxes.codes").sentence


def test_gateways_that_only_old_orders_name_are_proposed_too(
    place: PolicyPlace, recorded_store: StoreEmulator
) -> None:
    count = archive_orders(place, recorded_store)

    stored = propose(place)

    named = {each.field for each in stored.findings if each.field.startswith("gateways.")}
    assert count > 200
    assert {"gateways.stripe.account_id", "gateways.paypal.account_id"} & named
    assert "taxes.codes" not in {each.field for each in stored.findings}


def test_proposing_writes_nothing_to_the_books(bare_place: PolicyPlace) -> None:
    before = item_names(bare_place)

    propose(bare_place)

    assert item_names(bare_place) == before


@pytest.mark.parametrize("country", ["US", "GB", "AU"])
def test_companies_of_other_countries_get_a_proposal_too(
    installation: Installation,
    tenant: Tenant,
    recorded_store: StoreEmulator,
    start_company: StartCompany,
    country: str,
) -> None:
    place = between(installation, tenant, recorded_store, start_company(country=country))

    stored = propose(place)

    assert stored.policy.items.shipping
    assert stored.policy.gateways["bacs"].account_id


def test_a_failed_proposal_leaves_the_former_one(
    place: PolicyPlace, recorded_store: StoreEmulator
) -> None:
    former = propose(place)
    recorded_store.stop()

    with pytest.raises(UdsyncError):
        propose(place)

    assert place.proposed() == former


# --- accepting --------------------------------------------------------------------------------


def test_a_proposal_takes_effect_only_when_it_is_accepted(place: PolicyPlace) -> None:
    proposed = propose(place)
    assert place.active() is None

    accepted = accept(place, version=proposed.version)

    assert place.active() == accepted
    assert (accepted.version, accepted.state) == (proposed.version, PostingPolicyState.ACTIVE)


def test_a_new_proposal_leaves_the_policy_in_force_until_accepted(place: PolicyPlace) -> None:
    propose(place)
    accept(place)
    change(place, ("start_on", "2026-01-01"), ("prefix", "AB"))
    in_force = place.active()

    again = propose(place)

    assert place.active() == in_force
    assert in_force is not None
    assert again.policy == in_force.policy


def test_accepting_creates_the_items_that_the_books_lack_once(bare_place: PolicyPlace) -> None:
    proposed = propose(bare_place)

    accepted = accept(bare_place, version=proposed.version)
    names = item_names(bare_place)
    propose(bare_place)
    accept(bare_place)

    assert proposed.policy.items.shipping == ""
    assert proposed.open == ()
    assert set(SPECIAL_ITEMS) <= set(names)
    assert item_names(bare_place) == names
    assert all(
        finding(accepted, f"items.{role}").value == getattr(accepted.policy.items, role)
        for role in ("shipping", "fees", "unmatched", "rounding", "refunds")
    )


def test_an_answer_lost_while_an_item_is_created_makes_no_second_one(
    bare_place: PolicyPlace, company: CompanyEmulator
) -> None:
    propose(bare_place)
    company.faults.add("lost_answer", path="/item", times=1)

    with pytest.raises(OutcomeUnknownError):
        accept(bare_place)
    accept(bare_place)

    assert sorted(item_names(bare_place)).count("Shipping") == 1
    assert bare_place.active() is not None


def test_items_are_not_created_in_books_that_may_only_be_read(
    installation: Installation,
    tenant: Tenant,
    recorded_store: StoreEmulator,
    company: CompanyEmulator,
) -> None:
    store_shop(installation, tenant, recorded_store)
    store_company(installation, tenant, company, read_only=True)
    place = policies.find_place(without_waiting(installation), tenant.name)
    propose(place)
    before = item_names(place)

    with pytest.raises(ConfigurationError, match="read-only") as refused:
        accept(place)

    assert refused.value.cure
    assert item_names(place) == before
    assert place.active() is None


def test_an_open_decision_is_not_accepted_unless_asked_for(
    installation: Installation,
    tenant: Tenant,
    recorded_store: StoreEmulator,
    start_company: StartCompany,
) -> None:
    place = between(installation, tenant, recorded_store, start_company(doc_number_custom=False))
    propose(place)

    with pytest.raises(ConfigurationError, match=r"company\.custom_numbers") as refused:
        accept(place)
    assert refused.value.code == "policy_open"
    assert place.active() is None

    assert accept(place, allow_open=True).state is PostingPolicyState.ACTIVE


def test_another_proposal_than_the_one_shown_is_not_accepted(place: PolicyPlace) -> None:
    shown = propose(place)
    change(place, ("prefix", "AB"), in_proposal=True)

    with pytest.raises(ConfigurationError, match=f"no longer {shown.version}"):
        accept(place, version=shown.version)


def test_nothing_proposed_names_the_command_with_the_tenant(place: PolicyPlace) -> None:
    with pytest.raises(ConfigurationError, match="udsync policy propose --tenant acme"):
        accept(place)


# --- changing ---------------------------------------------------------------------------------


def test_single_fields_of_the_policy_in_force_change_at_once(place: PolicyPlace) -> None:
    propose(place)
    former = accept(place)

    changed = change(place, ("start_on", "2026-01-01"), ("due_days", "14"))

    assert changed.stored.state is PostingPolicyState.ACTIVE
    assert changed.stored.policy.due_days == 14
    assert changed.before == former.policy
    assert place.active() == changed.stored


def test_before_anything_is_in_force_the_proposal_is_changed(place: PolicyPlace) -> None:
    shipping = propose(place).policy.items.shipping

    changed = change(place, ("items.fees", shipping))

    assert changed.stored.state is PostingPolicyState.PROPOSED
    assert finding(changed.stored, "items.fees").sentence == "Chosen by hand."
    assert place.active() is None


def test_ids_that_the_books_do_not_offer_are_refused_all_at_once(place: PolicyPlace) -> None:
    propose(place)
    in_force = accept(place)

    with pytest.raises(ConfigurationError) as refused:
        change(
            place,
            ("items.shipping", "404"),
            ("taxes.untaxed", "404"),
            ("gateways.cod.account_id", "404"),
            ("new_items.income_account_id", "404"),
        )

    assert refused.value.code == "policy_refused_by_books"
    assert "Item 404 for shipping is not active in the books" in refused.value.message
    assert "Tax code 404 for lines without tax is not offered" in refused.value.message
    assert "Account 404 for cod is not active" in refused.value.message
    assert "Account 404 for new items (new_items.income_account_id)" in refused.value.message
    assert place.active() == in_force


def test_an_item_made_inactive_later_does_not_block_other_changes(place: PolicyPlace) -> None:
    propose(place)
    fees = accept(place).policy.items.fees
    with open_books(place.installation, place.tenant, place.books) as books:
        row = books.client.read(BookEntity.ITEM, fees)
        books.client.update(
            BookEntity.ITEM,
            {"Id": fees, "SyncToken": row["SyncToken"], "Name": "Fees", "Active": False},
            request_id="fees-inactive",
        )

    changed = change(place, ("due_days", "14"))

    assert changed.stored.policy.due_days == 14
    assert changed.wrong == {
        "items.fees": f"Item {fees} for fees is not active in the books: choose another."
    }


def test_a_whole_policy_is_set_and_says_what_it_lacks(place: PolicyPlace) -> None:
    put = policies.put(place.installation, place.tenant.name, PostingPolicy(prefix="AB"))

    assert put.stored.state is PostingPolicyState.ACTIVE
    assert put.missing["items.shipping"] == "Choose an item for shipping (items.shipping)."


def test_there_is_nothing_to_change_before_the_first_proposal(place: PolicyPlace) -> None:
    with pytest.raises(ConfigurationError, match="There is no policy to change"):
        change(place, ("due_days", "1"))


# --- showing, and what is not connected -------------------------------------------------------


def test_what_is_shown_is_what_is_stored(place: PolicyPlace) -> None:
    proposed = propose(place)

    shown = policies.show(place.installation, place.tenant.name, PostingPolicyState.PROPOSED)

    assert shown == proposed


def test_a_waiting_proposal_is_mentioned_when_nothing_is_in_force(place: PolicyPlace) -> None:
    with pytest.raises(ConfigurationError, match="policy propose --tenant acme"):
        policies.show(place.installation, place.tenant.name, PostingPolicyState.ACTIVE)
    propose(place)

    with pytest.raises(ConfigurationError, match=r"one is proposed .*policy accept --tenant acme"):
        policies.show(place.installation, place.tenant.name, PostingPolicyState.ACTIVE)


def test_a_tenant_without_store_or_company_is_told_what_to_connect(
    installation: Installation, tenant: Tenant, recorded_store: StoreEmulator
) -> None:
    with pytest.raises(ConfigurationError, match="udsync connect woocommerce"):
        policies.propose(installation, tenant.name)
    store_shop(installation, tenant, recorded_store)

    with pytest.raises(ConfigurationError, match="udsync connect quickbooks"):
        policies.propose(installation, tenant.name)
